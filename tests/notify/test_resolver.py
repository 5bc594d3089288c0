"""Names in receiver lists are looked up together, and nothing is lost while the directory is away."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from headgate.errors import RecipientError
from headgate.events.journal import Journal
from headgate.events.mail_events import mail_event
from headgate.model.delivery import DeliveryState, Reason
from headgate.notify.addresses import Addressing
from headgate.notify.lookup.found import Answer, Failed, Found, NotFound
from headgate.notify.recipients import Recipients
from headgate.notify.resolver import Lookup, Resolver, ResolverSettings
from headgate.store import deliveries
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.notify.jobs import ENDED


class Chat(ScriptedConnector):
    """Takes numbers only."""

    def check_target(self, target: str) -> str:
        if not target.isdigit():
            raise RecipientError("chats are numbers")
        return target


class Names:
    """A directory of a few people that counts how often it is asked."""

    def __init__(self, **known: Answer) -> None:
        self.known = known
        self.asked: list[set[str]] = []

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        self.asked.append(set(names))
        return {name: self.known.get(name, NotFound()) for name in names}


CONNECTORS = {"chat": Chat(name="chat")}
LOOKS = {"chat": Addressing(lookup=True)}


async def ask(store: Store, receivers: str, job: int = 1) -> None:
    """Have Slurm ask for a mail."""
    request = replace(ENDED, record_id=f"r{job}", job_id=job, receivers=receivers)
    journal = Journal([Recipients(CONNECTORS, "chat", 0.0, LOOKS)])
    await store.write(lambda c: journal.append(c, [mail_event(request, cluster="alpha")]))


def resolver(store: Store, names: Names, *, passes: bool = False, give_up: float = 3600.0) -> Resolver:
    settings = ResolverSettings(again=0.0, give_up_after=give_up, poll=0.01)
    return Resolver(store, CONNECTORS, {"chat": Lookup(names, passes)}, settings)


async def owed(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=1000))


async def test_no_message_is_made_for_a_name_that_is_not_looked_up_yet(store: Store) -> None:
    await ask(store, "chat:ben")
    assert await store.read(lambda c: deliveries.waiting_events(c, time.time() + 60, 10)) == {}
    assert await store.read(deliveries.next_waiting) is None


async def test_a_name_becomes_the_target_that_the_directory_knows(store: Store) -> None:
    await ask(store, "chat:ben")
    assert await resolver(store, Names(ben=Found("22", "ldap"))).look() == 1
    [item] = await owed(store)
    assert (item.target, item.state) == ("22", DeliveryState.WAITING)
    assert await store.read(lambda c: deliveries.waiting_events(c, time.time() + 60, 10)) != {}


async def test_all_names_that_wait_are_asked_for_at_once(store: Store) -> None:
    for job in range(1, 101):
        await ask(store, f"chat:user{job % 7}", job)
    names = Names(**{f"user{number}": Found(str(number), "ldap") for number in range(7)})
    assert await resolver(store, names).look() == 100
    assert names.asked == [{f"user{number}" for number in range(7)}]


async def test_a_name_nobody_knows_is_dead_with_the_reason(store: Store) -> None:
    await ask(store, "chat:ben")
    await resolver(store, Names()).look()
    [item] = await owed(store)
    assert (item.state, item.reason) == (DeliveryState.DEAD, Reason.TARGET_REFUSED)
    assert item.detail == "nobody knows where ben is in chat"


async def test_a_name_nobody_knows_may_be_the_target_itself(store: Store) -> None:
    await ask(store, "chat:ben")
    await resolver(store, Names(), passes=True).look()
    [item] = await owed(store)
    assert (item.state, item.detail) == (DeliveryState.DEAD, "ben was looked up: chats are numbers")


async def test_what_the_directory_says_is_checked_as_a_target(store: Store) -> None:
    await ask(store, "chat:ben")
    await resolver(store, Names(ben=Found("-x", "command"))).look()
    [item] = await owed(store)
    assert item.state is DeliveryState.DEAD


async def test_while_the_directory_is_away_messages_wait(store: Store) -> None:
    await ask(store, "chat:ben")
    names = Names(ben=Failed("ldap does not answer", transient=True))
    resolving = resolver(store, names)
    assert await resolving.look() == 0
    [item] = await owed(store)
    assert (item.state, item.reason, item.detail) == (
        DeliveryState.WAITING,
        Reason.UNREACHABLE,
        "ldap does not answer",
    )
    names.known["ben"] = Found("22", "ldap")
    assert await resolving.look() == 1


async def test_what_was_said_of_a_directory_that_was_away_is_not_said_when_it_is_back(store: Store) -> None:
    await ask(store, "chat:ben")
    names = Names(ben=Failed("ldap does not answer", transient=True))
    resolving = resolver(store, names)
    await resolving.look()
    names.known["ben"] = Found("22", "ldap")
    await resolving.look()
    [item] = await owed(store)
    assert (item.reason, item.detail) == (None, None)


async def test_where_nobody_is_looked_up_any_more_a_name_is_the_target_itself(store: Store) -> None:
    await ask(store, "chat:ben")
    names = {"chat": ScriptedConnector(name="chat")}
    assert await Resolver(store, names, {}, ResolverSettings()).look() == 1
    [item] = await owed(store)
    assert (item.target, item.state) == ("ben", DeliveryState.WAITING)


async def test_where_the_connector_is_gone_that_is_said(store: Store) -> None:
    await ask(store, "chat:ben")
    await Resolver(store, {}, {}, ResolverSettings()).look()
    [item] = await owed(store)
    assert (item.state, item.reason) == (DeliveryState.DEAD, Reason.UNKNOWN_CONNECTOR)


async def test_a_directory_that_stays_away_is_given_up_at_last(store: Store) -> None:
    await ask(store, "chat:ben")
    await resolver(store, Names(ben=Failed("no", transient=True)), give_up=-1.0).look()
    [item] = await owed(store)
    assert (item.state, item.reason) == (DeliveryState.DEAD, Reason.EXPIRED)


@pytest.mark.parametrize("target", ["11", "22"])
async def test_what_is_a_target_already_is_not_looked_up(store: Store, target: str) -> None:
    await ask(store, f"chat:{target}")
    names = Names()
    assert await resolver(store, names).look() == 0
    assert names.asked == []


async def test_two_names_of_one_target_are_told_once(store: Store) -> None:
    await ask(store, "chat:ada,chat:ben,chat:22")
    assert await resolver(store, Names(ada=Found("22", "ldap"), ben=Found("22", "ldap"))).look() == 2
    found = await owed(store)
    assert [item.target for item in found] == ["22", "22", "22"]
    assert sorted(item.state.value for item in found) == ["dropped", "dropped", "waiting"]
    assert {item.reason for item in found if item.state is DeliveryState.DROPPED} == {Reason.DUPLICATE}


async def test_two_names_that_are_found_together_are_told_once(store: Store) -> None:
    await ask(store, "chat:ada,chat:ben")
    await resolver(store, Names(ada=Found("22", "ldap"), ben=Found("22", "ldap"))).look()
    assert sorted(item.state.value for item in await owed(store)) == ["dropped", "waiting"]
