"""The list of nodes, by HTTP: who sees it, and what is found by what."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headgate.store.store import Store
from tests.web.pages.nodes.seeded import seed, some_nodes
from tests.web.pages.pages_place import PagesPlace, pages_place

_NAMES = re.compile(r'href="/ui/nodes/fake/(n\d+)"')


async def names(place: PagesPlace, **query: str) -> list[str]:
    async with place.client("viewer") as viewer:
        answer = await viewer.get("/nodes", **query)
    assert answer.status_code == 200
    return _NAMES.findall(answer.text)


@pytest.mark.parametrize("path", ["/nodes", "/nodes/fake/n1", "/nodes/reservations"])
async def test_nodes_are_for_viewers(place: PagesPlace, path: str) -> None:
    await seed(place.store)
    for role, status in ((None, 303), ("user", 403), ("viewer", 200), ("operator", 200), ("admin", 200)):
        async with place.client(role) as person:
            assert (await person.get(path)).status_code == status


FOUND: list[tuple[dict[str, str], list[str]]] = [
    ({"q": "n[2-4,9]"}, ["n2", "n3", "n4", "n9"]),
    ({"q": "n[2-3],n12"}, ["n2", "n3", "n12"]),
    ({"q": "n11"}, ["n11"]),
    ({"q": "DISK 2", "state": "down"}, ["n2", "n9"]),
    ({"state": "drained"}, ["n3", "n10"]),
    ({"state": "draining"}, ["n6"]),
    ({"state": "not_responding"}, ["n7"]),
    ({"partition": "gpu"}, ["n4", "n8", "n12"]),
    ({"feature": "gpu:a100"}, ["n4", "n8", "n12"]),
    ({"feature": "gpu:a1"}, []),
    ({"feature": "ZEN3", "q": "n1"}, ["n1", "n10", "n11", "n12"]),
    ({"cluster": "other"}, []),
    ({"q": "n[1-99999999999]"}, []),
    ({"view": "grid", "state": "idle"}, ["n5", "n12"]),
]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_nodes_are_found_by(place: PagesPlace) -> None:
    await seed(place.store)
    for query, found in FOUND:
        assert await names(place, **query) == found, query


async def test_states_are_counted_and_figures_shown(place: PagesPlace) -> None:
    await seed(place.store)
    async with place.client("viewer") as viewer:
        text = (await viewer.get("/nodes")).text
    assert re.findall(r'badge (\w+)">([\w ]+)</span> <small>(\d+)', text) == [
        ("bad", "down", "2"),
        ("bad", "not responding", "1"),
        ("care", "drained", "2"),
        ("care", "draining", "1"),
        ("busy", "allocated", "2"),
        ("busy", "mixed", "2"),
        ("good", "idle", "2"),
    ]
    assert "20 / 64" in text
    assert "64.0 GiB / 256.0 GiB" in text


async def test_only_operators_are_offered_to_do_something(place: PagesPlace) -> None:
    await seed(place.store)
    for role, offered in (("viewer", False), ("operator", True)):
        async with place.client(role) as person:
            for path in ("/nodes", "/nodes/fake/n1"):
                assert ('value="drain"' in (await person.get(path)).text) is offered


async def test_reasons_are_text(place: PagesPlace) -> None:
    await seed(place.store)
    async with place.client("operator") as person:
        pages = [
            await person.get("/nodes"),
            await person.get("/nodes", view="grid"),
            await person.get("/nodes/fake/n3"),
        ]
    for answer in pages:
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert" in answer.text
        assert "{{7*7}}" in answer.text


async def test_empty_and_unwatched_say_what_to_do(store: Store, tmp_path: Path) -> None:
    async with pages_place(store, tmp_path, nodes={"enabled": False}) as place, place.client("viewer") as viewer:
        text = (await viewer.get("/nodes")).text
    assert "headgate source list" in text
    assert "Nodes are not watched" in text


async def test_a_node_that_is_not_there_is_not_found(place: PagesPlace) -> None:
    async with place.client("viewer") as viewer:
        assert (await viewer.get("/nodes/fake/n1")).status_code == 404
        assert (await viewer.get("/nodes/fake/n1", before="x")).status_code == 400


async def test_history_tells_what_became_of_a_node_newest_first(place: PagesPlace) -> None:
    await seed(place.store)
    async with place.client("viewer") as viewer:
        text = (await viewer.get("/nodes/fake/n3")).text
    assert text.index("Drained: takes no new jobs") < text.index("Takes jobs again")
    assert "It had been: “<bdi>older reason</bdi>” by ada" in text
    assert "Which jobs are on it is not known now" in text  # there is no squeue here


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_thousands_of_nodes_come_in_pages_that_are_small(place: PagesPlace) -> None:
    await seed(place.store, some_nodes(3000))
    async with place.client("operator") as person:
        for view in ("list", "grid"):
            answer = await person.get("/nodes", view=view)
            assert len(answer.content) < 150_000
        assert "2901 to 3000 of 3000" in (await person.get("/nodes", page="30")).text
