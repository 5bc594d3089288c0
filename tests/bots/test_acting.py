"""Actions in a chat: who may, what is asked before something is changed, and what is written down."""

from __future__ import annotations

import pytest

from headgate.actions.chat import ChatActions
from headgate.actions.desk import Desk
from headgate.actions.roles import Roles
from headgate.bots import wording
from headgate.bots.chat import Answer
from headgate.config.roles import Members, RolesSettings
from headgate.store import audit
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.store import Store
from tests.actions.made import walls
from tests.bots.site import ALL, Site

PAINT = "action wall.paint walls=north,south coats=2"


def site(store: Store, commands: tuple[str, ...] = (*ALL, "action")) -> Site:
    roles = Roles(RolesSettings(operator=Members(users=("ada",)), viewer=Members(users=("ben",))))
    return Site(store, commands=commands, actions=ChatActions(Desk(walls(store), roles), "slack"))


async def entries(store: Store) -> list[AuditEntry]:
    """Return what the audit log has of actions."""
    found = await store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    return [one for one in found if one.action not in ("link", "help")]


def yes(answer: Answer) -> str:
    """Return what is to be said so that it is done."""
    [button] = answer.buttons
    assert button.command in answer.text
    return button.command


async def test_what_changes_nothing_is_answered_at_once(store: Store) -> None:
    bot = site(store)
    await bot.link("ben")
    answer = await bot.say("action wall.look wall=the south one")
    assert (answer.text, answer.code) == ("wall.look: done.", "the south one seen by ben")


async def test_what_changes_something_is_asked_and_then_done_once(store: Store) -> None:
    bot = site(store)
    await bot.link()
    asked = await bot.say(PAINT)
    assert asked.text.startswith("This is what wall.paint would do.\nShall I?")
    assert '"north": false' in asked.code
    done = await bot.say(yes(asked))
    assert done.text == "wall.paint: done."
    assert '"north": true' in done.code
    again = await bot.say(yes(asked))
    assert again.text.startswith("I asked you nothing")
    by_outcome = {one.outcome: one for one in await entries(store)}
    assert list(by_outcome) == ["asked", "done", "refused"]
    entry = by_outcome["done"]
    assert (entry.user, entry.via, entry.action, entry.detail) == ("ada", "bot slack", "wall.paint", "from U1")
    assert entry.subject == 'walls=["north", "south"] coats=2'


async def test_a_yes_is_good_for_two_minutes_and_for_whom_was_asked(store: Store) -> None:
    bot = site(store)
    await bot.link()
    await bot.link("ben", "U2")
    asked = await bot.say(PAINT)
    assert (await bot.say(yes(asked), "U2")).text.startswith("I asked you nothing")
    bot.clock.now += 121
    assert (await bot.say(yes(asked))).text.startswith("I asked you nothing")
    assert "done" not in [one.outcome for one in await entries(store)]


@pytest.mark.parametrize("user", ["ben", "cyd"])
async def test_whoever_has_not_the_role_is_refused(store: Store, user: str) -> None:
    bot = site(store)
    await bot.link(user)
    answer = await bot.say(PAINT)
    assert answer.text == f"That was not done: wall.paint takes the role operator, and {user} has it not"
    assert not answer.buttons


async def test_mistakes_are_told(store: Store) -> None:
    bot = site(store)
    await bot.link()
    assert "there is no action 'wall.tear'" in (await bot.say("action wall.tear")).text
    assert "colour: Extra inputs" in (await bot.say("action wall.paint walls=n colour=red")).text
    assert "coats: Input should be a valid integer" in (await bot.say("action wall.paint walls=n coats=two")).text


async def test_what_was_done_in_part_is_told_with_what_was_done(store: Store) -> None:
    bot = site(store)
    await bot.link()
    asked = await bot.say("action wall.paint walls=north,broken")
    assert "It would not all be done: 1 of 2 walls is broken" in asked.text
    done = await bot.say(yes(asked))
    assert done.text == "wall.paint: 1 of 2 walls is broken"
    assert '"north": true' in done.code


async def test_where_the_site_does_not_offer_actions_there_are_none(store: Store) -> None:
    bot = site(store, ALL)
    await bot.link()
    assert (await bot.say(PAINT)).text == wording.NOT_HERE


async def test_who_is_not_known_or_not_alone_gets_none(store: Store) -> None:
    bot = site(store)
    assert "I do not know your account" in (await bot.say(PAINT)).text
    await bot.link()
    assert (await bot.say(PAINT, private=False)).text == wording.IN_PRIVATE


async def test_help_names_it(store: Store) -> None:
    bot = site(store)
    await bot.link()
    assert "action NAME PARAMETER=VALUE" in (await bot.say("help")).text
