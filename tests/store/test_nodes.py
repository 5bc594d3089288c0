from __future__ import annotations

from headgate.model.event import Event, EventKind, Source
from headgate.store import journal, nodes
from headgate.store.journal import EventFilter
from headgate.store.nodes import StoredNode
from headgate.store.store import Store


async def keep(store: Store, *changed: StoredNode) -> None:
    await store.write(lambda c: nodes.keep(c, changed, 1.0))


async def test_what_is_kept_of_nodes_is_read_back_by_cluster(store: Store) -> None:
    mine = [StoredNode("c", "n2", {"state": "IDLE"}), StoredNode("c", "n10", {"reason": "a\nb|é", "told": [[1, None]]})]
    await keep(store, *mine, StoredNode("d", "n2", {}))
    assert sorted(await store.read(lambda c: nodes.of_cluster(c, "c")), key=repr) == sorted(mine, key=repr)


async def test_keeping_again_takes_the_place_of_what_was(store: Store) -> None:
    for state in ("IDLE", "DOWN"):
        await keep(store, StoredNode("c", "n1", {"state": state}))
    assert await store.read(lambda c: nodes.of_cluster(c, "c")) == [StoredNode("c", "n1", {"state": "DOWN"})]


async def test_nodes_are_forgotten_in_their_cluster_only(store: Store) -> None:
    names = [f"n{number}" for number in range(2500)]
    both = [StoredNode(cluster, name, {}) for cluster in ("c", "d") for name in names]
    await keep(store, *both)
    await store.write(lambda c: nodes.forget(c, "c", names))
    await store.write(lambda c: nodes.forget(c, "c", []))
    assert await store.read(lambda c: nodes.of_cluster(c, "c")) == []
    assert len(await store.read(lambda c: nodes.of_cluster(c, "d"))) == 2500


async def test_events_about_a_node_are_found_by_its_name(store: Store) -> None:
    facts = [
        Event(f"{number}", EventKind.NODE_DOWN, 1.0, subject, Source.WATCHER)
        for number, subject in enumerate(["node n1", "node n10", "controller n1", "node n1"])
    ]
    await store.write(lambda c: journal.append(c, facts))
    found = await store.read(lambda c: journal.find(c, EventFilter(node="n1"), limit=10))
    assert [item.event.key for item in found] == ["0", "3"]


async def test_one_node_and_those_of_all_clusters_are_read(store: Store) -> None:
    kept = [StoredNode(cluster, name, {}) for cluster in ("b", "a") for name in ("n2", "n1")]
    await store.write(lambda c: nodes.keep(c, kept, 1.0))
    found = await store.read(lambda c: nodes.everywhere(c, 3))
    assert [(one.cluster, one.name) for one in found] == [("a", "n1"), ("a", "n2"), ("b", "n1")]
    assert await store.read(lambda c: nodes.one_of(c, "b", "n2")) == StoredNode("b", "n2", {})
    assert await store.read(lambda c: nodes.one_of(c, "c", "n2")) is None
