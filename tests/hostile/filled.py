"""A store with hostile text in whatever pages show: jobs, events, messages, the audit log, what people had done.

Whoever adds a page adds here what it shows, by the functions that write it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection

from headgate.builds.texts.rows import Row
from headgate.events.sources.node_changes import KnownNode
from headgate.events.sources.stored_nodes import Remembered, stored_node
from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.model.build import JobPhase
from headgate.model.event import Event, EventKind, Source
from headgate.model.execution import ExecutionState, TryState
from headgate.model.job import Attempt
from headgate.model.message import Message, Outcome
from headgate.model.person import Link, Preferences
from headgate.model.pull_request import Repository
from headgate.store import (
    audit,
    build_rows,
    builds,
    deliveries,
    executions,
    jobs,
    journal,
    links,
    nodes,
    people,
    rules,
)
from headgate.store.builds import JobFilter
from headgate.store.deliveries import NewDelivery
from headgate.store.executions import Change
from headgate.store.jobs import StoredJob
from headgate.store.links import GuessLimits
from headgate.store.store import Store
from tests.events.sources.seen_nodes import node
from tests.rules.waiting import waiting
from tests.store.test_builds import JOB, REQUEST, RUN

CLUSTER: Final = "c"
ARRAY: Final = 5000
GIVEN: Final = {
    "cluster": CLUSTER, "job_id": "1", "array_id": str(ARRAY), "number": "1", "name": "n1", "ref": "site.drain",
    "app_id": "portal",
}  # fmt: skip
"""Parameter of a page's route -> what of it is here."""


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
                array_id=ARRAY if number > ARRAY else None,
            )
            for first in (1, ARRAY + 1)
            for number, text in enumerate(map(shown, texts), first)
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
    await store.write(lambda connection: _nodes(connection, list(map(shown, texts)), mark))
    await store.write(lambda connection: _builds(connection, list(map(shown, texts)), mark))
    await _automation(store, list(map(shown, texts)), mark)
    apps = Apps(store)
    if not mark:
        await apps.add("portal", AppRules(any_user=True), app_id="00000000-0000-0000-0000-000000000001")
    portal = await apps.named("portal")
    for text in map(shown, texts):
        await apps.give_token(portal, text[:200], user=text[:100])
        await apps.give_token(None, text[:200])


def _nodes(connection: Connection, texts: Sequence[str], mark: str) -> None:
    """Write a node of each text, and of all of them what became of the first."""
    now = time.time()
    found = [
        node(
            "IDLE+DRAIN", name=f"n{number}", reason=text, reason_user=text[:100], reason_time=now,
            partitions=(text or "main",), features=(text,), active_features=(text,), gres=text,
        )
        for number, text in enumerate(texts, 1)
    ]  # fmt: skip
    nodes.keep(connection, [stored_node(CLUSTER, Remembered(KnownNode(one))) for one in found], now)
    facts = [
        Event(
            f"{mark}n{number}", EventKind.NODE_DRAINED, now, "node n1", Source.WATCHER, CLUSTER,
            data={"reason": text, "reason_user": text, "state": text, "flags": [text]},
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip
    journal.append(connection, facts)


def _builds(connection: Connection, texts: Sequence[str], mark: str) -> None:
    """Write a run of each text, the first with a job of each and the newest news of that."""
    for number, text in enumerate(texts):
        at = Repository("hub", text[:200])
        request = replace(REQUEST, key=f"{mark}b{number}", sender=text, data={"body": text}, repository=at)
        asked = builds.add_request(connection, request)
        made = [
            replace(
                JOB, repository=at, path=f"{mark}{number} {place}", requester=one, target=f"t{place % 4}", repo_id=one,
                on_architecture=one, for_architecture=one, state=one, problem=one, comment_url=one, cancelled_by=one,
                phase=JobPhase.DONE, result={"status": one, "artefacts": [one]},
            )
            for place, one in enumerate(texts if not number else ())
        ]  # fmt: skip
        run = replace(
            RUN, key=f"{mark}r{number}", request_id=asked or 0, repository=at, requester=text, base_branch=text,
            path=f"{mark}{number}", data={"job_arguments": [text], text[:50]: text},
        )  # fmt: skip
        kept = builds.add_run(connection, run, made)
        assert kept is not None
        for job in builds.find_jobs(connection, JobFilter(run_id=kept.id), limit=1000):
            build_rows.add(connection, job.id, "finished", Row(time.time(), job.state, f"told<br/>{job.problem}"))


async def _automation(store: Store, texts: Sequence[str], mark: str) -> None:
    """Write executions that wait, and of the first what it tried; and that its rule was stopped."""
    now = time.time()
    numbers = [
        await waiting(
            store, ExecutionState.APPROVAL if number else ExecutionState.WAITING, key=f"{mark}x{number}",
            subject=text, per=text, reason=text, payload={text[:50]: text},
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip

    def work(connection: Connection) -> None:
        one = executions.get(connection, numbers[0])
        assert one is not None
        begun = executions.begin_try(
            connection, one, ref="http.request", parameters={"url": list(texts)}, touches=(), now=now
        )
        assert begun is not None
        executions.end_try(connection, begun, TryState.FAILED, result={"body": list(texts)}, error=texts[0], now=now)
        over = Change(ExecutionState.FAILED, texts[0], approved_by=texts[0], finished_at=now)
        assert executions.change(connection, one.id, ExecutionState.RUNNING, over)
        rules.stop(connection, "site.drain", texts[0], now)

    await store.write(work)
