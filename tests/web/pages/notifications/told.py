"""Deliveries of several people in every state, some with hostile texts, for the pages to show."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import Connection

from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Fact, JobIdentity, Message, Outcome
from headgate.store import claims, deliveries, journal, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import NewDelivery
from headgate.store.outcomes import Settled
from headgate.store.store import Store

HOSTILE: Final = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} \u202e @channel"
DEAD, DELIVERED, READY, OTHERS, DROPPED = 1, 2, 3, 4, 5
"""Numbers of deliveries; all about jobs of uma but OTHERS, which is about one of vera's."""


def about(job: int, user: str) -> Event:
    """Return a mail that was asked for about a job."""
    key, now = f"mail {job} {user}", time.time()
    return Event(key, EventKind.MAIL_REQUESTED, now, f"job {job}", Source.MAIL, cluster="dev", job_id=job, user=user)


def says(title: str, job: int, user: str) -> str:
    """Return a message as the store keeps it."""
    identity = JobIdentity(cluster="dev", job_id=str(job), name=HOSTILE, user=user)
    facts = (Fact(label="Name", value=HOSTILE),)
    message = Message(title=title, outcome=Outcome.FAILED, time=time.time(), job=identity, summary=HOSTILE, facts=facts)
    return message.model_dump_json()


async def tell(store: Store) -> None:
    """Write five deliveries down, and how each fared."""
    now = time.time()

    def write(connection: Connection) -> None:
        facts = [about(7, "uma"), about(8, "vera")]
        numbers = journal.append(connection, facts)
        own, other = (numbers[one.key] for one in facts)

        def new(number: int, event: int, user: str, job: int, *, later: float = 0.0) -> NewDelivery:
            title = f"Failed: job {job} {HOSTILE if number == DEAD else 'sim'}"
            return NewDelivery(
                event, f"key{number}", "mailto", f"{user}{number}@example.org", f"lane{number}",
                says(title, job, user), not_before=now + later,
            )  # fmt: skip

        owed = [new(DEAD, own, "uma", 7), new(DELIVERED, own, "uma", 7), new(READY, own, "uma", 7, later=3600)]
        deliveries.owe(connection, [*owed, new(OTHERS, other, "vera", 8), new(DROPPED, own, "uma", 7)], now)
        claims.claim(connection, "mailto", Limits(), owner="w", now=now, lease=60, most=10)
        outcomes.record(
            connection,
            [
                Settled((DEAD,), DeliveryState.DEAD, Reason.TARGET_REFUSED, f"550 {HOSTILE}"),
                Settled((DELIVERED,), DeliveryState.DELIVERED),
                Settled((OTHERS,), DeliveryState.DEAD, Reason.EXPIRED, "tried long enough"),
            ],
            owner="w",
            now=now,
        )
        outcomes.give_back(connection, [DROPPED], "w")
        deliveries.drop(connection, [DROPPED], "not needed", now)

    await store.write(write)


async def states(store: Store) -> dict[int, str]:
    """Return number -> state of all deliveries."""
    found = await store.read(lambda c: deliveries.find(c, deliveries.DeliveryFilter(), limit=100))
    return {one.id: one.state.value for one in found}
