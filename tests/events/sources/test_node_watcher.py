"""The node watcher, on a cluster that answers, fails and forgets, with a clock of its own."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from headgate.errors import SlurmCommandError, SlurmError, StoreError
from headgate.events.journal import Journal
from headgate.events.sources import node_watcher as watcher_module
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.store import capacities, journal, nodes
from headgate.store.journal import EventFilter, Recorded
from headgate.store.signals import Topic
from headgate.store.store import Store
from tests.events.sources.seen_nodes import CLUSTER, ToldNodes, drained, node, outage

SETTINGS = NodeWatcherSettings(outages_interval=30.0)


@pytest.fixture
def cluster() -> ToldNodes:
    return ToldNodes()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands where a test puts it."""
    own = SimpleNamespace(now=1000.0)
    told = SimpleNamespace(time=lambda: own.now, monotonic=lambda: own.now)
    monkeypatch.setattr(watcher_module, "time", told)
    return own


def watcher(store: Store, cluster: ToldNodes, settings: NodeWatcherSettings = SETTINGS) -> NodeWatcher:
    return NodeWatcher(store, Journal(), cluster, settings)


async def recorded(store: Store, kind: str = "*") -> list[Recorded]:
    return await store.read(lambda c: journal.find(c, EventFilter(kind=kind), limit=10_000))


async def told(store: Store, kind: str = "*") -> list[tuple[str, float]]:
    return [(item.event.kind.value, item.event.time) for item in await recorded(store, kind)]


