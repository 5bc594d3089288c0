"""Stage 1: who is told of a mail request. Every receiver of it becomes one delivery, none is dropped silently."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from headgate.errors import RecipientError
from headgate.events.mail_events import mail_request
from headgate.model.delivery import Reason
from headgate.model.event import Event, EventKind
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.recipient import Recipient, RefusedReceiver, read_receivers
from headgate.notify.connector import Connector
from headgate.store import deliveries
from headgate.store.deliveries import NewDelivery


@dataclass(frozen=True, slots=True)
class Recipients:
    """A follower of the journal: owes a delivery to every receiver of a requested mail.

    ``first_look``: seconds after which accounting is asked for a job that is over.
    """

    connectors: Mapping[str, Connector]
    default_connector: str
    first_look: float = 2.0

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        """Write the deliveries of the mail requests among new events."""
        now = time.time()
        owed: list[NewDelivery] = []
        for number, event in new:
            if event.kind is EventKind.MAIL_REQUESTED:
                owed.extend(self.of(number, event, mail_request(event), now))
        deliveries.owe(connection, owed, now)

    def of(self, number: int, event: Event, request: MailRequest, now: float) -> list[NewDelivery]:
        """Return the deliveries one mail request leads to."""
        recipients, refused = read_receivers(
            request.receivers, default_connector=self.default_connector, owner=request.user or "unknown"
        )
        look = now + (self.first_look if request.kind is not MailKind.BEGAN else min(self.first_look, 0.5))
        owed = [self._one(number, event, request, recipient, look) for recipient in recipients]
        unique = {(item.connector, item.target): item for item in reversed(owed)}
        return [*reversed(unique.values()), *(self._refused(number, event, item) for item in refused)]

    def _one(self, number: int, event: Event, request: MailRequest, recipient: Recipient, look: float) -> NewDelivery:
        connector = self.connectors.get(recipient.connector)
        if connector is None:
            known = ", ".join(sorted(self.connectors)) or "none"
            why = f"no connector is called {recipient.connector!r} (there are: {known})"
            return _dead(number, event, recipient, Reason.UNKNOWN_CONNECTOR, why)
        try:
            target = connector.check_target(recipient.target)
        except RecipientError as error:
            return _dead(number, event, recipient, Reason.TARGET_REFUSED, error.message)
        checked = Recipient(recipient.connector, target)
        return NewDelivery(
            event_id=number,
            key=_key(event, str(checked)),
            connector=checked.connector,
            target=checked.target,
            lane=f"{checked}|{event.cluster}/{_root(request)}",
            not_before=look,
        )

    def _refused(self, number: int, event: Event, item: RefusedReceiver) -> NewDelivery:
        return _dead(number, event, Recipient("?", item.text), Reason.BAD_RECEIVER, item.why)


def _root(request: MailRequest) -> int:
    """Return what order is kept by: the array if the mail is about all of it, the het job, or the job."""
    if request.array is not None and request.scope is MailScope.ARRAY_SUMMARY:
        return request.array.array_id
    return request.het.leader_id if request.het is not None else request.job_id


def _dead(number: int, event: Event, recipient: Recipient, reason: Reason, why: str) -> NewDelivery:
    key = _key(event, f"{reason.value} {recipient}")
    return NewDelivery(
        event_id=number,
        key=key,
        connector=recipient.connector,
        target=recipient.target,
        lane=key,
        reason=reason,
        detail=why,
    )


def _key(event: Event, recipient: str) -> str:
    return hashlib.sha256(f"{event.key}\0{recipient}".encode("utf-8", "replace")).hexdigest()[:40]
