"""Approving and refusing executions in a chat: who may, where, what everybody reads, and what is written down."""

from __future__ import annotations

import pytest

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.bots import wording
from headgate.bots.chat import Incoming
from headgate.config.roles import Members, RolesSettings
from headgate.model.execution import ExecutionState
from headgate.model.role import Role
from headgate.rules.approval import Decisions
from headgate.rules.chat import ChatDecisions
from headgate.store import executions
from headgate.store.store import Store
from tests.bots.site import ALL, Site
from tests.rules.waiting import UNTIL, waiting

ROLES = Roles(
    RolesSettings(operator=Members(users=("ada",)), viewer=Members(users=("ben",)), admin=Members(users=("eve",)))
)


def site(store: Store, commands: tuple[str, ...] = (*ALL, "approve", "refuse"), now: float = 1e9) -> Site:
    decisions = Decisions(store, clock=lambda: now)
    door = ChatDecisions(decisions, Desk(Actions(Context(store)), ROLES), "slack")
    return Site(store, commands=commands, decisions=door)


async def state(store: Store, number: int) -> ExecutionState:
    found = await store.read(lambda connection: executions.get(connection, number))
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("verb", "done", "after"),
    [("approve", "approved", ExecutionState.WAITING), ("refuse", "refused", ExecutionState.CANCELLED)],
)
async def test_who_has_the_role_decides_in_private(store: Store, verb: str, done: str, after: ExecutionState) -> None:
    bot, number = site(store), await waiting(store)
    await bot.link()
    answer = await bot.say(f"{verb} {number}")
    assert answer.text == f"Execution {number} (site.drain, for node n4) is {done}."
    assert await state(store, number) is after
    assert (await bot.audited())[1:] == [("ada", f"execution.{verb}", f"execution {number} of site.drain", "done")]


async def test_in_a_channel_everybody_reads_who_decided_and_only_the_second_that_it_was_too_late(store: Store) -> None:
    bot, number = site(store), await waiting(store)
    await bot.link()
    await bot.link("eve", "U2")
    pressed = Incoming("U1", "Ada L.", "C9", private=False, text=f"approve {number}", pressed=True)
    first = await bot.conversation(pressed)
    assert first is not None
    assert (first.text, first.discreet) == (
        f"Execution {number} (site.drain, for node n4) is approved by Ada L..",
        False,
    )
    second = await bot.say(f"refuse {number}", "U2", private=False)
    assert second.text == (
        f"That was not done: execution {number} waits for nobody's approval: ada approved it, and it is waiting "
        "(approved by ada)"
    )
    assert second.discreet
    assert await state(store, number) is ExecutionState.WAITING
    assert [(user, outcome) for user, _, _, outcome in await bot.audited()][2:] == [("ada", "done"), ("eve", "refused")]


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("user", ["ben", "cyd"])
async def test_who_has_not_the_role_is_told_so_alone(store: Store, user: str, private: bool) -> None:
    bot, number = site(store), await waiting(store)
    await bot.link(user)
    answer = await bot.say(f"approve {number}", private=private)
    assert answer.text.startswith("That was not done: ")
    assert f"{user} has" in answer.text
    assert answer.discreet is not private
    assert await state(store, number) is ExecutionState.APPROVAL
    assert (await bot.audited())[-1][::3] == (user, "refused")


async def test_the_role_that_the_rule_wants_is_what_counts(store: Store) -> None:
    bot, number = site(store), await waiting(store, role=Role.ADMIN)
    await bot.link()
    await bot.link("eve", "U2")
    assert "takes the role admin, and ada has it not" in (await bot.say(f"approve {number}")).text
    assert "is approved" in (await bot.say(f"approve {number}", "U2")).text


async def test_too_late_is_said(store: Store) -> None:
    bot, number = site(store, now=UNTIL), await waiting(store)
    await bot.link()
    assert "it is too late" in (await bot.say(f"approve {number}")).text
    assert "there is no execution 99" in (await bot.say("approve 99")).text


async def test_who_is_not_known_is_told_how_to_be_alone(store: Store) -> None:
    bot, number = site(store), await waiting(store)
    for private in (True, False):
        answer = await bot.say(f"approve {number}", private=private)
        assert "I do not know your account" in answer.text
        assert answer.discreet is not private
    assert await state(store, number) is ExecutionState.APPROVAL


async def test_where_the_site_offers_no_decisions_there_are_none(store: Store) -> None:
    number = await waiting(store)
    for bot in (site(store, ALL), Site(store, commands=("approve", "refuse"))):
        await bot.link()
        assert (await bot.say(f"approve {number}")).text == wording.NOT_HERE
    assert await state(store, number) is ExecutionState.APPROVAL


async def test_help_names_them(store: Store) -> None:
    bot = site(store)
    await bot.link()
    assert "approve 12" in (await bot.say("help")).text
