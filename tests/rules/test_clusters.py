"""Rules on several clusters: what happened on one is weighed, and acted on, there and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.model.event import EventKind
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.rules.site import Site

DRAIN = "trigger: {type: job.suspended}\naction: {ref: slurm.test.drain, parameters: {nodes: '{{ trigger.node }}'}}\n"
NOTE = "trigger: {type: job.suspended}\naction: {ref: test.note}\n"


@pytest.fixture
async def site(store: Store, tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(store, tmp_path)
    await made.engine.turn()
    yield made
    if made.gate is not None:
        made.gate.set()
    await made.engine.rest()


async def test_an_action_is_done_on_the_cluster_of_the_event(site: Site) -> None:
    site.states, site.beta = {"n1": "IDLE"}, {"n1": "IDLE"}
    site.rule(DRAIN)
    await site.event(node="n1", cluster="beta")
    await site.turn()
    assert (site.states, site.beta) == ({"n1": "IDLE"}, {"n1": "IDLE+DRAIN"})
    [entry] = await site.store.read(lambda c: audit.find(c, AuditFilter(action="slurm.test.drain"), limit=9))
    assert entry.detail.endswith("on beta")


async def test_nodes_are_counted_where_the_event_happened(site: Site) -> None:
    site.states = {"n1": "IDLE", "n2": "DOWN", "n3": "DOWN"}
    site.beta = {"n1": "IDLE", "n2": "IDLE", "n3": "IDLE"}
    site.rule(DRAIN + "headgate: {drained-at-most: {nodes: 2}}\n")
    for cluster in ("alpha", "beta"):
        await site.event(node="n1", subject="node n1", cluster=cluster)
    await site.turn()
    assert [(one.state.value, one.reason) for one in await site.all()] == [
        ("waiting", "2 of 3 nodes are out of service, and 2 may be at a time"),
        ("done", ""),
    ]
    assert (site.states["n1"], site.beta["n1"]) == ("IDLE", "IDLE+DRAIN")


async def test_a_node_is_left_alone_while_it_has_work_there(site: Site) -> None:
    site.states, site.beta = {"n1": "IDLE"}, {"n1": "MIXED"}
    site.rule(DRAIN + "headgate: {only-when-empty: true}\n")
    for cluster in ("alpha", "beta"):
        await site.event(node="n1", subject="node n1", cluster=cluster)
    await site.turn()
    assert [(one.state.value, one.reason) for one in await site.all()] == [
        ("done", ""),
        ("waiting", "n1 still has work"),
    ]


async def test_nodes_that_are_being_drained_elsewhere_do_not_count(site: Site) -> None:
    site.gate = asyncio.Event()
    site.states, site.beta = dict.fromkeys(("n1", "n2"), "IDLE"), dict.fromkeys(("n1", "n2"), "IDLE")
    site.rule(DRAIN + "headgate: {drained-at-most: {nodes: 1}}\n")
    for node, cluster in (("n1", "alpha"), ("n2", "beta"), ("n2", "alpha")):
        await site.event(node=node, subject=f"node {node}", cluster=cluster)
    while len(site.calls) < 2:
        await site.engine.turn()
        await asyncio.sleep(0.01)
    await site.engine.turn()
    assert await site.states_of() == ["running", "running", "waiting"]


async def test_a_state_ends_only_by_what_happens_on_its_cluster(site: Site) -> None:
    site.rule(NOTE + "headgate: {for: 30m}\n")
    for cluster in ("alpha", "beta"):
        await site.event(cluster=cluster)
    await site.turn()
    await site.event(EventKind.JOB_RESUMED, cluster="beta")
    await site.turn(1800)
    assert await site.states_of() == ["done", "cancelled"]


async def test_rates_are_counted_for_each_cluster(site: Site) -> None:
    site.rule(NOTE + "headgate: {rate: 1/1h}\n")
    for cluster in ("alpha", "beta", "beta"):
        await site.event(cluster=cluster)
    await site.turn()
    assert await site.states_of() == ["done", "done", "skipped"]


@pytest.mark.parametrize("guard", ["", "headgate: {only-when-empty: true}\n"])
async def test_on_a_cluster_that_is_not_there_nothing_is_done(site: Site, guard: str) -> None:
    site.states = {"n1": "IDLE"}
    site.rule(DRAIN + guard)
    await site.event(node="n1", cluster="gamma")
    await site.turn()
    [execution] = await site.all()
    assert execution.state.value == "failed"
    assert execution.reason.endswith("there is no cluster 'gamma'")
    assert site.states == {"n1": "IDLE"}
