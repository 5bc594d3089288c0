"""A store with events and deliveries in it, some with hostile texts, and the command line that looks at them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from headgate.cli.main import headgate
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message, Outcome
from headgate.store import claims, deliveries, journal, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import NewDelivery
from headgate.store.migrate import migrate
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from tests.service.running import toml

HOSTILE = "x\x1b[31m\x9b2J\x07\r\u202e[red]evil[/red]\n| Began"
"""A job's name that would colour, clear, ring, overwrite and turn round what is on the screen."""
STEERING = ("\x1b", "\x9b", "\x07", "\r", "\u202e")


@dataclass(frozen=True)
class Site:
    """A configuration file and the store it names."""

    config: Path
    url: str

    def run(self, *words: str) -> Result:
        """Run the command line in this process."""
        return CliRunner().invoke(headgate, ["-c", str(self.config), *words])

    def text(self, *words: str) -> str:
        """Return what it answers; it must succeed, and steer no terminal."""
        result = self.run(*words)
        assert (result.exit_code, result.exception) == (0, None)
        assert not [mark for mark in STEERING if mark in result.output]
        return result.output

    def json(self, *words: str) -> Any:
        """Return what it answers to programs."""
        return json.loads(self.text(*words, "--json"))

    def process(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        env = {name: value for name, value in os.environ.items() if not name.upper().startswith("HEADGATE")}
        command = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.config), *words]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def empty_site(directory: Path) -> Site:
    """Make a configuration whose store is not there yet."""
    url = f"sqlite:///{directory}/headgate.db"
    config = directory / "headgate.toml"
    config.write_text(toml({"store": {"url": url}}))
    config.chmod(0o600)
    return Site(config, url)


def filled_site(directory: Path) -> Site:
    """Make one whose store holds four events and four deliveries.

    Of event 1 (job 7 of ada, long ago): 1 delivered, 2 dead; of event 2 (job 8 of ben, now): 3 ready after a failure,
    4 waiting. Events 3 and 4 are a start and an end of job 7.
    """
    site = empty_site(directory)
    store = Store(site.url)
    migrate(store)
    asyncio.run(_fill(store))
    store.close()
    return site


def _fact(key: str, what: EventKind, at: float, job_id: int, user: str, **data: Any) -> Event:
    told = {"name": HOSTILE, **data}
    return Event(key, what, at, f"job {job_id}", Source.MAIL, cluster="c", job_id=job_id, user=user, data=told)


def _message(job_id: int) -> str:
    title = f"Completed: job {job_id} {HOSTILE}"
    return Message(
        title=title, outcome=Outcome.SUCCEEDED, time=1.0, summary=HOSTILE, hints=("ask for less",)
    ).model_dump_json()


async def _fill(store: Store) -> None:
    now = time.time()
    facts = [
        _fact("a", EventKind.MAIL_REQUESTED, 1000.0, 7, "ada", kind="ended", receivers=HOSTILE),
        _fact("b", EventKind.MAIL_REQUESTED, now, 8, "ben"),
        _fact("c", EventKind.JOB_STARTED, now, 7, "ada"),
        _fact("d", EventKind.JOB_ENDED, now, 7, "ada", state="FAILED", exit_code=3, signal=0),
    ]
    await store.write(lambda c: journal.append(c, facts))
    owed = [
        NewDelivery(1, "k1", "mailto", "ada", "1", _message(7)),
        NewDelivery(1, "k2", "?", HOSTILE, "2", reason=Reason.BAD_RECEIVER, detail=HOSTILE),
        NewDelivery(2, "k3", "mailto", "ben", "3", _message(8)),
        NewDelivery(2, "k4", "hook", "ops", "4"),
    ]
    await store.write(lambda c: deliveries.owe(c, owed, 100.0))
    await store.write(lambda c: claims.claim(c, "mailto", Limits(), owner="w", now=100.0, lease=9.0, most=9))
    results = [
        Settled((1,), DeliveryState.DELIVERED),
        Settled((3,), DeliveryState.READY, Reason.TIMEOUT, HOSTILE, not_before=now + 900),
    ]
    await store.write(lambda c: outcomes.record(c, results, owner="w", now=now))
