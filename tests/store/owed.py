"""Deliveries to test with."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message, Outcome
from headgate.store import deliveries, journal
from headgate.store.deliveries import NewDelivery
from headgate.store.store import Store

_numbers = itertools.count()


def message(title: str = "Completed: job 1") -> str:
    return Message(title=title, outcome=Outcome.SUCCEEDED, time=1.0).model_dump_json()


async def owe(
    store: Store, wanted: Sequence[tuple[str, int]], *, connector: str = "mailto", now: float | None = None
) -> list[str]:
    """Owe one delivery per (target, job), by default now; return their keys."""
    now = time.time() if now is None else now
    made = [(f"key-{next(_numbers)}", target, job) for target, job in wanted]
    facts = [
        Event(
            key=key,
            kind=EventKind.MAIL_REQUESTED,
            time=now,
            subject=f"job {job}",
            source=Source.MAIL,
            job_id=job,
            user=target,
        )
        for key, target, job in made
    ]
    numbers = await store.write(lambda c: journal.append(c, facts))
    owed = [
        NewDelivery(
            numbers[key], key, connector, target, f"{connector}:{target}|{job}", message(f"job {job} of {target}")
        )
        for key, target, job in made
    ]
    await store.write(lambda c: deliveries.owe(c, owed, now))
    return [key for key, _, _ in made]
