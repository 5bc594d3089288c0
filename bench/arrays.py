"""10,000 tasks of one array that end within a minute: how many messages each subscribed person gets, and how soon.

The journal is written as the watcher writes it, in looks at the queue; messages are made by the real composer from
prepared figures and sent by the real workers, on SQLite, to connectors that take them at once and show as much of a
digest as Telegram, Slack and mail do. The baseline is what no folding would send: a message a task.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, insert

from bench.report import print_goal, print_machine, print_table
from headgate.config.connector import ConnectorSettings
from headgate.config.settings import NotifySettings, Settings
from headgate.events.journal import Journal
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures
from headgate.model.message import Message
from headgate.model.person import SubscriptionFilter
from headgate.model.states import JobState
from headgate.notify.compose import Composer, ComposeSettings
from headgate.notify.connector import Commit, Delivered, Envelope, Outcome
from headgate.notify.output import OutputReader
from headgate.notify.subscriptions import Subscribers
from headgate.service.messages import make_worker, message_maker
from headgate.service.roles import Stoppable
from headgate.store import deliveries, people
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.store.tables import links

TASKS = 10_000
GOAL = 8
"""Messages a person may get: a handful."""
_ARRAY = 1_000_000
_LOOKS = 6
_SPACING = 97
_ROOMS = {"telegram": 3_500, "slack": 20_000, "mail": 100_000}
_RANGES = re.compile(rf"{_ARRAY}_\[?([0-9,-]+)\]?")


@dataclass(slots=True)
class Person:
    """A connector that shows so much of a digest, and whoever reads there: every message they got."""

    name: str
    digest_room: int
    repeat_safe: bool = True
    wants_events: bool = False
    got: list[Message] = field(default_factory=list)

    def check_target(self, target: str) -> str:
        """Take any target."""
        return target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Take the message at once."""
        await commit()
        self.got.append(envelope.message)
        return Delivered()

    async def aclose(self) -> None:
        """Nothing is open."""

    def failures(self) -> set[int]:
        """Return the tasks that were named as failed."""
        named: set[int] = set()
        for message in self.got:
            lines = [line.text for line in message.digest] or [message.title]
            for line in (text for text in lines if text.startswith("Failed")):
                for span in _RANGES.findall(line)[0].split(","):
                    first, _, last = span.partition("-")
                    named.update(range(int(first), int(last or first) + 1))
        return named


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a person gets more than a handful, or misses a failure."""
    parser = argparse.ArgumentParser(prog="./dev bench arrays", description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS)
    chosen = parser.parse_args(arguments)
    print_machine(1)
    persons = [Person(name, room) for name, room in _ROOMS.items()]
    failed = set(range(3, chosen.tasks, _SPACING))
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as directory:
        seconds = asyncio.run(_run(persons, chosen.tasks, failed, Path(directory)))
    missed = {person.name: len(failed - person.failures()) for person in persons}
    print_table(
        ("person at", "tasks", "failures", "messages", "of a message a task", "failures not named"),
        [
            (
                person.name,
                f"{chosen.tasks:,}",
                f"{len(failed):,}",
                f"{len(person.got)}",
                f"{len(person.got) / chosen.tasks:.2%}",
                f"{missed[person.name]}",
            )
            for person in persons
        ],
    )
    print(f"\nFrom the first end to the last message: {seconds:.0f} s, of which the tasks took {_LOOKS * 10 - 10} s.")
    most = max(len(person.got) for person in persons)
    good = most <= GOAL and not any(missed.values())
    print_goal(f"at most {GOAL} messages a person, every failure named", good)
    return 0 if good else 1


async def _run(persons: Sequence[Person], tasks: int, failed: set[int], directory: Path) -> float:
    store = Store(f"sqlite:///{directory}/bench.db")
    await asyncio.to_thread(migrate, store)
    connectors = {person.name: person for person in persons}
    await store.write(lambda c: _subscribe(c, list(connectors)))
    journal = Journal([Subscribers(connectors, delay=15.0)])
    figures = {_ARRAY + task: _figures(task, task in failed) for task in range(tasks)}

    async def accounting(_: str, ids: Sequence[int], since: float) -> list[Figures]:
        del since
        return [figures[number] for number in ids if number in figures]

    composer = Composer(
        store, journal, accounting, message_maker(Settings(), OutputReader()), ComposeSettings(batch=500)
    )
    own = ConnectorSettings(kind="webhook")
    workers = [
        make_worker(Settings(notify=NotifySettings()), store, person, own, f"bench-{person.name}") for person in persons
    ]
    parts: list[Stoppable] = [composer, *workers]
    running = [asyncio.create_task(part.run()) for part in parts]
    begun = time.time()
    for look in range(_LOOKS):
        ended = [_event(figures[_ARRAY + task]) for task in range(tasks) if task % _LOOKS == look]
        await store.write(lambda c, ended=ended: journal.append(c, ended))  # type: ignore[misc]
        await asyncio.sleep(10 if look < _LOOKS - 1 else 0)
    while any(state.open for _, state in await store.read(deliveries.counts)):  # noqa: ASYNC110 - rows ring no bell here
        await asyncio.sleep(0.5)
    seconds = time.time() - begun
    for part in parts:
        part.stop()
    await asyncio.gather(*running)
    await asyncio.to_thread(store.close)
    return seconds


def _subscribe(connection: Connection, connectors: Sequence[str]) -> None:
    for connector in connectors:
        row = {"connector": connector, "identity": "ada", "user": "ada", "target": "ada", "name": "ada"}
        connection.execute(insert(links).values(**row, linked_at=0.0))
        people.subscribe(connection, "ada", connector, SubscriptionFilter())


def _figures(task: int, failed: bool) -> Figures:
    now = time.time()
    return Figures(
        attempt=Attempt("bench", _ARRAY + task, int(now) - 60),
        label=f"{_ARRAY}_{task}",
        name="sweep",
        user="ada",
        account="bio",
        partition="batch",
        qos="normal",
        state=JobState.FAILED if failed else JobState.COMPLETED,
        cancelled_by=None,
        exit=ExitStatus(1 if failed else 0),
        started=now - 30,
        ended=now,
        elapsed=30,
        time_limit=3600,
        nodes="n1",
        node_count=1,
        cpus=1,
        cpu_used=29.0,
        memory_asked=2**30,
        memory_used=2**29,
        array=ArrayPlace(_ARRAY, task),
        steps=1,
        complete=True,
    )


def _event(figures: Figures) -> Event:
    return Event(
        key=f"job.ended/{figures.attempt.key}",
        kind=EventKind.JOB_ENDED,
        time=time.time(),
        subject=f"job {figures.label}",
        source=Source.WATCHER,
        cluster="bench",
        job_id=figures.attempt.job_id,
        array_id=_ARRAY,
        user="ada",
        data={
            "label": figures.label,
            "name": figures.name,
            "partition": figures.partition,
            "state": figures.state.text,
            "exit_code": figures.exit.code,
            "signal": 0,
        },
    )
