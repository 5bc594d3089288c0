"""Submitting: what is on the disk when Slurm is asked, and what is known when something goes wrong."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from headgate.errors import StoreError
from headgate.events.journal import Journal
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.apps import Principal
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, ConflictError, TooManyError, UnavailableError
from headgate.gateway.request import JobRequest
from headgate.model.app import App, AppRules
from headgate.model.event import EventKind
from headgate.model.submission import Phase, Submission
from headgate.store import audit, submissions
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.store import Store
from headgate.store.submissions import SubmissionFilter
from tests.gateway.made import event
from tests.gateway.played import FIRST_JOB, Played, gateway_on

REQUEST = JobRequest(script="#!/bin/sh\ntrue\n")


async def owner(gateway: Gateway, **rules: Any) -> Owner:
    app, _ = await gateway.apps.add("portal", AppRules(any_user=True, **rules))
    return Owner(Principal(app, "first"), app, "ada")


async def kept(store: Store, app: App) -> list[Submission]:
    return await store.read(lambda c: submissions.find(c, app.id, SubmissionFilter(), limit=100))


async def written(store: Store) -> list[AuditEntry]:
    return await store.read(lambda c: audit.find(c, AuditFilter(), limit=100))


async def test_slurm_gets_a_script_once_the_start_is_kept_and_all_else_is_made_ready_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking, go_on = await owner(gateway), asyncio.Event()
    write = store.write

    async def slow(work: Any, *, found_again: bool = False) -> Any:
        if not found_again:
            await go_on.wait()
        return await write(work, found_again=found_again)

    monkeypatch.setattr(store, "write", slow)
    task = asyncio.create_task(gateway.submissions.create(asking, REQUEST, start=True))
    while not played.ready:
        await asyncio.sleep(0)
    assert (await kept(store, asking.app), played.submitted) == ([], [])
    go_on.set()
    made, new = await task
    assert (new, made.phase, made.job_id, len(played.submitted)) == (True, Phase.ACTIVE, FIRST_JOB, 1)


async def test_nothing_is_submitted_that_cannot_be_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)

    def full(*_: object) -> None:
        raise StoreError("the disk is full", transient=True)

    monkeypatch.setattr(submissions, "add", full)
    with pytest.raises(StoreError):
        await gateway.submissions.create(asking, REQUEST, start=True)
    assert (len(played.ready), played.submitted) == (1, [])


async def test_what_comes_after_an_answer_sees_the_job_it_told(store: Store) -> None:
    gateway = gateway_on(store, Played())
    asking = await owner(gateway)
    for number in range(20):
        made, _ = await gateway.submissions.create(asking, REQUEST, start=True)
        seen = await gateway.control.get(asking, made.id)
        assert (seen.phase, seen.job_id, seen.state) == (Phase.ACTIVE, FIRST_JOB + number, "PENDING")
        assert made == seen
    lines = [(line.action, line.outcome) for line in await written(store)]
    assert lines.count(("create job", "done")) == lines.count(("start job", "done")) == 20


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_host_whose_clock_is_wrong_keeps_when_a_job_was_started_by_the_stores_clock(
    store: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    if store.sqlite:
        pytest.skip("on SQLite there is one host, and its clock it is")
    begun, real = time.time(), time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * hours)
    gateway = gateway_on(store, Played())
    asking = await owner(gateway)
    made, _ = await gateway.submissions.create(asking, REQUEST, start=True)
    [own] = await kept(store, asking.app)
    assert own.requested_at is not None
    assert abs(own.requested_at - begun) < 1800
    ended = replace(event(EventKind.JOB_ENDED, FIRST_JOB, begun, state="COMPLETED"), cluster=own.cluster)
    await store.write(lambda c: Journal([gateway.follower]).append(c, [ended]))
    assert (await gateway.control.get(asking, made.id)).phase is Phase.ENDED


async def test_a_job_whose_number_cannot_be_kept_is_in_doubt_and_not_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = gateway_on(store, Played())
    asking = await owner(gateway)

    def full(*_: object) -> None:
        raise StoreError("the disk is full", transient=True)

    monkeypatch.setattr(submissions, "submitted", full)
    made, _ = await gateway.submissions.create(asking, REQUEST, start=True)
    assert made.job_id == FIRST_JOB
    assert (await gateway.control.get(asking, made.id)).phase is Phase.SUBMITTING


async def test_a_key_that_is_there_starts_nothing_also_when_both_come_at_once(store: Store) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)
    both = [gateway.submissions.create(asking, REQUEST, start=True, repeat_key="same") for _ in range(5)]
    made = await asyncio.gather(*both)
    assert [new for _, new in made].count(True) == 1
    assert len({one.id for one, _ in made}) == len(played.submitted) == len(await kept(store, asking.app)) == 1
    other = JobRequest(script="#!/bin/sh\nfalse\n")
    with pytest.raises(BadRequestError):
        await gateway.submissions.create(asking, other, start=True, repeat_key="same")


async def test_a_task_that_is_there_starts_nothing(store: Store) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)
    await gateway.submissions.create(asking, REQUEST, start=True, task_uuid="one")
    with pytest.raises(ConflictError):
        await gateway.submissions.create(asking, REQUEST, start=True, task_uuid="one")
    assert len(played.submitted) == 1


async def test_of_an_app_that_has_all_its_jobs_nothing_more_is_made_ready(store: Store) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway, max_active=1)
    first, _ = await gateway.submissions.create(asking, REQUEST, start=True)
    for _ in range(3):
        with pytest.raises(TooManyError):
            await gateway.submissions.create(asking, REQUEST, start=True)
    assert (len(played.ready), len(played.submitted)) == (2, 1)

    def over(connection: Connection) -> None:
        submissions.follow(connection, first, {"phase": Phase.ENDED.value})

    await store.write(over)
    await gateway.submissions.create(asking, REQUEST, start=True)
    assert len(played.submitted) == 2


async def test_what_the_executor_refuses_is_forgotten_and_what_slurm_refuses_is_kept(store: Store) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)
    played.error = RefusedError("root", "the directory is beneath none of the roots")
    with pytest.raises(Exception, match="none of the roots"):
        await gateway.submissions.create(asking, REQUEST, start=True)
    assert await kept(store, asking.app) == []
    played.error = RefusedError("slurm", "invalid partition", code=1)
    with pytest.raises(BadRequestError, match="invalid partition"):
        await gateway.submissions.create(asking, REQUEST, start=True)
    [refused] = await kept(store, asking.app)
    assert (refused.phase, refused.problem) == (Phase.REFUSED, "invalid partition")


async def test_what_slurmctld_never_heard_of_is_to_be_tried_again_and_not_refused(store: Store) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)
    words = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    played.error = RefusedError("slurm", words, code=1)
    with pytest.raises(UnavailableError, match="try again"):
        await gateway.submissions.create(asking, REQUEST, start=True)
    assert await kept(store, asking.app) == []
    played.error = None
    await gateway.submissions.create(asking, REQUEST, start=True)
    [started] = await kept(store, asking.app)
    assert started.phase is Phase.ACTIVE


@pytest.mark.parametrize(
    "error",
    [
        ExecutorError("the executor hung up"),
        RefusedError("timeout", "it took longer"),
        RefusedError("output", "sbatch printed more than it may"),
        RefusedError("internal", "the executor's child ended without an answer"),
    ],
)
async def test_an_answer_that_is_lost_leaves_the_start_in_doubt(store: Store, error: Exception) -> None:
    played = Played()
    gateway = gateway_on(store, played)
    asking = await owner(gateway)
    played.error = error
    with pytest.raises(UnavailableError):
        await gateway.submissions.create(asking, REQUEST, start=True)
    [doubtful] = await kept(store, asking.app)
    assert (doubtful.phase, doubtful.job_id) == (Phase.SUBMITTING, None)
    assert "looked into" in (doubtful.problem or "")
