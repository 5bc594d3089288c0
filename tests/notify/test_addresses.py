"""Who is meant by a receiver: a target, somebody's own link, or a name to be looked up."""

from __future__ import annotations

import pytest

from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.recipient import Recipient
from headgate.notify.addresses import Address, Addresses, Addressing, Refused
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.notify.people import link


class Chat(ScriptedConnector):
    """Takes numbers only, as chats do."""

    def check_target(self, target: str) -> str:
        if not target.isdigit():
            raise RecipientError("chats are numbers")
        return target


CONNECTORS = {"chat": Chat(name="chat"), "mailto": ScriptedConnector()}


async def address(store: Store, connector: str, target: str, owner: str = "ada", **rules: bool) -> Address | Refused:
    addressing = {"chat": Addressing(bot=True, **rules)}
    recipient = Recipient(connector, target)
    known = await store.read(lambda c: Addresses.known(c, CONNECTORS, addressing, [(recipient, owner)]))
    return known.of(recipient, owner)


async def test_a_bare_connector_means_the_owners_own_link(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    assert await address(store, "chat", "") == Address("11", "ada")


async def test_the_newest_link_counts(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await link(store, "chat", "ada", "12", identity="second")
    found = await address(store, "chat", "")
    assert isinstance(found, Address)
    assert found.person == "ada"


async def test_who_is_not_linked_is_told_how_to_be(store: Store) -> None:
    assert await address(store, "chat", "") == Refused(
        Reason.TARGET_REFUSED, "ada has no link to chat: headgate me link chat"
    )


async def test_a_bare_connector_that_takes_user_names_needs_no_link(store: Store) -> None:
    assert await address(store, "mailto", "") == Address("ada", "ada")


async def test_a_unix_name_stands_for_the_linked_chat(store: Store) -> None:
    await link(store, "chat", "ben", "22")
    assert await address(store, "chat", "ben") == Address("22", "ben")


async def test_a_target_that_is_somebodys_is_theirs(store: Store) -> None:
    await link(store, "chat", "ben", "22")
    assert await address(store, "chat", "22") == Address("22", "ben")


async def test_a_target_is_somebodys_however_it_is_written(store: Store) -> None:
    class Loose(Chat):
        def check_target(self, target: str) -> str:
            return super().check_target(target.removeprefix("+"))

    await link(store, "chat", "ben", "22")
    connectors = {"chat": Loose(name="chat")}
    meant = [(Recipient("chat", "+22"), "ada"), (Recipient("chat", "+22"), "ben")]
    strict = {"chat": Addressing(linked_only=True)}
    known = await store.read(lambda c: Addresses.known(c, connectors, {}, meant))
    assert known.of(*meant[0]) == Address("22", "ben")
    known = await store.read(lambda c: Addresses.known(c, connectors, strict, meant))
    assert known.of(*meant[1]) == Address("22", "ben")


async def test_the_wishes_of_whom_a_job_names_count_and_not_its_owners(store: Store) -> None:
    assert await address(store, "mailto", "ben") == Address("ben", "ben")
    assert await address(store, "mailto", "ben@example.org") == Address("ben@example.org", "ada")


async def test_a_link_of_another_connector_says_nothing(store: Store) -> None:
    await link(store, "other", "ben", "22")
    assert await address(store, "chat", "22") == Address("22", "ada")
    assert isinstance(await address(store, "chat", "ben"), Refused)


async def test_a_name_is_looked_up_where_the_connector_does(store: Store) -> None:
    assert await address(store, "chat", "cyd", lookup=True) == Address("cyd", "ada", lookup="cyd")
    assert await address(store, "chat", "33", lookup=True) == Address("33", "ada")


@pytest.mark.parametrize("target", ["22", "33", "ben"])
async def test_a_strict_connector_tells_nobody_but_the_owner(store: Store, target: str) -> None:
    await link(store, "chat", "ada", "11")
    await link(store, "chat", "ben", "22")
    assert isinstance(await address(store, "chat", target, linked_only=True), Refused)


@pytest.mark.parametrize("target", ["", "ada", "11"])
async def test_a_strict_connector_tells_the_owner_where_they_are_linked(store: Store, target: str) -> None:
    await link(store, "chat", "ada", "11")
    assert await address(store, "chat", target, linked_only=True) == Address("11", "ada")


async def test_a_strict_connector_refuses_an_owner_without_a_link(store: Store) -> None:
    assert isinstance(await address(store, "chat", "11", linked_only=True), Refused)
