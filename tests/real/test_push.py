"""Slurm wakes a Headgate that would look by itself only once an hour, by every way in; and Slurm never waits for it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from headgate.events.sources.push.hint import Way
from headgate.events.sources.push.install import NAME, program_text
from headgate.slurm.commands import triggers
from headgate.slurm.commands.triggers import Trigger
from headgate.store import journal, standings
from headgate.store.journal import EventFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.cluster import Cluster, temporary_cluster
from tests.cli.stored import Site
from tests.service.running import RunningHeadgate

PATIENCE = 120.0
"""Seconds after which what a test waits for counts as not coming; slurmctld looks at triggers every 16 s."""
RARELY = {"interval": 3600.0, "min_interval": 0.2}
"""Who looks so rarely sees what happens only if somebody wakes it."""
PLUGIN = Path("/usr/lib/x86_64-linux-gnu/slurm-wlm/jobcomp_elasticsearch.so")
LONG_SCRIPT = "#!/bin/sh\n" + "# a comment that makes the record long\n" * 2000


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def port() -> int:
    """Where slurmctld posts finished jobs."""
    return free_port()


@pytest.fixture(scope="module")
def cluster(port: int) -> Iterator[Cluster]:
    """A cluster that posts finished jobs where that plugin is installed; nobody need listen."""
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    posts = {"JobCompType": "jobcomp/elasticsearch", "JobCompLoc": f"http://127.0.0.1:{port}/jobcomp"}
    with temporary_cluster(nodes=2, extra_conf=posts if PLUGIN.exists() else {}) as made:
        program = made.shared / NAME
        program.write_text(program_text(made.shared / "hints.sock"))
        program.chmod(0o755)
        yield made


class Woken:
    """A Headgate that only hints make look, and what it writes."""

    def __init__(self, cluster: Cluster, directory: Path, push: Mapping[str, Any]) -> None:
        self.url = f"sqlite:///{directory}/headgate.db"
        self.cluster = cluster
        tables: dict[str, dict[str, Any]] = {
            "store": {"url": self.url},
            "slurm": {"bin": str(cluster.bin), "conf": str(cluster.slurm_conf)},
            "watcher": {**RARELY, "lost_mail": "ignore"},
            "nodes": RARELY,
            "push": {"socket": str(cluster.shared / "hints.sock"), "program": str(cluster.shared / NAME), **push},
            "service": {"listen": "off", "parts": ["watcher", "nodes", "push"]},
        }
        self.headgate = RunningHeadgate(directory, tables)

    async def events(self, kind: str, subject: str, count: int = 1) -> None:
        """Wait until the journal has so many events of a kind about something."""
        await self.until(lambda store: _count(store, kind, subject) >= count)

    async def seen(self, source: str) -> None:
        """Wait until a source says that it saw something, and nothing is wrong with it."""
        await self.until(lambda store: any(_saw(one, source) for one in store.read_now(standings.recall)))

    async def until(self, true: Callable[[Store], bool]) -> None:
        """Wait until something is true; if it never is, fail with the service's log."""
        store = Store(self.url)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await asyncio.to_thread(true, store):
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(self.headgate.log.read_text()) from None
        finally:
            store.close()


def _count(store: Store, kind: str, subject: str) -> int:
    found = store.read_now(lambda c: journal.find(c, EventFilter(kind=kind), limit=1000))
    return sum(item.event.subject == subject for item in found)


def _saw(standing: standings.Stored, source: str) -> bool:
    return standing.name == source and standing.seen_at is not None and not standing.problem


@asynccontextmanager
async def woken(cluster: Cluster, directory: Path, **push: Any) -> AsyncIterator[Woken]:
    """Run one, which has looked once."""
    made = Woken(cluster, directory, push)
    async with made.headgate:
        await made.seen("watcher")
        await made.seen("nodes")
        yield made


def strigger(cluster: Cluster, *words: str) -> str:
    """Run strigger as SlurmUser, who alone may set triggers."""
    done = cluster.run_as("slurm", [str(cluster.bin / "strigger"), *words])
    assert done.returncode == 0, done.stderr
    return done.stdout


