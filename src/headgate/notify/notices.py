"""Notices: messages that an action asks for, to whom it names. Durable, throttled and folded like any other message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message
from headgate.model.recipient import Recipient, RefusedReceiver, read_receivers
from headgate.notify.addresses import Address, Addresses, Addressing, Refused, delivery_key
from headgate.notify.connector import Connector
from headgate.notify.recipients import dead
from headgate.store import clock, deliveries
from headgate.store.deliveries import NewDelivery


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is to be told. ``key``: the same for the same notice, however often it is asked for.

    ``about``: what it is about, such as a node: notices about the same come in the order in which they were asked for.
    ``fold``: it goes out in a digest, with all else that is due at the same place.
    """

    key: str
    to: tuple[str, ...]
    """Recipients: ``connector:target`` each."""
    message: Message
    about: str = ""
    fold: bool = False
    user: str = ""
    """Who asked for it: a Unix account, if it is known."""

    def event(self) -> Event:
        """Return it as a fact for the journal."""
        return Event(
            key=f"notice:{self.key}",
            kind=EventKind.NOTICE_REQUESTED,
            time=self.message.time,
            subject=self.about or self.message.title,
            source=Source.ACTION,
            user=self.user,
            data={
                "to": list(self.to),
                "message": self.message.model_dump(mode="json", exclude_defaults=True),
                "about": self.about,
                "fold": self.fold,
            },
        )


@dataclass(frozen=True, slots=True)
class Notices:
    """A follower of the journal: owes a delivery to everybody a notice names."""

    connectors: Mapping[str, Connector] = field(default_factory=dict)
    addressing: Mapping[str, Addressing] = field(default_factory=dict)

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        """Write the deliveries of the notices among new events."""
        owed: list[NewDelivery] = []
        for number, event in new:
            if event.kind is EventKind.NOTICE_REQUESTED:
                owed.extend(self._owed(connection, number, event))
        deliveries.owe(connection, owed, clock.now(connection))

    def refusals(self, connection: Connection, to: Sequence[str]) -> list[str]:
        """Say of these recipients who cannot be told, and why."""
        read, refused = self._read(connection, to)
        unreached = (f"{recipient}: {found.why}" for recipient, found in read if isinstance(found, Refused))
        return [*(f"{item.text}: {item.why}" for item in refused), *unreached]

    def _read(
        self, connection: Connection, to: Sequence[str]
    ) -> tuple[list[tuple[Recipient, Address | Refused]], list[RefusedReceiver]]:
        """Return whom recipients mean, each once, and those that cannot be read."""
        recipients: dict[Recipient, None] = {}
        refused: list[RefusedReceiver] = []
        for text in to:
            if ":" not in text or "," in text:
                refused.append(RefusedReceiver(text, "it should be connector:target"))
                continue
            found, wrong = read_receivers(text, default_connector="", owner="")
            recipients.update(dict.fromkeys(found))
            refused += wrong
        known = Addresses.known(connection, self.connectors, self.addressing, [(one, "") for one in recipients])
        return [(one, self._of(known, one)) for one in recipients], refused

    def _of(self, known: Addresses, recipient: Recipient) -> Address | Refused:
        found = known.of(recipient, "")
        if isinstance(found, Refused) and self.addressing.get(recipient.connector, Addressing()).linked_only:
            return Refused(found.reason, f"{recipient.connector} tells people only of their own jobs")
        return found

    def _owed(self, connection: Connection, number: int, event: Event) -> list[NewDelivery]:
        to = event.data.get("to")
        message = Message.model_validate(event.data.get("message")).model_dump_json()
        read, _ = self._read(connection, [str(one) for one in to] if isinstance(to, list) else [])
        owed: dict[tuple[str, str, bool], NewDelivery] = {}
        for recipient, found in read:
            if isinstance(found, Refused):
                new = dead(number, event, recipient, found.reason, found.why)
            else:
                checked = Recipient(recipient.connector, found.target)
                new = NewDelivery(
                    event_id=number,
                    key=delivery_key(event, str(checked)),
                    connector=checked.connector,
                    target=checked.target,
                    lane=f"{checked}|notice {event.data.get('about', '')}",
                    message=message,
                    person=found.person,
                    lookup=found.lookup,
                    fold=bool(event.data.get("fold")),
                )
            owed.setdefault((new.connector, new.target, new.reason is None), new)
        return list(owed.values())
