from __future__ import annotations

import pytest

from headgate.store import audit
from headgate.store.audit import AuditFilter
from tests.web.pages.notifications.told import DEAD, DELIVERED, DROPPED, HOSTILE, OTHERS, READY, states, tell
from tests.web.pages.pages_place import PagesPlace


async def test_a_user_without_a_role_sees_the_messages_about_their_own_jobs_only(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("user") as uma:
        listed = (await uma.get("/notifications")).text
        assert "uma1@example.org" in listed
        assert "vera" not in listed
        assert (await uma.get("/notifications", user="vera")).text.count("vera") == 0
        assert (await uma.get(f"/notifications/{DEAD}")).status_code == 200
        assert (await uma.get(f"/notifications/{OTHERS}")).status_code == 404
        assert (await uma.get("/notifications/99999")).status_code == 404
        assert (await uma.get("/notifications/preview", message=str(OTHERS))).status_code == 404
        assert "Replay" not in listed


async def test_a_viewer_sees_everybodys_and_changes_none(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("viewer") as vera:
        listed = (await vera.get("/notifications")).text
        assert "uma1@example.org" in listed
        assert "vera4@example.org" in listed
        assert "Replay" not in listed
        for path in ("/notifications/change", "/notifications/changed"):
            answer = await vera.post(path, {"what": "retry", "delivery": str(DEAD)})
            assert answer.status_code == 403
    assert (await states(place.store))[DEAD] == "dead"


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"state": "dead"}, {DEAD, OTHERS}),
        ({"state": "dead", "user": "uma"}, {DEAD}),
        ({"user": "vera"}, {OTHERS}),
        ({"job": "8"}, {OTHERS}),
        ({"connector": "slack"}, set()),
        ({"connector": "mailto", "since": "1h"}, {DEAD, DELIVERED, READY, OTHERS, DROPPED}),
        ({"page": "2"}, set()),
    ],
)
async def test_the_list_is_filtered(place: PagesPlace, query: dict[str, str], shown: set[int]) -> None:
    await tell(place.store)
    async with place.client("viewer") as person:
        text = (await person.get("/notifications", **query)).text
    assert {number for number in range(1, 6) if f'href="/ui/notifications/{number}"' in text} == shown


async def test_tabs_count_what_the_other_filters_choose(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("viewer") as person:
        everybodys = (await person.get("/notifications", state="ready")).text
        umas = (await person.get("/notifications", user="uma")).text
    assert 'dead <span class="count">2</span>' in everybodys
    assert 'dead <span class="count">1</span>' in umas
    assert 'delivered <span class="count">1</span>' in umas


@pytest.mark.parametrize(
    "query", [{"state": "lost"}, {"job": "x"}, {"job": "9" * 19}, {"since": "ever"}, {"page": "-1"}]
)
async def test_what_makes_no_sense_is_said(place: PagesPlace, query: dict[str, str]) -> None:
    async with place.client("viewer") as person:
        assert (await person.get("/notifications", **query)).status_code == 400


async def test_one_shows_everything_and_nothing_in_it_is_markup(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("viewer") as person:
        for path in ("/notifications", f"/notifications/{DEAD}", f"/notifications/preview?message={DEAD}"):
            text = (await person.http.get(f"/ui{path}")).text
            assert "<script>alert" not in text
            assert "<img" not in text.replace('<img src="/ui/static', "")
            assert "{{ 7*7 }}" in text, path
            assert "\u202e" not in text
        one = (await person.get(f"/notifications/{DEAD}")).text
    assert "target refused" in one
    assert "550 &lt;script&gt;" in one
    assert "mail.requested" in one
    assert f'href="/ui/notifications/{DELIVERED}"' in one, "what else the event led to"
    assert HOSTILE[:8] not in one


async def test_an_operator_replays_those_ticked_after_a_preview(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("operator") as oscar:
        fields = {"what": "retry", "delivery": [str(DEAD), str(DELIVERED)]}
        preview = (await oscar.post("/notifications/change", fields)).text
        assert "Replay 1 message?" in preview
        assert "1 of the 2 chosen are left alone" in preview
        assert (await states(place.store))[DEAD] == "dead", "a preview changes nothing"
        answer = await oscar.post("/notifications/changed", fields)
        assert answer.status_code == 303
        assert "1 replayed. 1 left alone" in (await oscar.get("/notifications")).text
    found = await states(place.store)
    assert found[DEAD] == "ready"
    assert found[DELIVERED] == "delivered"
    [entry] = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=10))
    assert (entry.user, entry.via, entry.action, entry.outcome) == ("oscar", "page", "delivery retry", "done")


async def test_all_that_a_filter_shows_are_dropped_and_no_others(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("operator") as oscar:
        fields = {"what": "drop", "all": "1", "state": "dead", "user": "vera"}
        preview = (await oscar.post("/notifications/change", fields)).text
        assert "Drop 1 message?" in preview
        assert f'name="last" value="{OTHERS}"' in preview
        await oscar.post("/notifications/changed", {**fields, "last": str(OTHERS), "why": "vera left"})
        shown = (await oscar.get(f"/notifications/{OTHERS}")).text
    found = await states(place.store)
    assert (found[OTHERS], found[DEAD]) == ("dropped", "dead")
    assert "vera left" in shown


async def test_what_came_after_the_preview_is_not_dropped(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("operator") as oscar:
        fields = {"what": "drop", "all": "1", "state": "dead", "last": str(DEAD)}
        await oscar.post("/notifications/changed", fields)
    assert (await states(place.store))[OTHERS] == "dead"


@pytest.mark.parametrize(
    "fields",
    [
        {"what": "retry"},
        {"what": "burn", "delivery": "1"},
        {"what": "retry", "delivery": "x"},
        {"what": "drop", "all": "1"},
    ],
)
async def test_a_change_of_nothing_clear_is_refused(place: PagesPlace, fields: dict[str, str]) -> None:
    await tell(place.store)
    before = await states(place.store)
    async with place.client("operator") as oscar:
        for path in ("/notifications/change", "/notifications/changed"):
            assert (await oscar.post(path, fields)).status_code == 400
    assert await states(place.store) == before
