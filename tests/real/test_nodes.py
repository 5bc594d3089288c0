"""Nodes change, on a real cluster, with a running Headgate: every change is told once, whatever was away meanwhile."""

from __future__ import annotations

import asyncio
import functools
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from headgate.cli.event.fields import as_json
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster, temporary_cluster
from tests.real.site import PATIENCE, QUIET, SLEEP
from tests.service.nodes_settled import nodes_settled
from tests.service.running import RunningHeadgate

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

OUT_OF_SERVICE = ("node.down", "node.up", "node.drained", "node.resumed", "node.fail")
Fact = dict[str, Any]


@dataclass
class Site:
    """A cluster and a Headgate that watches its nodes."""

    cluster: Cluster
    headgate: RunningHeadgate
    url: str

    async def slurm(self, program: str, *arguments: str) -> str:
        """Run one of Slurm's commands as root, which succeeds."""
        return await asyncio.to_thread(self.cluster.command, program, *arguments)

    async def update(self, node: str, state: str, reason: str = "") -> None:
        """Change a node's state."""
        await self.slurm(
            "scontrol", "update", f"nodename={node}", f"state={state}", *[f"reason={reason}"][: bool(reason)]
        )

    async def job_on(self, node: str) -> int:
        """Have a job run on a node."""
        job = await asyncio.to_thread(self.cluster.submit, "ada", SLEEP, *QUIET, f"--nodelist={node}")
        await asyncio.to_thread(self.cluster.wait_for_job, job, ("RUNNING",))
        return job

    async def facts(self, since: int = 0, *kinds: str, subject: str = "") -> list[Fact]:
        """Return the journal's events after a number, in the order of what happened."""

        def read() -> list[Fact]:
            store = Store(self.url)
            try:
                found = store.read_now(functools.partial(journal.find, wanted=EventFilter(), limit=10_000))
            finally:
                store.close()
            return [as_json(item) for item in found]

        found = [fact for fact in await asyncio.to_thread(read) if fact["id"] > since]
        chosen = [fact for fact in found if (not kinds or fact["kind"] in kinds) and subject in fact["subject"]]
        return sorted(chosen, key=lambda fact: (fact["time"], fact["id"]))

    async def last(self) -> int:
        """Return the number of the newest event."""
        return max([fact["id"] for fact in await self.facts()], default=0)

    async def told(self, since: int, node: str, *kinds: str, only: tuple[str, ...] = OUT_OF_SERVICE) -> list[Fact]:
        """Wait until exactly these kinds were told of a node, in this order."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = await self.facts(since, *only, subject=f"node {node}")
            if [fact["kind"] for fact in found] == list(kinds):
                return found
            assert time.monotonic() < deadline, [(fact["key"], list(fact["witnesses"])) for fact in found]
            await asyncio.sleep(0.3)

    async def witnessed(self, since: int, node: str) -> list[Fact]:
        """Wait until both witnesses told all of a node: what slurmdbd says of an end counts after a while."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = await self.facts(since, subject=f"node {node}")
            if all(sorted(fact["witnesses"]) == ["accounting", "watcher"] for fact in found):
                return found
            assert time.monotonic() < deadline, [(fact["key"], list(fact["witnesses"])) for fact in found]
            await asyncio.sleep(0.3)

    async def happened(self, since: int, kind: str) -> Fact:
        """Wait until an event of a kind was told, and return it."""
        deadline = time.monotonic() + PATIENCE
        while not (found := await self.facts(since, kind)):
            assert time.monotonic() < deadline, await self.facts(since)
            await asyncio.sleep(0.3)
        return found[0]

    async def state(self, node: str, fits: Callable[[str], bool]) -> None:
        """Wait until slurmctld shows a node in a state."""
        deadline = time.monotonic() + PATIENCE
        while not fits(shown := await self.slurm("sinfo", "--noheader", f"--nodes={node}", "--format=%T")):
            assert time.monotonic() < deadline, shown
            await asyncio.sleep(0.2)

    async def looked(self) -> None:
        """Wait until Headgate has looked at the nodes again, and at slurmdbd."""
        await asyncio.sleep(2.5)

    async def rows(self, since: float) -> list[tuple[str, str, int]]:
        """Return node, begin or end, and second of every outage slurmdbd knows since a time."""
        text = await asyncio.to_thread(
            self.cluster.run_as,
            "root",
            ["sacctmgr", "-nP", "show", "event", "start=now-1days", "format=nodename,start,end"],
            env={"SLURM_TIME_FORMAT": "%s"},
        )
        assert text.returncode == 0, text.stderr
        found = []
        for line in text.stdout.splitlines():
            node, start, end = line.split("|")
            if node and int(start) >= since:
                found.append((node, "begin", int(start)))
                found += [(node, "end", int(end))] if end.isdigit() else []
        return sorted(found)


