"""Decisions about executions on the local socket, as the command line asks for them."""

from __future__ import annotations

import asyncio
import sys

import pytest

from headgate.actions.desk import Desk
from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.store import executions
from headgate.store.store import Store
from tests.actions.made import walls
from tests.rules.waiting import waiting
from tests.web.local.serving import run_as, serving


def desk(store: Store) -> Desk:
    settings = RolesSettings(operator=Members(users=("daemon",)), viewer=Members(users=("bin",)))
    return Desk(walls(store), Roles(settings))


@pytest.mark.parametrize(("verb", "state"), [("approve", "waiting"), ("refuse", "cancelled"), ("cancel", "cancelled")])
async def test_who_has_the_role_and_no_configuration_decides_by_the_service(
    store: Store, verb: str, state: str
) -> None:
    number = await waiting(store)
    argv = [sys.executable, "-m", "headgate.cli.main", "execution", verb, str(number)]
    async with serving(store, actions=desk(store)) as local:
        refused = await asyncio.to_thread(run_as, "bin", argv, HEADGATE_SOCKET=str(local.path))
        done = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(local.path))
        late = await asyncio.to_thread(run_as, "daemon", argv, HEADGATE_SOCKET=str(local.path))
    assert (refused.returncode, refused.stderr) == (
        1,
        f"headgate: to {verb} execution {number} takes the role operator, and bin has it not\n",
    )
    word = {"approve": "approved", "refuse": "refused", "cancel": "cancelled"}[verb]
    assert (done.returncode, done.stdout, done.stderr) == (0, f"execution {number} is {word}\n", "")
    if verb != "cancel":
        assert late.stderr.startswith(f"headgate: execution {number} waits for nobody's approval: ")
    found = await store.read(lambda connection: executions.get(connection, number))
    assert found is not None
    assert (found.state.value, found.reason) == (state, f"{word} by daemon")


async def test_other_words_decide_nothing(store: Store) -> None:
    number = await waiting(store)
    async with serving(store, actions=desk(store)) as local:
        assert (await local.ask_as("daemon", "POST", f"/executions/{number}/burn"))[0] == 422
        assert (await local.ask_as("daemon", "POST", "/executions/0/approve"))[0] == 422
        assert (await local.ask_as("sys", "POST", f"/executions/{number}/approve"))[0] == 403