async def test_first_look_tells_nothing_and_the_next_one_what_changed(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    cluster.seen = [drained(name="n1"), node(name="n2")]
    watching = watcher(store, cluster)
    assert await watching.tick() == []
    clock.now = 1010.0
    cluster.seen = [drained(name="n1"), node("DOWN", name="n2")]
    await watching.tick()
    assert await told(store) == [("node.down", 1010.0)]
    [event] = [item.event for item in await recorded(store)]
    assert (event.subject, event.cluster, event.job_id, event.user) == ("node n2", CLUSTER, None, "")


async def test_quiet_look_is_one_call_and_slurmdbd_is_asked_now_and_then(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    watching = watcher(store, cluster)
    for clock.now in (1000.0, 1010.0, 1020.0, 1030.0, 1040.0):
        await watching.tick()
    assert cluster.calls == {"nodes": 5, "outages": 2, "controllers": 1, "partitions": 1}


async def test_what_the_cluster_has_and_uses_is_kept_when_it_changes_and_now_and_then(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    watching = watcher(store, cluster)
    kept = []
    for clock.now, used in ((1000.0, 0), (1010.0, 0), (1020.0, 4), (1030.0, 4), (1060.0, 4)):
        cluster.seen = [node("MIXED" if used else "IDLE", name="n1", cpus=8, cpus_allocated=used)]
        await watching.tick()
        capacity = (await store.read(capacities.recall))[CLUSTER]
        kept.append((capacity.seen_at, dict(capacity.states), capacity.cpus, capacity.cpus_allocated))
    idle, mixed = {"idle": 1}, {"mixed": 1}
    assert kept == [
        (1000.0, idle, 8, 0), (1000.0, idle, 8, 0), (1020.0, mixed, 8, 4), (1020.0, mixed, 8, 4), (1060.0, mixed, 8, 4),
    ]  # fmt: skip


async def test_what_jobs_hold_is_written_every_half_minute_and_nothing_told(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    async def kept() -> tuple[object, object]:
        [one] = await store.read(lambda c: nodes.of_cluster(c, CLUSTER))
        figures = one.data["figures"]
        assert isinstance(figures, dict)
        return one.data["state"], figures["cpus_allocated"]

    cluster.seen = [node("IDLE", cpus=8)]
    watching = watcher(store, cluster)
    await watching.tick()
    assert await kept() == ("IDLE", 0)
    cluster.seen = [node("MIXED", cpus=8, cpus_allocated=2)]
    clock.now = 1010.0
    await watching.tick()
    assert await kept() == ("IDLE", 0)
    clock.now = 1031.0
    await watching.tick()
    assert await kept() == ("MIXED", 2)
    assert await told(store) == []


async def test_change_has_slurmdbd_asked_at_once(store: Store, cluster: ToldNodes, clock: SimpleNamespace) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    clock.now = 1010.4
    cluster.seen, cluster.outages = [node("DOWN")], [outage(1003)]
    await watching.tick()
    [event] = await recorded(store)
    assert (event.event.time, sorted(event.witnesses)) == (1003.0, ["accounting", "watcher"])


async def test_watcher_goes_on_where_the_last_one_stopped(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    """Nodes flapped meanwhile, and one is down: all is told once, in order."""
    cluster.seen = [node(name="n1"), node(name="n2")]
    await watcher(store, cluster).tick()
    clock.now = 9000.0
    cluster.seen = [node(name="n1"), drained("DOWN", at=5000.0, name="n2")]
    cluster.outages = [
        outage(2000, 2010),
        outage(3000, 3000),
        outage(3001, 3001),
        outage(5000, name="n2"),
    ]
    for _ in range(3):
        watching = watcher(store, cluster)
        await watching.tick()
        clock.now += 40.0
        await watching.tick()
    assert await told(store, "node.*") == [
        ("node.down", 2000.0),
        ("node.up", 2010.0),
        ("node.down", 3000.0),
        ("node.up", 3000.0),
        ("node.down", 3001.0),
        ("node.up", 3001.0),
        ("node.down", 5000.0),
    ]


async def test_what_was_before_the_first_look_is_not_told(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    cluster.seen = [drained("DOWN", at=500.0)]
    cluster.outages = [outage(100, 200), outage(500)]
    watching = watcher(store, cluster)
    await watching.tick()
    clock.now = 1040.0
    cluster.seen, cluster.outages = [node()], [outage(100, 200), outage(500, 1030)]
    await watching.tick()
    assert await told(store) == [("node.up", 1030.0)]


async def test_slurmdbd_that_tells_late_after_an_outage_of_its_own_is_heard(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.fail("outages")
    for clock.now in (1040.0, 1050.0, 6000.0):
        await watching.tick()
    cluster.fail()
    clock.now = 6040.0
    await watching.tick()
    clock.now = 6080.0
    cluster.outages = [outage(1060, 1070)]
    await watching.tick()
    assert await told(store) == [
        ("slurmdbd.down", 1040.0),
        ("slurmdbd.up", 6040.0),
        ("node.down", 1060.0),
        ("node.up", 1070.0),
    ]


async def test_without_slurmdbd_looks_are_all_there_is(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    cluster.fails = {"outages": SlurmCommandError("this cluster has no slurmdbd", transient=False)}
    watching = watcher(store, cluster)
    for clock.now, text in ((1000.0, "IDLE"), (1010.0, "DOWN"), (1050.0, "IDLE")):
        cluster.seen = [node(text)]
        await watching.tick()
    assert await told(store) == [("node.down", 1010.0), ("node.up", 1050.0)]
    assert cluster.calls["outages"] == 1


async def test_slurmctld_that_is_away_is_told_once_and_its_return(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.fail("nodes")
    cluster.shown_controllers = {"head": False}
    for clock.now in (1010.0, 1020.0):
        with pytest.raises(SlurmError):
            await watching.tick()
    watching = watcher(store, cluster)
    with pytest.raises(SlurmError):
        await watching.tick()
    cluster.fail()
    cluster.shown_controllers = {"head": True}
    clock.now = 1030.0
    await watching.tick()
    assert await told(store) == [("controller.down", 1010.0), ("controller.up", 1030.0)]


async def test_slurmctld_that_is_only_slow_to_answer_is_not_down(store: Store, cluster: ToldNodes) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.fail("nodes")
    with pytest.raises(SlurmError):
        await watching.tick()
    assert await told(store) == []


async def test_partitions_are_looked_at_every_minute(store: Store, cluster: ToldNodes, clock: SimpleNamespace) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.shown_partitions = {"main": {"State": "DOWN"}}
    for clock.now in (1010.0, 1061.0, 1071.0):
        await watching.tick()
    assert await told(store) == [("partition.changed", 1061.0)]


async def test_nothing_is_remembered_that_could_not_be_written(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    clock.now = 1010.0
    cluster.seen = [node("DOWN")]

    def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(nodes, "keep", broken)
        with pytest.raises(StoreError):
            await watching.tick()
    assert await told(store) == []
    clock.now = 1020.0
    await watching.tick()
    assert await told(store) == [("node.down", 1020.0)]


async def test_node_that_one_answer_leaves_out_is_not_forgotten(
    store: Store, cluster: ToldNodes, clock: SimpleNamespace
) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    for clock.now, seen in ((1010.0, []), (1020.0, [node("DOWN")])):
        cluster.seen = seen
        await watching.tick()
    assert await told(store) == [("node.down", 1020.0)]
    cluster.seen = [node(name="n2")]
    for clock.now in (1030.0, 6030.0):
        await watching.tick()
    assert [one.name for one in await store.read(lambda c: nodes.of_cluster(c, CLUSTER))] == ["n2"]
    assert list(watching.known) == ["n2"]


async def test_watcher_that_is_woken_looks_at_once(store: Store, cluster: ToldNodes) -> None:
    watching = watcher(store, cluster, NodeWatcherSettings(interval=3600.0, min_interval=0.01))
    run = asyncio.create_task(watching.run())
    async with asyncio.timeout(30):
        while not cluster.calls["partitions"]:
            await asyncio.sleep(0.005)
        cluster.seen = [node("DOWN")]
        while not await told(store):
            store.signals.ring(Topic.NODES)
            await asyncio.sleep(0.02)
        watching.stop()
        await run


async def test_watcher_goes_on_when_slurm_fails(store: Store, cluster: ToldNodes) -> None:
    cluster.fail("nodes", "controllers")
    watching = watcher(store, cluster, NodeWatcherSettings(interval=0.01, min_interval=0.01))
    run = asyncio.create_task(watching.run())
    async with asyncio.timeout(30):
        while cluster.calls["nodes"] < 3:
            await asyncio.sleep(0.005)
        cluster.fail()
        while not cluster.calls["partitions"]:
            await asyncio.sleep(0.005)
        watching.stop()
        await run
