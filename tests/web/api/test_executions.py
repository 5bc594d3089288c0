"""Executions by REST: who sees what, and who decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from headgate.actions.desk import Desk
from headgate.actions.roles import Roles
from headgate.config.gateway import GatewaySettings
from headgate.config.roles import Members, RolesSettings
from headgate.gateway.apps import Apps
from headgate.gateway.following import Follower
from headgate.gateway.gateway import Gateway
from headgate.model.app import AppRules
from headgate.model.event import JSON
from headgate.model.execution import ExecutionState, TryState
from headgate.store import audit, executions
from headgate.store.audit import AuditFilter
from headgate.store.executions import Execution
from headgate.store.store import Store
from headgate.web.api.application import make_api
from tests.actions.made import walls
from tests.rules.waiting import UNTIL, waiting

ROLES = RolesSettings(viewer=Members(apps=("dashboard",)), operator=Members(apps=("portal",)))


@asynccontextmanager
async def asking(store: Store, app: str | None) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask with the token of an app that is made for it; None: an administrator's."""
    apps = Apps(store)
    rules = AppRules(any_user=True, rate=10_000, burst=100_000)
    _, token = await apps.give_token(None, "first") if app is None else await apps.add(app, rules)
    gateway = Gateway(GatewaySettings(), store, {}, Follower(frozenset(), 0.0), desk=Desk(walls(store), Roles(ROLES)))
    transport = httpx2.ASGITransport(make_api(lambda: gateway))
    headers = {"X-Auth-Token": token}
    async with httpx2.AsyncClient(transport=transport, base_url="http://headgate", headers=headers) as client:
        yield client


async def tried(store: Store, number: int) -> None:
    """Have a step of an execution done, with a password among its parameters."""
    found = await store.read(lambda connection: executions.get(connection, number))
    assert isinstance(found, Execution)
    given: JSON = {"walls": ["north"], "password": "sesame"}
    begun = await store.write(
        lambda c: executions.begin_try(c, found, ref="wall.paint", parameters=given, touches=(), now=2e9)
    )
    assert begun is not None
    await store.write(lambda c: executions.end_try(c, begun, TryState.DONE, result={"north": True}, error="", now=3e9))


async def test_executions_are_listed_and_filtered(store: Store) -> None:
    first = await waiting(store, ExecutionState.DONE, key="a", rule="site.other")
    second = await waiting(store, key="b", subject="node n5")
    async with asking(store, "dashboard") as client:
        both = (await client.get("/executions")).json()
        assert [one["id"] for one in both] == [first, second]
        assert both[1] == {
            "id": second,
            "rule": "site.drain",
            "event": both[1]["event"],
            "about": "node n5",
            "state": "approval",
            "reason": "wants the approval of the role operator: wall.paint",
            "step": "action",
            "steps": ["action: wall.paint"],
            "begun_at": 1e9,
            "next_at": UNTIL,
            "ended_at": None,
            "takes_role": "operator",
            "approved_by": None,
        }
        assert (both[0]["next_at"], both[0]["takes_role"]) == (None, None)
        for query, found in {
            "open=true": [second],
            "state=done": [first],
            "rule=site.other": [first],
            "about=node%20n5": [second],
            "since=2000000000": [],
            "limit=1": [second],
        }.items():
            assert [one["id"] for one in (await client.get(f"/executions?{query}")).json()] == found, query


@pytest.mark.parametrize("query", ["state=odd", "limit=0", "rule=%00", "since=nan", "about=" + "x" * 301])
async def test_what_makes_no_sense_is_refused(store: Store, query: str) -> None:
    async with asking(store, "dashboard") as client:
        assert (await client.get(f"/executions?{query}")).status_code == 400


async def test_one_is_shown_with_its_tries_and_without_secrets(store: Store) -> None:
    number = await waiting(store, ExecutionState.WAITING)
    await tried(store, number)
    async with asking(store, "portal") as client:
        shown = (await client.get(f"/executions/{number}")).json()
        assert [(one["step"], one["action"], one["state"]) for one in shown["tries"]] == [
            ("action", "wall.paint", "done")
        ]
        assert shown["tries"][0]["result"] == {"north": True}
        assert shown["tries"][0]["parameters"]["walls"] == ["north"]
        assert "sesame" not in (await client.get(f"/executions/{number}")).text
        assert (await client.get("/executions/77")).status_code == 404
        assert (await client.get("/executions/0")).status_code == 400


async def test_who_may_not_call_an_action_does_not_see_what_it_answered(store: Store) -> None:
    number = await waiting(store, ExecutionState.WAITING)
    await tried(store, number)
    async with asking(store, "dashboard") as client:
        [one] = (await client.get(f"/executions/{number}")).json()["tries"]
        assert (one["state"], one["parameters"], one["result"]) == ("done", None, None)


@pytest.mark.parametrize(("verb", "state"), [("approve", "waiting"), ("refuse", "cancelled"), ("cancel", "cancelled")])
async def test_who_has_the_role_decides_once(store: Store, verb: str, state: str) -> None:
    number = await waiting(store)
    async with asking(store, "portal") as client:
        answer = await client.post(f"/executions/{number}/{verb}")
        assert (answer.status_code, answer.json()["state"]) == (200, state)
        assert answer.json()["approved_by"] == ("portal" if verb == "approve" else None)
        again = await client.post(f"/executions/{number}/refuse")
        assert again.status_code == 409
        assert again.json()["detail"].startswith(f"execution {number} waits for nobody's approval: ")
        assert (await client.post(f"/executions/77/{verb}")).status_code == 404
    entries = await store.read(lambda c: audit.find(c, AuditFilter(via="api portal"), limit=9))
    assert [(one.action, one.outcome) for one in entries] == [
        (f"execution.{verb}", "done"),
        ("execution.refuse", "refused"),
        (f"execution.{verb}", "refused"),
    ]


async def test_an_administrators_token_decides(store: Store) -> None:
    number = await waiting(store)
    async with asking(store, None) as client:
        assert (await client.post(f"/executions/{number}/approve")).json()["approved_by"] == "token first"


@pytest.mark.parametrize(("app", "looks"), [("dashboard", 200), ("stranger", 403)])
async def test_who_has_not_the_role_is_refused(store: Store, app: str, looks: int) -> None:
    number = await waiting(store)
    async with asking(store, app) as client:
        assert (await client.get("/executions")).status_code == looks
        assert (await client.get(f"/executions/{number}")).status_code == looks
        for verb in ("approve", "refuse", "cancel"):
            answer = await client.post(f"/executions/{number}/{verb}")
            assert (answer.status_code, app in answer.json()["detail"]) == (403, True)
        assert (await client.get("/executions", headers={"X-Auth-Token": "hgt_wrong"})).status_code == 401
    found = await store.read(lambda connection: executions.get(connection, number))
    assert found is not None
    assert found.state is ExecutionState.APPROVAL
