from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from headgate.bots.rates import Rates
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message, Outcome
from headgate.model.person import Link
from headgate.store import audit, deliveries, journal, links, people
from headgate.store.audit import AuditFilter
from headgate.store.deliveries import NewDelivery
from headgate.store.links import GuessLimits
from headgate.store.store import Store
from tests.web.local.serving import ME, Local, serving


@pytest.fixture
async def local(store: Store) -> AsyncIterator[Local]:
    async with serving(store) as made:
        yield made


async def link(local: Local, user: str = ME, identity: str = "U1", connector: str = "slack") -> None:
    now = time.time()
    code = await local.store.write(lambda c: links.issue(c, user, connector, now=now, lifetime=60))
    offered = Link(connector, identity, "", f"D{identity}", f"name of {identity}", now)
    await local.store.write(lambda c: links.redeem(c, offered, code, GuessLimits()))


async def detail(local: Local, method: str, url: str, body: object = None) -> tuple[int, str]:
    answer = await local.ask(method, url, body)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["detail"]


async def test_a_code_links_whoever_asked_for_it(local: Local) -> None:
    answer = await local.ask("POST", "/me/codes", {"connector": "slack"})
    assert answer.status_code == 201
    code = answer.json()
    assert code["say"] == f"link {code['code']}"
    assert 590 < code["expires_at"] - time.time() <= 600
    offered = Link("slack", "U1", "", "D1", "n", time.time())
    redeemed = await local.store.write(lambda c: links.redeem(c, offered, code["code"], GuessLimits()))
    assert redeemed.link is not None
    assert redeemed.link.user == ME


async def test_another_users_code_is_theirs(local: Local) -> None:
    status, code = await local.ask_as("daemon", "POST", "/me/codes", {"connector": "slack"})
    assert status == 201
    offered = Link("slack", "U1", "", "D1", "n", time.time())
    redeemed = await local.store.write(lambda c: links.redeem(c, offered, code["code"], GuessLimits()))
    assert redeemed.owner == "daemon"


@pytest.mark.parametrize("connector", ["nowhere", "mailto"])
async def test_a_connector_without_a_bot_gives_no_code_and_says_which_do(local: Local, connector: str) -> None:
    status, why = await detail(local, "POST", "/me/codes", {"connector": connector})
    assert status == 404
    assert connector in why
    assert "matrix, slack" in why


async def test_links_are_listed_and_untied(local: Local) -> None:
    await link(local, identity="U1")
    await link(local, identity="U2")
    await link(local, "daemon", "U3")
    listed = (await local.ask("GET", "/me/links")).json()
    assert {one["identity"] for one in listed} == {"U1", "U2"}
    gone = (await local.ask("DELETE", "/me/links/slack?identity=U1")).json()
    assert [one["identity"] for one in gone] == ["U1"]
    assert (await local.ask("DELETE", "/me/links/slack")).status_code == 200
    assert await detail(local, "DELETE", "/me/links/slack") == (404, "you have no such link to 'slack'")


async def test_nobody_sees_or_unties_another_users_link(local: Local) -> None:
    await link(local)
    assert await local.ask_as("daemon", "GET", "/me/links") == (200, [])
    status, _ = await local.ask_as("daemon", "DELETE", "/me/links/slack?identity=U1")
    assert status == 404
    assert len((await local.ask("GET", "/me/links")).json()) == 1


