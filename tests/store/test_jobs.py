from __future__ import annotations

import json
from dataclasses import replace

from sqlalchemy import select, text

from headgate.model.job import Attempt
from headgate.store import jobs, tables
from headgate.store.jobs import StoredJob
from headgate.store.store import Store

JOB = StoredJob(Attempt("c", 7, 1000), open=True, data={"name": "x|y", "begun": False})


def task(job_id: int, submitted: int = 1000, *, open_: bool = True) -> StoredJob:
    return replace(JOB, attempt=Attempt("c", job_id, submitted), array_id=100, open=open_)


async def keep(store: Store, *changed: StoredJob) -> None:
    await store.write(lambda c: jobs.keep(c, changed, 1.0))


async def test_what_is_kept_is_read_back(store: Store) -> None:
    known = replace(JOB, array_id=100, mail_types=frozenset({"END", "FAIL"}), mail_user="ada@x, ben")
    await keep(store, known)
    assert await store.read(lambda c: jobs.open_jobs(c, "c")) == [known]


async def test_only_open_jobs_of_the_cluster_are_taken_up(store: Store) -> None:
    other = replace(JOB, attempt=Attempt("d", 7, 1000))
    await keep(store, JOB, replace(JOB, attempt=Attempt("c", 8, 1000), open=False), other)
    assert await store.read(lambda c: jobs.open_jobs(c, "c")) == [JOB]


async def test_keeping_again_changes_the_job_and_leaves_its_wishes(store: Store) -> None:
    await keep(store, JOB)
    await store.write(lambda c: jobs.keep_mail(c, {JOB.attempt: (frozenset({"END"}), "ada")}))
    changed = replace(JOB, open=False, data={"name": "z"}, array_id=5)
    await keep(store, changed)
    [found] = await store.read(lambda c: jobs.of_job(c, "c", 7))
    assert found == replace(changed, mail_types=frozenset({"END"}), mail_user="ada")


async def test_an_owner_who_asked_for_nothing_is_not_one_who_was_not_asked(store: Store) -> None:
    await keep(store, JOB)
    assert [job.mail_types for job in await store.read(lambda c: jobs.of_job(c, "c", 7))] == [None]
    await store.write(lambda c: jobs.keep_mail(c, {JOB.attempt: (frozenset(), "")}))
    assert [job.mail_types for job in await store.read(lambda c: jobs.of_job(c, "c", 7))] == [frozenset()]


async def test_attempts_of_a_job_come_oldest_first(store: Store) -> None:
    attempts = [replace(JOB, attempt=Attempt("c", 7, submitted)) for submitted in (3000, 1000, 2000)]
    await keep(store, *attempts)
    found = await store.read(lambda c: jobs.of_job(c, "c", 7))
    assert [job.attempt.submitted for job in found] == [1000, 2000, 3000]


async def test_wishes_of_one_attempt_are_not_those_of_another(store: Store) -> None:
    later = replace(JOB, attempt=Attempt("c", 7, 2000))
    await keep(store, JOB, later)
    await store.write(lambda c: jobs.keep_mail(c, {later.attempt: (frozenset({"END"}), "ada")}))
    assert [job.mail_user for job in await store.read(lambda c: jobs.of_job(c, "c", 7))] == ["", "ada"]


async def test_an_array_has_open_tasks_until_the_last_is_over(store: Store) -> None:
    await keep(store, task(101, open_=False), task(102))
    assert await store.read(lambda c: jobs.has_open_tasks(c, "c", 100))
    await keep(store, task(102, open_=False))
    assert not await store.read(lambda c: jobs.has_open_tasks(c, "c", 100))


async def test_an_array_was_submitted_when_its_first_record_was(store: Store) -> None:
    await keep(store, task(101, 1500), task(102, 900))
    assert await store.read(lambda c: jobs.array_submitted(c, "c", 100)) == 900
    assert await store.read(lambda c: jobs.array_submitted(c, "c", 99)) is None


async def test_of_many_attempts_those_that_are_over_are_told(store: Store) -> None:
    many = [replace(JOB, attempt=Attempt("c", number, 1000), open=number % 2 == 0) for number in range(2500)]
    await keep(store, *many)
    asked = [job.attempt for job in many] + [Attempt("c", 1, 2000), Attempt("d", 1, 1000)]
    closed = await store.read(lambda c: jobs.closed_among(c, asked))
    assert closed == {job.attempt for job in many if not job.open}
    assert await store.read(lambda c: jobs.closed_among(c, [])) == set()


async def test_nothing_to_keep_is_nothing(store: Store) -> None:
    await keep(store)
    assert await store.read(lambda c: jobs.open_jobs(c, "c")) == []


WORDS = {"user": "ada", "account": "bio", "partition": "main", "name": "x", "label": "7"}


def seen(job_id: int, state: str, *, open_: bool = True, cluster: str = "c") -> StoredJob:
    return StoredJob(Attempt(cluster, job_id, 1000), open=open_, data={**WORDS, "state": state})


async def keep_as_older(store: Store, *changed: StoredJob) -> None:
    """Write jobs as a program does that knows no columns for their words."""
    insert = text(
        "INSERT INTO jobs (cluster, job_id, submitted, open, data, seen_at)"
        " VALUES (:cluster, :job, 1000, :open, :data, 1)"
        " ON CONFLICT (cluster, job_id, submitted) DO UPDATE SET open = excluded.open, data = excluded.data"
    )
    rows = [
        {"cluster": job.attempt.cluster, "job": job.attempt.job_id, "open": job.open, "data": json.dumps(job.data)}
        for job in changed
    ]
    await store.write(lambda c: c.execute(insert, rows) and None)


async def words(store: Store) -> dict[tuple[str, int], tuple[str, str]]:
    """Cluster and job id -> the user and the state by which a job is found."""
    query = select(tables.jobs.c.cluster, tables.jobs.c.job_id, tables.jobs.c.user, tables.jobs.c.state)
    return {
        (row.cluster, row.job_id): (row.user, row.state)
        for row in await store.read(lambda c: c.execute(query).fetchall())
    }


async def test_what_an_older_program_left_out_or_behind_is_written_when_a_watcher_starts(store: Store) -> None:
    await keep(store, seen(1, "PENDING"), seen(2, "RUNNING"), seen(3, "RUNNING", open_=False))
    older = [seen(1, "RUNNING"), seen(2, "COMPLETED", open_=False), seen(4, "RUNNING"), seen(5, "FAILED", open_=False)]
    await keep_as_older(store, *older, seen(6, "RUNNING", cluster="d"))
    before = await words(store)
    assert (before["c", 1], before["c", 2], before["c", 4]) == (("ada", "PENDING"), ("ada", "RUNNING"), ("", ""))
    await store.write(lambda c: jobs.name(c, "c"))
    states = {1: "RUNNING", 2: "COMPLETED", 3: "RUNNING", 4: "RUNNING", 5: "FAILED"}
    assert await words(store) == {**{("c", job): ("ada", state) for job, state in states.items()}, ("d", 6): ("", "")}
