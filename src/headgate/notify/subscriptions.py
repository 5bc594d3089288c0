"""Subscriptions: people are told of their jobs because they want to be, whatever ``--mail-type`` says.

The watcher and the mails write what happens to jobs into the journal; for each start and end, this follower owes its
job's owner what their subscriptions ask for. What cannot be decided before the job's figures are known (how long it
ran) is decided when its message is made (``wishes.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from headgate.model.event import Event, EventKind
from headgate.model.person import Subscription, SubscriptionFilter
from headgate.model.recipient import Recipient
from headgate.model.states import read_state
from headgate.notify.addresses import Address, Addresses, Addressing, delivery_key, lane_of
from headgate.notify.connector import Connector
from headgate.store import clock, deliveries, people
from headgate.store.deliveries import NewDelivery

DECIDED = "{}"
"""A filter that leaves nothing more to decide."""


@dataclass(frozen=True, slots=True)
class Subscribers:
    """A follower of the journal: owes people what they subscribed to.

    ``delay``: seconds by which a subscription's message waits for Slurm's own mail about the same, so that nobody is
    told twice. ``oldest``: seconds after which nobody is told any more that a job ended. Tasks of arrays are folded.
    """

    connectors: Mapping[str, Connector]
    addressing: Mapping[str, Addressing] = field(default_factory=dict)
    delay: float = 15.0
    oldest: float = 7 * 86400.0

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        """Write the deliveries that subscribers are owed for new events."""
        now = clock.now(connection)
        told = [
            (number, event)
            for number, event in new
            if event.kind in (EventKind.JOB_STARTED, EventKind.JOB_ENDED) and event.user
            if now - event.time < self.oldest
        ]
        if not told:
            return
        subscribed: dict[str, list[Subscription]] = {}
        for subscription in people.subscriptions_of(connection, {event.user for _, event in told}):
            if subscription.connector in self.connectors:
                subscribed.setdefault(subscription.user, []).append(subscription)
        meant = [(Recipient(own.connector, ""), user) for user, several in subscribed.items() for own in several]
        if not meant:
            return
        addresses = Addresses.known(connection, self.connectors, self.addressing, meant)
        owed: list[NewDelivery] = []
        for number, event in told:
            for connector, left in wanted_by(subscribed.get(event.user, ()), event).items():
                address = addresses.of(Recipient(connector, ""), event.user)
                if isinstance(address, Address):  # else they are no longer linked
                    recipient = Recipient(connector, address.target)
                    owed.append(self._owed(number, event, recipient, address, left=left, now=now))
        deliveries.owe(connection, owed, now)

    def _owed(
        self, number: int, event: Event, recipient: Recipient, address: Address, *, left: str, now: float
    ) -> NewDelivery:
        """``left``: the filter that is still to be applied. ``now``: by the store's clock."""
        return NewDelivery(
            event_id=number,
            key=delivery_key(event, f"subscription {recipient}"),
            connector=recipient.connector,
            target=recipient.target,
            lane=lane_of(recipient, event.cluster, event.job_id or 0),
            not_before=now if address.lookup else now + self.delay,
            person=address.person,
            lookup=address.lookup,
            subscription=left,
            fold=event.array_id is not None,
        )


def wanted_by(subscriptions: Sequence[Subscription], event: Event) -> dict[str, str]:
    """Return connector -> the filter that is still to be applied (JSON), of those who may want to hear of an event."""
    wanted: dict[str, str] = {}
    for own in subscriptions:
        known = _wants(own.filter, event)
        if known or (known is None and wanted.get(own.connector) != DECIDED):
            wanted[own.connector] = DECIDED if known else _longest(own.filter, wanted.get(own.connector))
    return wanted


def _wants(chosen: SubscriptionFilter, event: Event) -> bool | None:
    if chosen.partitions and event.data.get("partition") not in chosen.partitions:
        return False
    if event.kind is EventKind.JOB_STARTED:
        return chosen.starts
    return chosen.wants_end(failed=ended_badly(event), elapsed=None)


def _longest(chosen: SubscriptionFilter, other: str | None) -> str:
    """Return the filter that lets through what either of two would: they differ in how long a job must have run."""
    before = SubscriptionFilter.model_validate_json(other).longer_than if other else None
    limits = [limit for limit in (chosen.longer_than, before) if limit is not None]
    return SubscriptionFilter(longer_than=min(limits)).model_dump_json(exclude_defaults=True)


def ended_badly(event: Event) -> bool:
    """Whether a ``job.ended`` event tells of an end that is not what its user wanted."""
    reading = read_state(str(event.data.get("state", "")))
    return reading is not None and reading.state is not None and reading.state.failed