async def test_preferences_are_kept_as_they_are_set(local: Local) -> None:
    wanted = {
        "connector": "slack",
        "quiet": {"start": 1320, "end": 420},
        "digest_every": 3600.0,
        "outcomes": ["failed"],
        "muted_until": time.time() + 60,
    }
    assert (await local.ask("PUT", "/me/preferences", wanted)).json() == wanted
    assert (await local.ask("GET", "/me/preferences")).json() == wanted
    assert (await local.ask_as("daemon", "GET", "/me/preferences"))[1]["connector"] is None
    await local.ask("PUT", "/me/preferences", {})
    assert await local.store.read(lambda c: people.preferences_of(c, [ME])) == {}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"connector": "nowhere"}, 404),
        ({"quiet": {"start": 60, "end": 60}}, 422),
        ({"quiet": {"start": 60, "end": 1440}}, 422),
        ({"digest_every": 1}, 422),
        ({"muted_until": 1e18}, 422),
        ({"muted_until": -1}, 422),
        ({"outcomes": ["wonderful"]}, 422),
        ({"user": "daemon"}, 422),
        ([], 422),
    ],
)
async def test_preferences_that_mean_nothing_are_refused(local: Local, body: object, status: int) -> None:
    assert (await detail(local, "PUT", "/me/preferences", body))[0] == status
    assert await local.store.read(lambda c: people.preferences_of(c, [ME])) == {}


async def test_a_subscription_by_mail_needs_no_link(local: Local) -> None:
    wanted = {"connector": "mailto", "filter": {"failures": True, "longer_than": 3600.0, "partitions": ["gpu"]}}
    made = await local.ask("POST", "/me/subscriptions", wanted)
    assert made.status_code == 201
    number = made.json()["id"]
    assert (await local.ask("POST", "/me/subscriptions", wanted)).json()["id"] == number
    [listed] = (await local.ask("GET", "/me/subscriptions")).json()
    assert listed == {"id": number, **wanted, "filter": {**wanted["filter"], "starts": False}}  # type: ignore[dict-item]
    assert (await local.ask("DELETE", f"/me/subscriptions/{number}")).status_code == 204
    assert (await local.ask("GET", "/me/subscriptions")).json() == []


async def test_a_subscription_in_a_chat_needs_a_link(local: Local) -> None:
    status, why = await detail(local, "POST", "/me/subscriptions", {"connector": "slack"})
    assert (status, why) == (409, f"{ME} has no link to slack: headgate me link slack")
    await link(local)
    assert (await local.ask("POST", "/me/subscriptions", {"connector": "slack"})).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"connector": "nowhere"}, 404),
        ({"connector": "hook"}, 409),
        ({"connector": "x" * 65}, 422),
        ({"connector": "mailto", "filter": {"longer_than": -1}}, 422),
        ({"connector": "mailto", "filter": {"partitions": ["x"] * 17}}, 422),
        ({"connector": "mailto", "filter": {"partitions": ["x" * 65]}}, 422),
        ({"connector": "mailto", "filter": {"partitions": [""]}}, 422),
        ({"connector": "mailto", "user": "daemon"}, 422),
    ],
)
async def test_subscriptions_that_mean_nothing_are_refused(local: Local, body: object, status: int) -> None:
    assert (await detail(local, "POST", "/me/subscriptions", body))[0] == status
    assert (await local.ask("GET", "/me/subscriptions")).json() == []


async def test_nobody_ends_another_users_subscription(local: Local) -> None:
    number = (await local.ask("POST", "/me/subscriptions", {"connector": "mailto"})).json()["id"]
    assert (await local.ask_as("daemon", "DELETE", f"/me/subscriptions/{number}"))[0] == 404
    assert await local.ask_as("daemon", "GET", "/me/subscriptions") == (200, [])
    assert len((await local.ask("GET", "/me/subscriptions")).json()) == 1
    assert (await detail(local, "DELETE", f"/me/subscriptions/{10**30}"))[0] == 404


async def test_subscriptions_are_bounded(local: Local) -> None:
    for seconds in range(20):
        body = {"connector": "mailto", "filter": {"longer_than": seconds}}
        assert (await local.ask("POST", "/me/subscriptions", body)).status_code == 201
    assert (await detail(local, "POST", "/me/subscriptions", {"connector": "mailto"}))[0] == 409


