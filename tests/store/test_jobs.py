from __future__ import annotations

from dataclasses import replace

from headgate.model.job import Attempt
from headgate.store import jobs
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
