"""Messages by REST: who sees whose, and who replays and drops them."""

from __future__ import annotations

import pytest

from headgate.model.delivery import DeliveryState
from headgate.store import deliveries
from headgate.store.store import Store
from tests.web.api.asked import ALL, asking, entries, pages_of
from tests.web.pages.notifications.told import DEAD, DELIVERED, DROPPED, HOSTILE, OTHERS, READY, tell


@pytest.fixture
async def told(store: Store) -> Store:
    """A store with deliveries of uma's and of vera's."""
    await tell(store)
    return store


async def state_of(store: Store, number: int) -> DeliveryState:
    found = await store.read(lambda c: deliveries.get(c, number))
    assert found is not None
    return found.state


async def test_deliveries_are_listed_newest_first_and_filtered(told: Store) -> None:
    async with asking(told, "viewer") as client:
        found = (await client.get("/deliveries")).json()
        assert [one["id"] for one in found] == [DROPPED, OTHERS, READY, DELIVERED, DEAD]
        assert {key: value for key, value in found[-1].items() if not key.endswith("_at")} == {
            "id": DEAD,
            "event": 1,
            "connector": "mailto",
            "target": "uma1@example.org",
            "user": "uma",
            "job_id": 7,
            "subject": "job 7",
            "title": f"Failed: job 7 {HOSTILE}",
            "state": "dead",
            "reason": "target_refused",
            "detail": f"550 {HOSTILE}",
            "attempts": 1,
            "folded_into": None,
        }
        assert found[-1]["next_at"] is None
        assert found[2]["next_at"] > found[2]["owed_at"]
        for query, expected in {
            "state=dead&state=dropped": [DROPPED, OTHERS, DEAD],
            "user=vera": [OTHERS],
            "job=8": [OTHERS],
            "connector=slack": [],
            "target=uma3@example.org": [READY],
            "event=2": [OTHERS],
            "since=99999999999": [],
            f"before={READY}": [DELIVERED, DEAD],
        }.items():
            assert [one["id"] for one in (await client.get(f"/deliveries?{query}")).json()] == expected, query


async def test_pages_follow_each_other_to_the_end(told: Store) -> None:
    async with asking(told, "viewer") as client:
        seen = [[one["id"] for one in found] for found in await pages_of(client, "/deliveries?limit=2&user=uma")]
    assert seen == [[DROPPED, READY], [DELIVERED, DEAD]]


@pytest.mark.parametrize(
    "query",
    ["state=odd", "limit=0", "limit=1001", "before=0", "job=x", "target=%00", "since=nan", f"user={1025 * 'x'}"],
)
async def test_what_makes_no_sense_is_refused(told: Store, query: str) -> None:
    async with asking(told, "viewer") as client:
        answer = await client.get(f"/deliveries?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_one_is_shown_with_its_message_and_what_failed(told: Store) -> None:
    async with asking(told, "viewer") as client:
        shown = (await client.get(f"/deliveries/{DEAD}")).json()
        assert shown["message"]["facts"] == [{"label": "Name", "value": HOSTILE}]
        assert [one["reason"] for one in shown["failures"]] == ["target_refused"]
        assert (await client.get("/deliveries/77")).status_code == 404
        assert (await client.get("/deliveries/0")).status_code == 400


async def test_whoever_has_no_role_sees_their_own(told: Store) -> None:
    async with asking(told, "stranger", user="uma") as client:
        assert [one["id"] for one in (await client.get("/deliveries")).json()] == [DROPPED, READY, DELIVERED, DEAD]
        assert (await client.get("/deliveries?user=uma&state=dead")).json()[0]["id"] == DEAD
        assert (await client.get("/deliveries?user=vera")).status_code == 403
        assert (await client.get(f"/deliveries/{DEAD}")).status_code == 200
        hidden, none = await client.get(f"/deliveries/{OTHERS}"), await client.get("/deliveries/77")
        assert hidden.status_code == none.status_code == 404
        assert hidden.json()["detail"].replace(str(OTHERS), "77") == none.json()["detail"]
        for verb in ("replay", "drop"):
            assert (await client.post(f"/deliveries/{DEAD}/{verb}")).status_code == 403


async def test_a_token_of_a_user_has_no_more_of_the_apps_role_than_the_user(told: Store) -> None:
    async with asking(told, "operator", user="uma") as client:
        assert OTHERS not in [one["id"] for one in (await client.get("/deliveries")).json()]
        assert (await client.post(f"/deliveries/{DEAD}/replay")).status_code == 403
    assert await state_of(told, DEAD) is DeliveryState.DEAD


@pytest.mark.parametrize("name", ALL)
async def test_it_takes_a_role(told: Store, name: str) -> None:
    async with asking(told, name) as client:
        looks = 403 if name == "stranger" else 200
        assert (await client.get("/deliveries", headers={"User": "uma"})).status_code == looks
        assert (await client.get(f"/deliveries/{DEAD}")).status_code == looks
        changes = 200 if name in ("operator", "admin", "administrator") else 403
        assert (await client.post(f"/deliveries/{READY}/drop")).status_code == changes
        assert (await client.post(f"/deliveries/{DEAD}/replay")).status_code == changes
    assert await state_of(told, DEAD) is (DeliveryState.READY if changes == 200 else DeliveryState.DEAD)


async def test_operators_replay_and_drop_and_it_is_written_down(told: Store) -> None:
    async with asking(told, "operator") as client:
        again = await client.post(f"/deliveries/{DEAD}/replay")
        assert (again.status_code, again.json()["state"], again.json()["reason"]) == (200, "ready", None)
        gone = await client.post(f"/deliveries/{DEAD}/drop", json={"why": "nobody reads it"})
        assert (gone.json()["state"], gone.json()["detail"]) == ("dropped", "nobody reads it")
        late = await client.post(f"/deliveries/{DELIVERED}/drop")
        assert (late.status_code, late.json()["detail"]) == (
            409,
            f"delivery {DELIVERED} is delivered: it is not in a state for this",
        )
        assert (await client.post("/deliveries/77/replay")).status_code == 404
        for why in ("", "x" * 501, "a\0b", 7):
            assert (await client.post(f"/deliveries/{READY}/drop", json={"why": why})).status_code == 400
    assert await state_of(told, READY) is DeliveryState.READY
    assert await entries(told) == [
        ("api operator", "delivery retry", f"delivery {DEAD}", "done"),
        ("api operator", "delivery drop", f"delivery {DEAD}", "done"),
        ("api operator", "delivery drop", f"delivery {DELIVERED}", "refused"),
    ]
