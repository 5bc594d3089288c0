"""What people see and change about themselves: their links, preferences, subscriptions and messages.

The local socket (``headgate me``) and the pages are two ways to the same functions. Each is about one user, whom the
caller has made sure of.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError
from headgate.gateway.refusals import ConflictError
from headgate.model.person import Link, Preferences, Subscription, SubscriptionFilter
from headgate.model.recipient import Recipient
from headgate.notify.addresses import Address, Addresses, Addressing, Refused
from headgate.notify.connector import Connector
from headgate.store import audit, links, people

MOST_SUBSCRIPTIONS: Final = 20
LONGEST_MUTE: Final = 366 * 86400.0
_WIDEST: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Who:
    """Whose things they are, and by which way they come, for the audit log."""

    user: str
    via: str


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to reach people. ``bot``: whether chats can be linked; ``why_not``: why the user is not reached there."""

    name: str
    bot: bool
    target: str
    """Where the user is told things there; empty if nobody knows yet."""
    why_not: str

    @property
    def reaches(self) -> bool:
        """Whether the user is reached there without being named."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Things:
    """Everything about one user."""

    reach: tuple[Reach, ...]
    links: tuple[Link, ...]
    preferences: Preferences
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A code that links a chat, and until when it is good."""

    connector: str
    code: str
    expires_at: float

    @property
    def say(self) -> str:
        """What to say to the bot, in private."""
        return f"link {self.code}"


@dataclass(frozen=True, slots=True)
class Own:
    """Serves everybody with their own. ``addressing``: what connectors say of whom they tell."""

    connectors: Mapping[str, Connector]
    addressing: Mapping[str, Addressing]
    default_connector: str
    code_lifetime: float
    clock: Callable[[], float] = time.time

    def has_bot(self, name: str) -> bool:
        """Say whether chats can be linked in a connector."""
        return name in self.connectors and self.addressing.get(name, Addressing()).bot

    def reach(self, connection: Connection, user: str) -> list[Reach]:
        """Say of every connector whether it reaches a user who is not named but as a job's owner."""
        meant = [(Recipient(name, ""), user) for name in sorted(self.connectors)]
        known = Addresses.known(connection, self.connectors, self.addressing, meant)
        return [self._reached(recipient.connector, known.of(recipient, owner)) for recipient, owner in meant]

    def _reached(self, name: str, found: Address | Refused) -> Reach:
        if isinstance(found, Refused):
            return Reach(name, self.has_bot(name), "", found.why)
        return Reach(name, self.has_bot(name), "" if found.lookup else found.target, "")

    def things(self, connection: Connection, user: str) -> Things:
        """Return everything about a user."""
        return Things(
            tuple(self.reach(connection, user)),
            tuple(people.links_of(connection, [user])),
            self.preferences(connection, user),
            tuple(people.subscriptions_of(connection, [user])),
        )

    def preferences(self, connection: Connection, user: str) -> Preferences:
        """Return what a user prefers."""
        return people.preferences_of(connection, [user]).get(user, Preferences())

    def make_code(self, connection: Connection, who: Who, connector: str) -> Code:
        """Make a code that links a chat; an older one for the same connector is void. Raises NotFoundError."""
        self.require_bot(connector)
        now = self.clock()
        self.record(connection, who, "link code", connector)
        code = links.issue(connection, who.user, connector, now=now, lifetime=self.code_lifetime)
        return Code(connector, code, now + self.code_lifetime)

    def unlink(self, connection: Connection, who: Who, connector: str, identity: str | None = None) -> list[Link]:
        """Untie a user from a connector, or from one identity there; return what is gone. Raises NotFoundError."""
        gone = links.unlink(connection, who.user, connector, identity)
        if not gone:
            raise NotFoundError(f"you have no such link to {connector!r}")
        self.record(connection, who, "unlink", connector, ", ".join(link.identity for link in gone))
        return gone

    def prefer(self, connection: Connection, who: Who, preferred: Preferences) -> None:
        """Set what a user prefers, all of it. Raises NotFoundError, ParametersError."""
        if preferred.connector is not None:
            self.require(preferred.connector)
        until = preferred.muted_until
        if until is not None and not (math.isfinite(until) and 0 <= until <= self.clock() + LONGEST_MUTE):
            raise ParametersError("muted_until: should be within a year from now")
        if preferred.quiet is not None and preferred.quiet.start == preferred.quiet.end:
            raise ParametersError("quiet: should begin and end at different times")
        people.prefer(connection, who.user, preferred)
        self.record(connection, who, "prefer", detail=preferred.model_dump_json(exclude_defaults=True))

    def subscribe(self, connection: Connection, who: Who, connector: str, wanted: SubscriptionFilter) -> int:
        """Subscribe a user to their own jobs; return the subscription's number. One that is there is not doubled.

        Raises NotFoundError, ConflictError.
        """
        self.require(connector)
        [reach] = [one for one in self.reach(connection, who.user) if one.name == connector]
        if not reach.reaches:
            raise ConflictError(reach.why_not)
        present = people.subscriptions_of(connection, [who.user])
        for one in present:
            if (one.connector, one.filter) == (connector, wanted):
                return one.id
        if len(present) >= MOST_SUBSCRIPTIONS:
            raise ConflictError(f"you have {MOST_SUBSCRIPTIONS} subscriptions; end one first")
        self.record(connection, who, "subscribe", connector, wanted.model_dump_json(exclude_defaults=True))
        return people.subscribe(connection, who.user, connector, wanted)

    def unsubscribe(self, connection: Connection, who: Who, number: int) -> None:
        """End a subscription of a user. Raises NotFoundError."""
        if not (abs(number) < _WIDEST and people.unsubscribe(connection, who.user, number)):
            raise NotFoundError(f"you have no subscription {number}")
        self.record(connection, who, "unsubscribe", str(number))

    def require(self, name: str) -> None:
        """Refuse a connector that is not there, with those that are. Raises NotFoundError."""
        if name not in self.connectors:
            known = ", ".join(sorted(self.connectors)) or "none"
            raise NotFoundError(f"no connector is called {name!r}; there are: {known}")

    def require_bot(self, name: str) -> None:
        """Refuse a connector in which chats cannot be linked, with those in which they can. Raises NotFoundError."""
        if not self.has_bot(name):
            able = ", ".join(sorted(filter(self.has_bot, self.connectors))) or "none"
            why = "has no bot" if name in self.connectors else "is not there"
            raise NotFoundError(f"the connector {name!r} {why}; chats can be linked in: {able}")

    def record(self, connection: Connection, who: Who, action: str, subject: str = "", detail: str = "") -> None:
        """Write into the audit log what somebody had done."""
        audit.record(
            connection,
            user=who.user,
            via=who.via,
            action=action,
            outcome="done",
            subject=subject,
            detail=detail,
            now=self.clock(),
        )