def live(cluster: Cluster) -> list[Trigger]:
    """Return the triggers that run a program of ours."""
    found = triggers.parse(cluster.command(*triggers.list_command()))
    return [trigger for trigger in found if NAME in trigger.program]


async def kept(site: Woken, ready: Callable[[list[Trigger]], bool]) -> list[Trigger]:
    """Return our triggers once they are as they should be."""
    found: list[Trigger] = []

    def look(_: Store) -> bool:
        found[:] = live(site.cluster)
        return ready(found)

    await site.until(look)
    return found


def all_set(found: list[Trigger]) -> bool:
    """Say whether what every version of Slurm has is set, permanent, and nothing else of ours."""
    events = {trigger.event for trigger in found if trigger.permanent}
    return {"down", "drained", "up", "fail"} <= events and not any("/old/" in one.program for one in found)


async def test_a_permanent_trigger_wakes_the_node_watcher(cluster: Cluster, tmp_path: Path) -> None:
    old = cluster.shared / "old"
    old.mkdir(exist_ok=True)
    (old / NAME).write_text("#!/bin/sh\n")
    (old / NAME).chmod(0o755)
    foreign = cluster.shared / "foreign"
    foreign.write_text("#!/bin/sh\n")
    foreign.chmod(0o755)
    strigger(cluster, "--set", "--node", "--down", f"--program={old / NAME} nodes")
    strigger(cluster, "--set", "--node", "--down", "--flags=perm", f"--program={foreign}")
    try:
        async with woken(cluster, tmp_path, triggers=True) as site:
            first = await kept(site, all_set)
            for reason in ("disk", "fan"):
                cluster.command("scontrol", "update", "nodename=n1", "state=down", f"reason={reason}")
                await site.events("node.down", "node n1", 1 if reason == "disk" else 2)
                cluster.command("scontrol", "update", "nodename=n1", "state=resume")
                await site.events("node.up", "node n1", 1 if reason == "disk" else 2)
            await site.seen(Way.TRIGGERS.value)
            cluster.command("scontrol", "update", "nodename=n2", "state=drain", "reason=test")
            await site.events("node.drained", "node n2")
            assert {trigger.id for trigger in live(cluster)} == {trigger.id for trigger in first}
        directory = tmp_path / "again"
        directory.mkdir()
        async with woken(cluster, directory, triggers=True) as site:
            cluster.command("scontrol", "update", "nodename=n1", "state=down", "reason=again")
            await site.events("node.down", "node n1")
            assert {trigger.id for trigger in live(cluster)} == {trigger.id for trigger in first}
        others = [one for one in triggers.parse(cluster.command(*triggers.list_command())) if NAME not in one.program]
        assert [one.program for one in others] == [str(foreign)]
    finally:
        for node in ("n1", "n2"):
            cluster.command("scontrol", "update", f"nodename={node}", "state=idle")
        for trigger in triggers.parse(cluster.command(*triggers.list_command())):
            strigger(cluster, "--clear", f"--id={trigger.id}")


async def test_a_trigger_that_somebody_removed_is_set_again(cluster: Cluster, tmp_path: Path) -> None:
    async with woken(cluster, tmp_path, triggers=True, triggers_interval=0.5) as site:
        before = await kept(site, all_set)
        for trigger in before:
            strigger(cluster, "--clear", f"--id={trigger.id}")
        after = await kept(site, all_set)
        assert not {trigger.id for trigger in before} & {trigger.id for trigger in after}
    for trigger in live(cluster):
        strigger(cluster, "--clear", f"--id={trigger.id}")


def epilog(cluster: Cluster, program: str) -> None:
    """Make a program the EpilogSlurmctld; 22.05 starts no other one before it starts anew."""
    cluster.configure(EpilogSlurmctld=program)
    cluster.restart("slurmctld")


async def test_the_end_of_a_job_wakes_the_watcher_by_epilog(cluster: Cluster, tmp_path: Path) -> None:
    await asyncio.to_thread(epilog, cluster, str(cluster.shared / NAME))
    try:
        async with woken(cluster, tmp_path) as site:
            for _ in range(2):
                job = cluster.submit("ada", "#!/bin/sh\nexit 3\n", "--output=/dev/null", "--chdir=/tmp")
                await site.events("job.ended", f"job {job}")
            await site.seen(Way.EPILOG.value)
    finally:
        await asyncio.to_thread(epilog, cluster, "/bin/true")