@pytest.fixture(scope="module")
def node_cluster() -> Iterator[Cluster]:
    """A cluster whose nodes may be killed; slurmctld misses them soon."""
    if os.geteuid() != 0:
        pytest.skip("a Slurm cluster needs root")
    # A node that somebody set down stays so until somebody resumes it.
    with temporary_cluster(nodes=4, extra_conf={"SlurmdTimeout": "12", "ReturnToService": "1"}) as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(node_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Headgate, that watches the nodes of the cluster and does nothing else."""
    directory: Path = tmp_path_factory.mktemp("nodes")
    url = f"sqlite:///{directory}/headgate.db"
    tables: dict[str, dict[str, Any]] = {
        "store": {"url": url},
        "slurm": {"bin": str(node_cluster.bin), "conf": str(node_cluster.slurm_conf), "timeout": 10.0},
        "nodes": {"interval": 0.7, "min_interval": 0.5, "outages_interval": 1.0, "cluster_interval": 2.0},
        "service": {"listen": "off", "parts": ["nodes"], "stop_deadline": 8.0},
    }
    async with RunningHeadgate(directory, tables) as headgate:
        yield Site(node_cluster, headgate, url)


@pytest_asyncio.fixture(loop_scope="module")
async def site(watched: Site) -> AsyncIterator[Site]:
    """The same, with all daemons running and all nodes in service, before and after."""
    await nodes_settled(watched.url)
    yield watched
    await asyncio.to_thread(watched.cluster.up)
    if not watched.headgate.runs:
        await watched.headgate.start()
    await watched.slurm("scancel", "--user=ada")
    for node in watched.cluster.nodes:
        await watched.state(node, lambda shown: not shown.strip().endswith("*"))
        await watched.update(node, "down", "put back")
        await watched.update(node, "resume")
        await watched.state(node, lambda shown: shown.strip() == "idle")
    await nodes_settled(watched.url)


async def test_idle_node_is_drained_and_resumed(site: Site) -> None:
    last = await site.last()
    await site.update("n1", "drain", "disk")
    [drained] = await site.told(last, "n1", "node.drained")
    assert (drained["data"]["reason"], drained["data"]["reason_user"]) == ("disk", "root")
    assert (drained["data"]["state"], drained["data"]["flags"]) == ("IDLE", ["DRAIN"])
    assert (drained["data"]["old_state"], drained["data"]["old_flags"]) == ("IDLE", [])
    await next_second()
    await site.update("n1", "resume")
    _, resumed = await site.told(last, "n1", "node.drained", "node.resumed")
    assert resumed["data"]["reason"] == "disk"
    every = await site.witnessed(last, "n1")
    assert [fact["kind"] for fact in every] == ["node.drained", "node.resumed"]


async def test_node_with_a_job_drains_first(site: Site) -> None:
    last = await site.last()
    job = await site.job_on("n2")
    await site.update("n2", "drain", "later")
    kinds = ("node.draining", *OUT_OF_SERVICE)
    [draining] = await site.told(last, "n2", "node.draining", only=kinds)
    assert (draining["data"]["state"], draining["data"]["flags"]) == ("MIXED", ["DRAIN"])
    await site.slurm("scancel", str(job))
    _, drained = await site.told(last, "n2", "node.draining", "node.drained", only=kinds)
    assert drained["data"]["reason_user"] == "root"
    assert drained["time"] >= draining["time"]


async def test_other_reason_is_told(site: Site) -> None:
    last = await site.last()
    await site.update("n1", "drain", "disk")
    await site.told(last, "n1", "node.drained")
    await next_second()
    await site.slurm("scontrol", "update", "nodename=n1", "reason=no, the fan")
    kinds = ("node.reason_changed", *OUT_OF_SERVICE)
    _, changed = await site.told(last, "n1", "node.drained", "node.reason_changed", only=kinds)
    assert (changed["data"]["old_reason"], changed["data"]["reason"]) == ("disk", "no, the fan")


async def test_failing_node(site: Site) -> None:
    last = await site.last()
    await site.update("n1", "fail", "soon")
    await site.told(last, "n1", "node.fail")
    await next_second()
    await site.update("n1", "down", "now")
    await site.told(last, "n1", "node.fail", "node.down")
    await next_second()
    await site.update("n1", "resume")
    await site.told(last, "n1", "node.fail", "node.down", "node.up", "node.resumed")


async def next_second() -> None:
    """Wait until the next second has begun: slurmdbd keeps one outage of a node in a second."""
    await asyncio.sleep(1.02 - time.time() % 1.0)


async def flap(site: Site, node: str, times: int = 2) -> None:
    """Set a node down and up again, so often, each time in a second of its own."""
    for number in range(times):
        await next_second()
        await site.update(node, "down", f"flap {number}")
        await site.update(node, "resume")


async def test_flapping_node_is_four_events_in_order(site: Site) -> None:
    last = await site.last()
    await flap(site, "n4")
    await site.told(last, "n4", "node.down", "node.up", "node.down", "node.up")
    await site.looked()
    found = await site.facts(last, subject="n4")
    assert [fact["kind"] for fact in found] == ["node.down", "node.up", "node.down", "node.up"]
    assert [fact["data"]["reason"] for fact in found] == ["flap 0", "flap 0", "flap 1", "flap 1"]


async def test_killed_slurmd_is_silent_then_down_and_comes_back(site: Site) -> None:
    last = await site.last()
    await asyncio.to_thread(site.cluster.kill, "n3")
    kinds = ("node.not_responding", "node.responding", *OUT_OF_SERVICE)
    _, down = await site.told(last, "n3", "node.not_responding", "node.down", only=kinds)
    assert (down["data"]["reason"], down["data"]["reason_user"]) == ("Not responding", "slurm")
    await asyncio.to_thread(site.cluster.start, "n3")
    deadline = time.monotonic() + PATIENCE
    while len(found := await site.facts(last, *kinds, subject="n3")) < 4:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.3)
    assert sorted(fact["kind"] for fact in found[2:]) == ["node.responding", "node.up"]


async def test_restarted_slurmctld_changes_no_node(site: Site) -> None:
    last = await site.last()
    await site.update("n1", "drain", "before the restart")
    await site.told(last, "n1", "node.drained")
    await asyncio.to_thread(site.cluster.stop, "slurmctld")
    await site.happened(last, "controller.down")
    await asyncio.to_thread(site.cluster.start, "slurmctld")
    await site.happened(last, "controller.up")
    await site.state("n2", lambda shown: shown.strip() == "idle")
    await site.looked()
    found = await site.facts(last)
    assert [fact["kind"] for fact in found] == ["node.drained", "controller.down", "controller.up"]


async def test_slurmdbd_that_is_away_holds_nothing_up_and_tells_later(site: Site) -> None:
    last = await site.last()
    await asyncio.to_thread(site.cluster.stop, "slurmdbd")
    await site.update("n1", "drain", "without slurmdbd")
    [drained] = await site.told(last, "n1", "node.drained")
    assert list(drained["witnesses"]) == ["watcher"]
    await site.happened(last, "slurmdbd.down")
    await flap(site, "n2", 1)
    await asyncio.to_thread(site.cluster.start, "slurmdbd")
    await site.happened(last, "slurmdbd.up")
    await site.told(last, "n2", "node.down", "node.up")
    deadline = time.monotonic() + PATIENCE
    while list((await site.told(last, "n1", "node.drained"))[0]["witnesses"]) != ["watcher", "accounting"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.3)


async def test_what_happened_while_headgate_was_down_is_what_slurmdbd_knows_line_by_line(site: Site) -> None:
    last = await site.last()
    await site.headgate.stop()
    begin = float(int(time.time()))
    await flap(site, "n1", 3)
    await site.update("n2", "drain", "still out")
    await flap(site, "n3", 2)
    await next_second()
    await site.update("n3", "fail", "and this")
    await next_second()
    rows = await site.rows(begin)
    assert len(rows) == 12
    await site.headgate.start()
    begins = ("node.down", "node.drained", "node.fail")
    deadline = time.monotonic() + PATIENCE
    while True:
        found = await site.facts(last, *OUT_OF_SERVICE)
        told = sorted(
            (fact["data"]["node"], "begin" if fact["kind"] in begins else "end", int(fact["time"])) for fact in found
        )
        if told == rows:
            break
        assert time.monotonic() < deadline, (told, rows)
        await asyncio.sleep(0.3)
    ids = [fact["id"] for fact in sorted(found, key=lambda fact: fact["time"])]
    assert ids == sorted(ids)
    await site.looked()
    assert len(await site.facts(last, *OUT_OF_SERVICE)) == len(rows)


async def test_reserved_node_and_changed_partition(site: Site) -> None:
    last = await site.last()
    words = (
        "reservationname=maint",
        "nodes=n2",
        "starttime=now",
        "duration=60",
        "users=root",
        "flags=maint,ignore_jobs",
    )
    await site.slurm("scontrol", "create", "reservation", *words)
    kinds = ("node.reserved", "node.unreserved")
    await site.told(last, "n2", "node.reserved", only=kinds)
    await site.slurm("scontrol", "delete", "reservationname=maint")
    await site.told(last, "n2", "node.reserved", "node.unreserved", only=kinds)
    await site.slurm("scontrol", "update", "partitionname=short", "state=drain")
    changed = await site.happened(last, "partition.changed")
    await site.slurm("scontrol", "update", "partitionname=short", "state=up")
    assert changed["data"]["changed"] == {"State": ["UP", "DRAIN"]}
