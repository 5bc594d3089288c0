"""Actions on the local socket: the kernel says who asks, and the settings what they may."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.events.journal import Journal
from headgate.notify.notices import Notices
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.web.local.serving import CONNECTORS, run_as, serving

NOTICES = Notices(CONNECTORS)
CALL = {"parameters": {"to": ["slack:D1"], "title": "x"}, "why": "to try it"}


def desk(store: Store) -> Desk:
    settings = RolesSettings(operator=Members(users=("daemon",)), viewer=Members(users=("bin",)))
    return Desk(Actions(Context(store, Journal([NOTICES]), NOTICES)), Roles(settings))


async def test_whoever_has_the_role_runs_an_action_in_their_name(store: Store) -> None:
    async with serving(store, actions=desk(store)) as local:
        status, answer = await local.ask_as("daemon", "POST", "/actions/notify.send", CALL)
    assert (status, answer["ok"], answer["result"]["new"]) == (200, True, True)
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (entry.user, entry.via, entry.action, entry.outcome) == ("daemon", "local socket", "notify.send", "done")


@pytest.mark.parametrize("user", ["bin", "sys"])
async def test_whoever_has_it_not_is_refused_and_noted(store: Store, user: str) -> None:
    async with serving(store, actions=desk(store)) as local:
        status, answer = await local.ask_as(user, "POST", "/actions/notify.send", CALL)
    assert status == 403
    assert answer["detail"] == f"notify.send takes the role operator, and {user} has it not"
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (entry.user, entry.outcome) == (user, "refused")


async def test_everybody_sees_the_actions_they_may_call(store: Store) -> None:
    async with serving(store, actions=desk(store)) as local:
        status, listed = await local.ask_as("daemon", "GET", "/actions")
        assert (status, "notify.send" in [one["name"] for one in listed]) == (200, True)
        status, listed = await local.ask_as("bin", "GET", "/actions")
        assert (status, "notify.send" in [one["name"] for one in listed]) == (200, False)
        assert (await local.ask_as("sys", "GET", "/actions"))[0] == 403


async def test_mistakes_are_problems(store: Store) -> None:
    async with serving(store, actions=desk(store)) as local:
        status, answer = await local.ask_as("daemon", "POST", "/actions/notify.send", {"parameters": {"title": "x"}})
        assert (status, answer["detail"]) == (400, "notify.send: to: Field required")
        assert (await local.ask_as("daemon", "POST", "/actions/none", CALL))[0] == 404
        assert (await local.ask_as("daemon", "POST", "/actions/notify.send", {"parameter": {}}))[0] == 422


async def test_without_actions_there_are_none(store: Store) -> None:
    async with serving(store) as local:
        assert (await local.ask_as("daemon", "GET", "/actions"))[0] == 404


async def test_the_command_line_asks_the_service_for_those_who_have_no_configuration(store: Store) -> None:
    argv = [
        sys.executable,
        "-m",
        "headgate.cli.main",
        "action",
        "run",
        "notify.send",
        "to=slack:D1",
        "title=x",
        "--json",
    ]
    async with serving(store, actions=desk(store)) as local:
        done = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(local.path))
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["result"]["new"] is True
        refused = await asyncio.to_thread(run_as, "bin", argv, HEADGATE_SOCKET=str(local.path))
    said = "headgate: notify.send takes the role operator, and bin has it not\n"
    assert (refused.returncode, refused.stderr) == (1, said)
