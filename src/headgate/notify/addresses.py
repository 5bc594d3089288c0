"""Who is meant by ``connector:target``: the target as it stands, somebody's own link, or a name to be looked up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.event import Event
from headgate.model.person import Link
from headgate.model.recipient import Recipient
from headgate.notify.connector import Connector
from headgate.notify.lookup.found import is_user_name
from headgate.store import people


@dataclass(frozen=True, slots=True)
class Addressing:
    """Whom a connector tells. ``links``: a Unix name stands for the chat linked to that account.

    ``lookup``: other names are looked up elsewhere. ``linked_only``: nobody is told but the job's owner, where their
    own account is linked. ``bot``: whether users can link themselves.
    """

    links: bool = True
    lookup: bool = False
    linked_only: bool = False
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes, and whose preferences count. ``lookup``: the name that has to be looked up first."""

    target: str
    person: str
    lookup: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nobody can be told."""

    reason: Reason
    why: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is known of the people some recipients name: one query for all of them."""

    connectors: Mapping[str, Connector]
    addressing: Mapping[str, Addressing]
    own: Mapping[tuple[str, str], Link]
    """(connector, user) -> their newest link."""
    linked: Mapping[tuple[str, str], str]
    """(connector, target) -> whose it is."""

    @classmethod
    def known(
        cls,
        connection: Connection,
        connectors: Mapping[str, Connector],
        addressing: Mapping[str, Addressing],
        meant: Sequence[tuple[Recipient, str]],
    ) -> Addresses:
        """Look up what the store knows of recipients and the owners of the jobs they are told about."""
        users = {
            owner for recipient, owner in meant if owner and (not recipient.target or _strict(addressing, recipient))
        }
        users |= {recipient.target for recipient, _ in meant if is_user_name(recipient.target)}
        links = people.links_of(connection, users)
        own = {(link.connector, link.user): link for link in reversed(links)}
        named = [recipient for recipient, _ in meant if recipient.target]
        targets = {recipient.target for recipient in named} | {_checked(connectors, recipient) for recipient in named}
        return cls(connectors, addressing, own, people.links_to(connection, targets))

    def of(self, recipient: Recipient, owner: str) -> Address | Refused:
        """Return where a message to a recipient goes, about a job of ``owner``."""
        connector = self.connectors.get(recipient.connector)
        if connector is None:
            known = ", ".join(sorted(self.connectors)) or "none"
            why = f"no connector is called {recipient.connector!r} (there are: {known})"
            return Refused(Reason.UNKNOWN_CONNECTOR, why)
        name = recipient.connector
        rules = self.addressing.get(name, Addressing())
        mine = self.own.get((name, owner))
        if rules.linked_only:
            return self._linked(recipient, owner, mine)
        wanted = recipient.target or owner
        link = self.own.get((name, wanted)) if rules.links else None
        if link is not None:
            return Address(link.target, link.user)
        if rules.lookup and is_user_name(wanted):
            return Address(wanted, owner, lookup=wanted)
        try:
            target = connector.check_target(wanted)
        except RecipientError as error:
            return Refused(Reason.TARGET_REFUSED, error.message if recipient.target else _unlinked(name, owner, rules))
        # Whoever else is named by their account has wishes of their own; the owner's are not theirs.
        meant = wanted if is_user_name(wanted) else owner
        return Address(target, self.linked.get((name, target), meant))

    def _linked(self, recipient: Recipient, owner: str, mine: Link | None) -> Address | Refused:
        name = recipient.connector
        if mine is None:
            return Refused(Reason.TARGET_REFUSED, _unlinked(name, owner, Addressing(bot=True)))
        if not recipient.target or recipient.target == owner:
            return Address(mine.target, owner)
        target = _checked(self.connectors, recipient)
        if self.linked.get((name, target)) != owner:
            why = f"{name} tells people only where their own account is linked; --mail-user={name} is enough"
            return Refused(Reason.TARGET_REFUSED, why)
        return Address(target, owner)


def _strict(addressing: Mapping[str, Addressing], recipient: Recipient) -> bool:
    return addressing.get(recipient.connector, Addressing()).linked_only


def _checked(connectors: Mapping[str, Connector], recipient: Recipient) -> str:
    """Return a target as its connector would use it, and as links have it; as it is if nobody can be told there."""
    connector = connectors.get(recipient.connector)
    try:
        return recipient.target if connector is None else connector.check_target(recipient.target)
    except RecipientError:
        return recipient.target


def _unlinked(name: str, owner: str, rules: Addressing) -> str:
    if rules.bot:
        return f"{owner} has no link to {name}: headgate me link {name}"
    return f"{name} does not know where to reach {owner}; --mail-user={name}:TARGET says it"


def lane_of(recipient: Recipient, cluster: str, root: int) -> str:
    """Return the lane in which a recipient's messages about one job (or array) keep their order."""
    return f"{recipient}|{cluster}/{root}"


def delivery_key(event: Event, recipient: str) -> str:
    """Return the stable key of what one event owes one recipient."""
    return hashlib.sha256(f"{event.key}\0{recipient}".encode("utf-8", "replace")).hexdigest()[:40]