async def test_deliveries_are_those_about_ones_own_jobs(local: Local) -> None:
    facts = [
        Event(user, EventKind.JOB_ENDED, 1.0, f"job of {user}", Source.WATCHER, cluster="c", job_id=1, user=user)
        for user in (ME, "daemon")
    ]
    numbers = await local.store.write(lambda c: journal.append(c, facts))
    message = Message(title="Failed: job 1", outcome=Outcome.FAILED, time=1.0).model_dump_json()
    owed = [
        NewDelivery(numbers[ME], "k1", "mailto", "boss@example.org", "l1", message),
        NewDelivery(numbers["daemon"], "k2", "mailto", f"{ME}@example.org", "l2"),
    ]
    await local.store.write(lambda c: deliveries.owe(c, owed, 5.0))
    [mine] = (await local.ask("GET", "/me/deliveries")).json()
    assert (mine["title"], mine["target"], mine["state"], mine["owed_at"]) == (
        "Failed: job 1", "boss@example.org", "ready", 5.0
    )  # fmt: skip
    _, [theirs] = await local.ask_as("daemon", "GET", "/me/deliveries")
    assert (theirs["subject"], theirs["title"]) == ("job of daemon", None)
    assert (await detail(local, "GET", "/me/deliveries?limit=0"))[0] == 422


async def test_the_summary_holds_everything_about_the_asker(local: Local) -> None:
    await link(local)
    await local.ask("POST", "/me/subscriptions", {"connector": "slack"})
    told = (await local.ask("GET", "/me")).json()
    assert told["default_connector"] == "mailto"
    assert [one["connector"] for one in told["links"]] == ["slack"]
    assert [one["connector"] for one in told["subscriptions"]] == ["slack"]
    shown = {one["name"]: (one["bot"], one["reaches"]) for one in told["connectors"]}
    assert shown == {"hook": (False, False), "mailto": (False, True), "matrix": (True, False), "slack": (True, True)}
    _, theirs = await local.ask_as("daemon", "GET", "/me")
    assert (theirs["user"], theirs["links"], theirs["subscriptions"]) == ("daemon", [], [])


async def test_what_is_changed_is_in_the_audit_log_without_codes(local: Local) -> None:
    code = (await local.ask("POST", "/me/codes", {"connector": "slack"})).json()["code"]
    await link(local)
    await local.ask("DELETE", "/me/links/slack")
    await local.ask("PUT", "/me/preferences", {"digest_every": 3600})
    await local.ask("POST", "/me/subscriptions", {"connector": "mailto"})
    await local.ask("DELETE", "/me/subscriptions/1")
    await local.ask("GET", "/me")
    entries = await local.store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    assert {(one.user, one.via, one.outcome) for one in entries} == {(ME, "local socket", "done")}
    told = [(one.action, one.subject) for one in entries]
    assert told == [
        ("link code", "slack"), ("unlink", "slack"), ("prefer", ""), ("subscribe", "mailto"), ("unsubscribe", "1")
    ]  # fmt: skip
    assert code[:6] not in repr(entries)


async def test_who_asks_too_much_is_refused_and_others_are_not(store: Store) -> None:
    async with serving(store, rates=Rates(3, clock=lambda: 0.0)) as local:
        statuses = [(await local.ask("GET", "/me/links")).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await local.ask_as("daemon", "GET", "/me/links"))[0] == 200


async def test_an_endless_body_is_not_read(local: Local) -> None:
    status, why = await detail(local, "POST", "/me/codes", {"connector": "x" * 1_000_000})
    assert (status, why) == (413, "a request holds at most 65536 bytes")


@pytest.mark.parametrize(("method", "url", "status"), [("GET", "/", 404), ("GET", "/docs", 404), ("POST", "/me", 405)])
async def test_other_requests_are_problems_too(local: Local, method: str, url: str, status: int) -> None:
    assert (await detail(local, method, url))[0] == status


async def test_a_store_that_is_away_is_a_problem_that_passes(tmp_path: object) -> None:
    store = Store(f"sqlite:///{tmp_path}/empty.db")
    try:
        async with serving(store) as local:
            assert (await detail(local, "GET", "/me"))[0] == 503
    finally:
        store.close()
