"""Orders to nodes: who may give them, and what a form has to bring."""

from __future__ import annotations

import pytest

from headgate.web.pages.nodes.orders import ORDERS
from tests.web.pages.nodes.seeded import seed
from tests.web.pages.pages_place import PagesPlace


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_orders_are_for_operators(place: PagesPlace) -> None:
    calls = [
        (path, {"order": word, "cluster": "fake", "nodes": "n1", "reason": "x"})
        for word in ORDERS
        for path in ("/nodes/order", "/nodes/order/preview", "/nodes/order/do")
    ]
    calls.append(("/nodes/reservations/delete", {"name": "x"}))
    for role in ("user", "viewer"):
        async with place.client(role) as person:
            assert {(await person.post(path, fields)).status_code for path, fields in calls} == {403}
    async with place.client(None) as stranger, place.client("operator") as oscar:
        for path, fields in calls:
            assert (await stranger.http.post(f"/ui{path}", data=fields)).status_code == 401
            assert (await oscar.http.post(f"/ui{path}", data=fields)).status_code == 403  # without the form's token


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"order": "melt", "node": "fake n1"}, 404, "no such order"),
        ({"order": "drain"}, 400, "tick the nodes"),
        ({"order": "drain", "nodes": "n[1-"}, 400, "names no nodes"),
        ({"order": "drain", "node": ["fake n1", "other n1"]}, 400, "one cluster at a time"),
        ({"order": "drain", "node": ["fake n1", "fake n3"]}, 200, "Drain: n[1,3]"),
        ({"order": "drain", "nodes": "n1", "reason": '"><script>'}, 200, "&#34;&gt;&lt;script&gt;"),
    ],
)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_form_names_nodes_of_one_cluster(
    place: PagesPlace, fields: dict[str, object], status: int, said: str
) -> None:
    await seed(place.store)
    async with place.client("operator") as oscar:
        answer = await oscar.post("/nodes/order", fields)
    assert answer.status_code == status
    assert said.casefold() in answer.text.casefold()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_drain_needs_a_reason_and_slurm(place: PagesPlace) -> None:
    await seed(place.store)
    known = {"order": "drain", "cluster": "", "nodes": "n1"}
    async with place.client("operator") as oscar:
        answer = await oscar.post("/nodes/order/preview", known)
        assert (answer.status_code, "Reason is needed" in answer.text) == (400, True)
        answer = await oscar.post("/nodes/order/do", {**known, "reason": "disk"})  # there is no scontrol here
    assert answer.status_code == 400
    assert "Nothing was done" in answer.text
