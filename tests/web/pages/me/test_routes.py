from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from headgate.model.message import Outcome
from headgate.model.person import Link, Preferences, QuietHours, SubscriptionFilter
from headgate.store import audit, links, people
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.links import GuessLimits
from headgate.store.sessions import hash_of
from headgate.store.store import Store
from tests.web.pages.pages_place import PagesPlace, pages_place

SLACK: dict[str, dict[str, Any]] = {
    "connectors.slack": {"token": "xoxb-0-0-example"},
    "connectors.slack.bot": {"enabled": True, "app_token": "xapp-1-example"},
}
pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """Pages of a site whose people may link chats in Slack."""
    async with pages_place(store, tmp_path, **SLACK) as made:
        yield made


def offered(identity: str, name: str) -> Link:
    return Link("slack", identity, "", f"D{identity}", name, time.time())


async def entries(place: PagesPlace) -> list[AuditEntry]:
    return await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=50))


async def test_a_code_is_shown_once_and_links_a_chat(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        answer = await uma.post("/me/code", {"connector": "slack"})
        found = re.search(r"link ([0-9A-Z-]{13})", answer.text)
        assert found, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert found[1] not in (await uma.get("/me")).text
        redeemed = await place.store.write(
            lambda c: links.redeem(c, offered("U1", "<b>uma</b>"), found[1], GuessLimits())
        )
        assert redeemed.link is not None
        assert redeemed.link.user == "uma"
        shown = (await uma.get("/me")).text
        assert "&lt;b&gt;uma&lt;/b&gt;" in shown
        await uma.post("/me/unlink", {"connector": "slack", "identity": "U1"})
        assert "is not linked any more" in (await uma.get("/me")).text
    assert [(one.user, one.via, one.action) for one in await entries(place)] == [
        ("uma", "page", "link code"),
        ("uma", "page", "unlink"),
    ]
    assert found[1] not in str(await entries(place))


async def test_a_connector_without_a_bot_has_no_codes(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        assert (await uma.post("/me/code", {"connector": "mailto"})).status_code == 404
        assert (await uma.post("/me/code", {"connector": "nowhere"})).status_code == 404


async def test_nobody_unlinks_or_ends_what_is_anothers(place: PagesPlace) -> None:
    def write(connection: Connection) -> int:
        code = links.issue(connection, "vera", "slack", now=time.time(), lifetime=60)
        links.redeem(connection, offered("U2", "vera"), code, GuessLimits())
        return people.subscribe(connection, "vera", "mailto", SubscriptionFilter())

    number = await place.store.write(write)
    theirs = await place.session("vera")
    async with place.client("user") as uma:
        await uma.post("/me/unlink", {"connector": "slack", "identity": "U2"})
        assert "You have no such link" in (await uma.get("/me")).text
        await uma.post("/me/unsubscribe", {"number": str(number)})
        assert f"You have no subscription {number}" in (await uma.get("/me")).text
        await uma.post("/me/sessions/end", {"session": hash_of(theirs)})
        assert "no other session of yours" in (await uma.get("/me")).text
    assert await place.store.read(lambda c: people.links_of(c, ["vera"]))
    assert await place.store.read(lambda c: people.subscriptions_of(c, ["vera"]))
    assert await entries(place) == []


async def test_preferences_are_set_and_shown_as_the_command_has_them(place: PagesPlace) -> None:
    fields = {"connector": "slack", "quiet_start": "22:00", "quiet_end": "07:30", "digest": "2h", "mute": "1h"}
    async with place.client("user") as uma:
        await uma.post("/me/prefer", {**fields, "outcome": ["failed", "timed out"]})
        shown = (await uma.get("/me")).text
        own = await place.store.read(lambda c: people.preferences_of(c, ["uma"])["uma"])
        assert own.quiet == QuietHours(start=22 * 60, end=7 * 60 + 30)
        assert (own.connector, own.digest_every) == ("slack", 7200.0)
        assert own.outcomes == frozenset({Outcome.FAILED, Outcome.TIMED_OUT})
        assert own.muted_until is not None
        assert 'value="22:00"' in shown
        assert "quiet from 22:00 to 07:30" in shown
        await uma.post("/me/prefer", {"mute": "keep", "quiet_start": "", "digest": ""})
        kept = await place.store.read(lambda c: people.preferences_of(c, ["uma"])["uma"])
        assert kept == Preferences(muted_until=own.muted_until)
        await uma.post("/me/prefer", {})
    assert await place.store.read(lambda c: people.preferences_of(c, ["uma"])) == {}
    assert {(one.action, one.via) for one in await entries(place)} == {("prefer", "page")}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"quiet_start": "22:00"}, "quiet hours should have"),
        ({"quiet_start": "07:00", "quiet_end": "07:00"}, "begin and end at different times"),
        ({"quiet_start": "25:00", "quiet_end": "26:00"}, "quiet hours should have"),
        ({"digest": "soon"}, "no span of time"),
        ({"digest": "1s"}, "digest_every"),
        ({"mute": "900d"}, "within a year"),
        ({"outcome": "wonderful"}, "no such outcome"),
        ({"connector": "nowhere"}, "no connector is called"),
    ],
)
async def test_a_wish_that_makes_no_sense_changes_nothing_and_says_why(
    place: PagesPlace, fields: dict[str, str], why: str
) -> None:
    async with place.client("user") as uma:
        await uma.post("/me/prefer", fields)
        assert why.lower() in (await uma.get("/me")).text.lower()
    assert await place.store.read(lambda c: people.preferences_of(c, ["uma"])) == {}


async def test_subscriptions_are_made_shown_and_ended(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        wanted = {"connector": "mailto", "failures": "1", "longer_than": "2h", "partitions": "gpu, long"}
        await uma.post("/me/subscribe", wanted)
        shown = (await uma.get("/me")).text
        assert "failures and jobs that ran for 2 h or longer, in gpu, long" in shown
        [one] = await place.store.read(lambda c: people.subscriptions_of(c, ["uma"]))
        assert one.filter == SubscriptionFilter(failures=True, longer_than=7200.0, partitions=("gpu", "long"))
        await uma.post("/me/subscribe", {"connector": "slack"})
        assert "Uma has no link to slack" in (await uma.get("/me")).text
        await uma.post("/me/unsubscribe", {"number": str(one.id)})
    assert await place.store.read(lambda c: people.subscriptions_of(c, ["uma"])) == []
    assert [one.action for one in await entries(place)] == ["subscribe", "unsubscribe"]


async def test_other_sessions_are_ended_and_this_one_stays(place: PagesPlace) -> None:
    async with place.client("user") as uma, place.client("user") as elsewhere:
        assert (await uma.get("/me")).text.count("End session") == 1
        await uma.post("/me/sessions/end", {})
        assert (await elsewhere.get("/me")).status_code == 303
        assert (await uma.get("/me")).status_code == 200
    assert [one.action for one in await entries(place)] == ["sign out"]


async def test_a_stranger_changes_nothing(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        assert (await stranger.get("/me")).status_code == 303
        for path in ("code", "unlink", "prefer", "subscribe", "unsubscribe", "sessions/end"):
            assert (await stranger.post(f"/me/{path}", {"connector": "mailto"})).status_code == 401
