"""A store with hostile text in whatever pages show: jobs, events, messages, the audit log, what people had done.

Whoever adds a page adds here what it shows, by the functions that write it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection

from headgate.model.event import Event, EventKind, Source
from headgate.model.job import Attempt
from headgate.model.message import Message, Outcome
from headgate.model.person import Link, Preferences
from headgate.store import audit, deliveries, jobs, journal, links, people
from headgate.store.deliveries import NewDelivery
from headgate.store.jobs import StoredJob
from headgate.store.links import GuessLimits
from headgate.store.store import Store


def shown(text: str) -> str:
    """Return a text as a store can hold it: PostgreSQL and JSON keep neither NUL nor lone surrogates."""
    return text.replace("\0", "").encode(errors="replace").decode()[:5000]


async def fill(store: Store, texts: Sequence[str], user: str, mark: str = "") -> None:
    """Write texts wherever people can write, as somebody's own and as others'. ``mark``: of this time's keys."""
    now = time.time()

    def work(connection: Connection) -> None:
        known = [
            StoredJob(
                Attempt("c", number, int(now)),
                data={
                    "label": str(number),
                    "name": text,
                    "user": user if number % 2 else text[:60] or "x",
                    "account": text,
                    "partition": text,
                    "qos": text,
                    "reason": text,
                    "nodes": text,
                    "state": "RUNNING" if number % 3 else "PENDING",
                    "uid": 1000,
                },
                open=True,
            )
            for number, text in enumerate(map(shown, texts), 1)
        ]
        jobs.keep(connection, known, now)
        facts = [
            Event(
                f"{mark}k{number}",
                kind,
                now,
                text,
                Source.WATCHER,
                "c",
                number,
                user=user,
                data={"name": text, "reason": text},
            )
            for number, text in enumerate(map(shown, texts), 1)
            for kind in (EventKind.JOB_ENDED if number % 2 else EventKind("node.down"),)
        ]
        numbers = journal.append(connection, facts)
        owed = [
            NewDelivery(
                numbers[fact.key],
                fact.key,
                "mailto",
                fact.subject,
                f"g {fact.key}",
                Message(title=fact.subject, outcome=Outcome.FAILED, time=now, summary=fact.subject).model_dump_json(),
            )
            for fact in facts
        ]
        deliveries.owe(connection, owed, now)
        for text in map(shown, texts):
            audit.record(connection, user=user, via=text, action=text, outcome=text, subject=text, detail=text, now=now)
        for number, text in enumerate(texts[:5]):
            code = links.issue(connection, user, "slack", now=now, lifetime=600.0)
            offered = Link("slack", f"U{number}", "", f"D{number}", shown(text), now)
            links.redeem(connection, offered, code, GuessLimits())
        people.prefer(connection, user, Preferences())

    await store.write(work)
