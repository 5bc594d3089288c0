"""Stage 1: who is told of a mail request. Every receiver of it becomes one delivery, none is dropped silently.

Who is meant by a name is decided in ``addresses.py``; this module reads the receiver lists and writes the deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from headgate.events.mail_events import mail_request
from headgate.model.delivery import Reason
from headgate.model.event import Event, EventKind
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.person import Preferences
from headgate.model.recipient import Recipient, RefusedReceiver, read_receivers
from headgate.notify.addresses import Address, Addresses, Addressing, Refused, delivery_key, lane_of
from headgate.notify.connector import Connector
from headgate.store import clock, deliveries, people
from headgate.store.deliveries import NewDelivery


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the people a mail request names, and what the job's owner prefers."""

    addresses: Addresses
    own: Preferences | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """A follower of the journal: owes a delivery to every receiver of a requested mail.

    ``first_look``: seconds after which accounting is asked for a job that is over. ``addressing``: what connectors say
    of whom they tell, where it is not the usual.
    """

    connectors: Mapping[str, Connector]
    default_connector: str
    first_look: float = 2.0
    addressing: Mapping[str, Addressing] = field(default_factory=dict)

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        """Write the deliveries of the mail requests among new events."""
        now = clock.now(connection)
        asked = [
            (number, event, mail_request(event)) for number, event in new if event.kind is EventKind.MAIL_REQUESTED
        ]
        if not asked:
            return
        owners = {request.user for _, _, request in asked if request.user and _names_nobody(request)}
        preferred = people.preferences_of(connection, owners)
        meant = [
            (recipient, request.user)
            for _, _, request in asked
            for own in {preferred.get(request.user), None}
            for recipient in self._read(request, own)[0]
        ]
        addresses = Addresses.known(connection, self.connectors, self.addressing, meant)
        owed: list[NewDelivery] = []
        for number, event, request in asked:
            owed.extend(self.of(number, event, request, now, Known(addresses, preferred.get(request.user))))
        deliveries.owe(connection, owed, now)

    def of(
        self,
        number: int,
        event: Event,
        request: MailRequest,
        now: float,
        known: Known | None = None,
    ) -> list[NewDelivery]:
        """Return the deliveries one mail request leads to, given what is known of the people it names."""
        addresses = known.addresses if known else Addresses(self.connectors, self.addressing, {}, {})
        recipients, refused = self._read(request, known.own if known else None)
        if known and known.own and all(isinstance(addresses.of(one, request.user), Refused) for one in recipients):
            recipients, refused = self._read(request, None)  # they are no longer linked where they prefer it
        meant = [(recipient, addresses.of(recipient, request.user)) for recipient in recipients]
        owed = [self._owed(number, event, request, pair, now) for pair in meant]
        unique = {(item.connector, item.target, item.reason): item for item in reversed(owed)}
        return [*reversed(unique.values()), *(_refused(number, event, item) for item in refused)]

    def _read(self, request: MailRequest, own: Preferences | None) -> tuple[list[Recipient], list[RefusedReceiver]]:
        receivers = request.receivers
        if own is not None and own.connector in self.connectors and _names_nobody(request):
            receivers = f"{own.connector}:"
        return read_receivers(
            receivers,
            default_connector=self.default_connector,
            owner=request.user or "unknown",
            connectors=self.connectors,
        )

    def _owed(
        self, number: int, event: Event, request: MailRequest, meant: tuple[Recipient, Address | Refused], now: float
    ) -> NewDelivery:
        recipient, address = meant
        match address:
            case Refused(reason, why):
                return dead(number, event, recipient, reason, why)
            case Address(target, person, lookup):
                checked = Recipient(recipient.connector, target)
                look = now + (self.first_look if request.kind is not MailKind.BEGAN else min(self.first_look, 0.5))
                return NewDelivery(
                    event_id=number,
                    key=delivery_key(event, str(checked)),
                    connector=checked.connector,
                    target=checked.target,
                    lane=lane_of(checked, event.cluster, _root(request)),
                    not_before=look if lookup is None else now,
                    person=person,
                    lookup=lookup,
                )


def dead(number: int, event: Event, recipient: Recipient, reason: Reason, why: str) -> NewDelivery:
    """Return a delivery that is dead from the start: it says to whom nothing was sent, and why."""
    key = delivery_key(event, f"{reason.value} {recipient}")
    return NewDelivery(
        event_id=number,
        key=key,
        connector=recipient.connector,
        target=recipient.target,
        lane=key,
        reason=reason,
        detail=why,
    )


def _names_nobody(request: MailRequest) -> bool:
    """Say whether no receiver was asked for: Slurm then puts the owner's name (``slurm:src/slurmctld/job_mgr.c``)."""
    return request.receivers.strip() in ("", request.user)


def _refused(number: int, event: Event, item: RefusedReceiver) -> NewDelivery:
    return dead(number, event, Recipient("?", item.text), Reason.BAD_RECEIVER, item.why)


def _root(request: MailRequest) -> int:
    """Return what order is kept by: the array if the mail is about all of it, the het job, or the job."""
    if request.array is not None and request.scope is MailScope.ARRAY_SUMMARY:
        return request.array.array_id
    return request.het.leader_id if request.het is not None else request.job_id
