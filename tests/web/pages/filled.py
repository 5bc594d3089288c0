"""The pages of a site that has all there is: jobs, nodes, messages, rules, builds, apps, people's links and wishes."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlalchemy import Connection

from headgate.events.mail_events import mail_event
from headgate.executor.interface import FileInfo, Listing, LocalFile
from headgate.executor.refusal import RefusedError
from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.model.execution import ExecutionState, TryState
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.person import Link, Preferences, QuietHours, SubscriptionFilter
from headgate.notify.output import OutputReader
from headgate.store import audit, executions, jobs, journal, links, people, rules
from headgate.store.executions import Change
from headgate.store.links import GuessLimits
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.rules.waiting import waiting
from tests.slurm.commands.test_nodes import record
from tests.web.pages import jobs_seen
from tests.web.pages.automation.test_rules import RULE
from tests.web.pages.builds import seeded as builds
from tests.web.pages.builds.conftest import building_tables
from tests.web.pages.jobs_seen import ARRAY, CLUSTER, OTHER, RUNS, fake_slurm, stored
from tests.web.pages.nodes import seeded as nodes
from tests.web.pages.notifications.told import DEAD, OTHERS, tell
from tests.web.pages.pages_place import PagesPlace, pages_place

OTHERS_ARRAY: Final = 400
OWN: Final = {
    "cluster": CLUSTER, "job_id": str(RUNS), "array_id": str(ARRAY), "number": str(DEAD), "name": "n1",
    "ref": "site.drain", "app_id": "portal",
}  # fmt: skip
"""Parameter of a route -> something of uma's, or of nobody's; 1 is the number of an execution, a run and its job."""
THEIRS: Final = {**OWN, "job_id": str(OTHER), "array_id": str(OTHERS_ARRAY), "number": str(OTHERS)}
"""The same of somebody else."""
OUTPUT: Final = "\x1b[31mepoch 1\x1b[0m <b>\nepoch 2\nhalf a"


def answering_slurm(directory: Path) -> FakeSlurm:
    """Return Slurm's commands, which know a node, and of jobs what accounting says."""
    slurm = fake_slurm(directory)
    slurm.says("scontrol", record("n1", "IDLE"))
    return slurm


@dataclass(frozen=True, slots=True)
class Files(OutputReader):
    """One file and one directory of everybody's, in place of what acts as users."""

    file: Path = Path("/dev/null")

    async def opened(self, user: str, path: str) -> LocalFile:  # noqa: ARG002 - everybody has the same
        """Open the file, by whatever path but one that says that there is none."""
        if "missing" in path:
            raise RefusedError("missing", f"there is no {path}")
        return LocalFile(os.open(self.file, os.O_RDONLY), _info(PurePosixPath(path).name, "file"))

    async def listed(self, user: str, path: str, *, after: str = "", limit: int = 1000) -> Listing:  # noqa: ARG002 - as above
        """List a file and, but in a directory's own, a directory."""
        below = () if path.endswith("/logs") else (_info("logs", "directory"),)
        return Listing(entries=(*below, _info("slurm-101.out", "file")), more=False)


def _info(name: str, kind: Any) -> FileInfo:
    return FileInfo(
        name=name, named=True, kind=kind, size=len(OUTPUT), mode=0o644, uid=1, gid=1, modified_ns=10**18, inode=1
    )


async def fill(store: Store) -> None:
    """Write something of everything."""
    await tell(store)
    await nodes.seed(store, cluster=CLUSTER)
    asked = await waiting(store)
    failed = await waiting(store, ExecutionState.WAITING, key="k2", cause=asked)
    await waiting(store, ExecutionState.DONE, key="k3", cause=failed, rule="headgate.drain_failing_node")
    await builds.seed(store)
    await store.write(lambda connection: _fill(connection, failed))
    apps = Apps(store)
    portal, _ = await apps.add("portal", AppRules(users=("uma", "bob"), partitions=("batch",)))
    await apps.give_token(portal, "of uma", user="uma", lifetime=86400.0)
    await apps.give_token(None, "first")


def _fill(connection: Connection, failed: int) -> None:
    now = time.time()
    jobs_seen.fill(connection)
    more = [
        stored(OTHERS_ARRAY + 1, "RUNNING", user="bob", array=OTHERS_ARRAY, label=f"{OTHERS_ARRAY}_1", name="scan"),
        *(stored(number, "RUNNING", user="builder", name="build") for number in (7, 8, *range(4711, 4715))),
    ]
    jobs.keep(connection, more, now)
    begun_mail = MailRequest(
        "r1", now, MailKind.BEGAN, MailScope.JOB, RUNS, "uma@example.org", user="uma", work_dir="/home/uma/run"
    )
    journal.append(connection, [mail_event(begun_mail, cluster=CLUSTER)])  # says where the job's files lie
    one = executions.get(connection, failed)
    assert one is not None
    begun = executions.begin_try(
        connection, one, ref="http.request", parameters={"url": "https://a.example"}, touches=(), now=now - 20
    )
    assert begun is not None
    executions.end_try(connection, begun, TryState.FAILED, result={"status": 500}, error="it is away", now=now - 10)
    over = Change(ExecutionState.FAILED, "it is away", finished_at=now - 10)
    assert executions.change(connection, failed, ExecutionState.RUNNING, over)
    rules.stop(connection, "site.drain", "it did too much", now)
    for number, user in enumerate(("uma", "vera")):
        code = links.issue(connection, user, "slack", now=now, lifetime=60.0)
        links.redeem(connection, Link("slack", f"U{number}", "", f"D{number}", user, now), code, GuessLimits())
        people.subscribe(connection, user, "mailto", SubscriptionFilter(failures=True, partitions=("gpu",)))
    people.prefer(connection, "uma", Preferences(quiet=QuietHours(start=0, end=360), muted_until=now + 3600))
    for outcome in ("done", "failed"):
        audit.record(connection, user="oscar", via="cli", action="retry", outcome=outcome, subject=f"delivery {DEAD}")


@asynccontextmanager
async def site_place(
    store: Store, directory: Path, slurm: FakeSlurm | None = None, **tables: dict[str, Any]
) -> AsyncIterator[PagesPlace]:
    """Make the pages of such a site, with nothing in its store yet. ``tables``: further settings."""
    slurm = slurm or fake_slurm(directory)
    own = directory / "rules"
    own.mkdir()
    (own / "drain.yaml").write_text(RULE)
    given = {
        **building_tables(directory),
        "slurm": {"bin": str(slurm.bin), "cluster": CLUSTER},
        "rules": {"directory": str(own)},
        "connectors.slack": {"token": "xoxb-0-0-example"},
        "connectors.slack.bot": {"enabled": True, "app_token": "xapp-1-example"},
        **tables,
    }
    output = directory / "out"
    output.write_text(OUTPUT)
    async with pages_place(store, directory, Files(file=output), **given) as place:
        place.site.accounts.patience = place.site.records.patience = 60.0  # a busy machine is not what is tried
        yield place


@asynccontextmanager
async def filled_place(
    store: Store, directory: Path, slurm: FakeSlurm | None = None, **tables: dict[str, Any]
) -> AsyncIterator[PagesPlace]:
    """Make the pages of that site over a store that has something of everything."""
    await fill(store)
    async with site_place(store, directory, slurm, **tables) as place:
        yield place
