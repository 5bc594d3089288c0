"""Nodes by REST: which there are, how each stands, what became of one, and who sees it."""

from __future__ import annotations

import pytest

from headgate.store.store import Store
from tests.web.api.asked import ALL, asking, following, pages_of
from tests.web.pages.nodes.seeded import CLUSTER, GIB, HOSTILE, seed


@pytest.fixture
async def seeded(store: Store) -> Store:
    """A store with twelve nodes, of which the third has a history."""
    await seed(store)
    return store


async def test_nodes_are_listed_by_number_and_filtered(seeded: Store) -> None:
    async with asking(seeded, "viewer") as client:
        found = (await client.get("/nodes")).json()
        assert [one["name"] for one in found] == [f"n{number}" for number in range(1, 13)]
        third = found[2]
        assert (third["cluster"], third["state"], third["standing"]) == (CLUSTER, "IDLE+DRAIN", "drained")
        assert (third["reason"], third["reason_user"], third["since"] > 0) == (HOSTILE, "root", True)
        fourth = found[3]
        assert (fourth["cpus"], fourth["cpus_allocated"], fourth["memory"]) == (64, 64, 256 * GIB)
        assert (fourth["gpus"], fourth["gpus_allocated"], fourth["features"]) == (4, 1, ["zen3"])
        for query, expected in {
            "standing=drained": ["n3", "n10"],
            "feature=gpu:a100": ["n4", "n8", "n12"],
            "partition=gpu": ["n4", "n8", "n12"],
            "q=n[2-4]": ["n2", "n3", "n4"],
            "q=DISK&standing=down": ["n2", "n9"],
            "cluster=other": [],
        }.items():
            assert [one["name"] for one in (await client.get(f"/nodes?{query}")).json()] == expected, query


async def test_pages_follow_each_other_to_the_end(seeded: Store) -> None:
    async with asking(seeded, "viewer") as client:
        seen = [[one["name"] for one in found] for found in await pages_of(client, "/nodes?limit=5")]
    assert [len(names) for names in seen] == [5, 5, 2]
    assert [name for names in seen for name in names] == [f"n{number}" for number in range(1, 13)]


async def test_one_is_shown_and_its_history_in_pages(seeded: Store) -> None:
    async with asking(seeded, "viewer") as client:
        assert (await client.get(f"/nodes/{CLUSTER}/n3")).json()["reason"] == HOSTILE
        newest = await client.get(f"/nodes/{CLUSTER}/n3/history?limit=1")
        [resumed] = newest.json()
        assert (resumed["kind"], resumed["source"], resumed["data"]["reason"]) == (
            "node.resumed",
            "watcher",
            "older reason",
        )
        older = await following(client, newest)
        assert older is not None
        assert [(one["kind"], one["data"]["flags"]) for one in older.json()] == [("node.drained", ["DRAIN"])]
        assert await following(client, older) is None
        assert (await client.get(f"/nodes/{CLUSTER}/n1/history")).json() == []
        for path in ("n99", "n99/history"):
            answer = await client.get(f"/nodes/{CLUSTER}/{path}")
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("query", ["standing=odd", "limit=0", "limit=1001", "offset=-1", "q=%00", f"q={301 * 'x'}"])
async def test_what_makes_no_sense_is_refused(seeded: Store, query: str) -> None:
    async with asking(seeded, "viewer") as client:
        assert (await client.get(f"/nodes?{query}")).status_code == 400


@pytest.mark.parametrize("name", ALL)
async def test_it_takes_the_role_viewer(seeded: Store, name: str) -> None:
    async with asking(seeded, name) as client:
        for path in ("/nodes", f"/nodes/{CLUSTER}/n3", f"/nodes/{CLUSTER}/n3/history"):
            assert (await client.get(path)).status_code == (403 if name == "stranger" else 200)


async def test_a_user_without_a_role_sees_no_node(seeded: Store) -> None:
    async with asking(seeded, "viewer", user="uma") as client:
        assert (await client.get("/nodes")).status_code == 403