@pytest.mark.skipif(not PLUGIN.exists(), reason="needs Debian's slurm-wlm-elasticsearch-plugin")
async def test_the_end_of_a_job_wakes_the_watcher_by_a_post(cluster: Cluster, port: int, tmp_path: Path) -> None:
    async with woken(cluster, tmp_path, listen=f"127.0.0.1:{port}") as site:
        for script in ("#!/bin/sh\n", LONG_SCRIPT):
            job = cluster.submit("ada", script, "--output=/dev/null", "--chdir=/tmp")
            await site.events("job.ended", f"job {job}")
        await site.seen(Way.JOBCOMP.value)
        # It ends in its time although it posts to us; `stop` gives up on a daemon that does not.
        await asyncio.to_thread(cluster.restart, "slurmctld")
        job = cluster.submit("ada", LONG_SCRIPT, "--output=/dev/null", "--chdir=/tmp")
        await site.events("job.ended", f"job {job}")


@pytest.mark.skipif(not PLUGIN.exists(), reason="needs Debian's slurm-wlm-elasticsearch-plugin")
async def test_slurmctld_ends_where_nobody_takes_its_posts_and_posts_them_later(
    cluster: Cluster, port: int, tmp_path: Path
) -> None:
    job = cluster.submit("ada", LONG_SCRIPT, "--output=/dev/null", "--chdir=/tmp")
    await asyncio.to_thread(cluster.wait_for_job, job)
    await asyncio.to_thread(cluster.stop, "slurmctld")
    await asyncio.to_thread(cluster.start, "slurmctld")
    async with woken(cluster, tmp_path, listen=f"127.0.0.1:{port}") as site:
        await site.seen(Way.JOBCOMP.value)


async def test_everything_is_found_without_any_push(cluster: Cluster, tmp_path: Path) -> None:
    quick = {"interval": 0.5, "min_interval": 0.5}
    made = Woken(cluster, tmp_path, {})
    tables = {**made.headgate._tables, "watcher": {**quick, "lost_mail": "ignore"}, "nodes": quick, "push": {}}
    made.headgate.write(tables)
    async with made.headgate:
        await made.seen("watcher")
        await made.seen("nodes")
        job = cluster.submit("ada", "#!/bin/sh\n", "--output=/dev/null", "--chdir=/tmp")
        cluster.command("scontrol", "update", "nodename=n2", "state=drain", "reason=test")
        try:
            await made.events("job.ended", f"job {job}")
            await made.events("node.drained", "node n2")
        finally:
            cluster.command("scontrol", "update", "nodename=n2", "state=resume")
        await made.events("node.resumed", "node n2")


def test_triggers_are_set_shown_and_removed_on_the_command_line(cluster: Cluster, tmp_path: Path) -> None:
    made = Woken(cluster, tmp_path, {})
    store = Store(made.url)
    migrate(store)
    store.close()
    site = Site(made.headgate.config, made.url)
    first = site.json("trigger", "set", "down", "/bin/true", "--nodes", "n[1-2]", "--permanent")["id"]
    assert site.json("trigger", "set", "down", "/bin/true", "--nodes", "n[1-2]", "--permanent")["id"] == first
    # Permanent, or it would be gone if a node was drained since slurmctld looked for triggers.
    ours = site.json("trigger", "set", "drain", str(cluster.shared / NAME), "--permanent")["id"]
    assert {one["id"] for one in site.json("trigger", "list")} == {first, ours}
    assert "/bin/true" in site.text("trigger", "list")
    refused = site.process("trigger", "set", "idle", "/bin/true", "--permanent")
    assert (refused.returncode, "for ever" in refused.stderr) == (1, True)
    assert site.process("trigger", "unset", "4294967").returncode == 1
    assert list(site.json("trigger", "unset", "--ours")) == [str(ours)]
    assert f"Trigger {first} was removed" in site.text("trigger", "unset", str(first))
    assert site.json("trigger", "list") == []
