from __future__ import annotations

import pytest

from headgate.model.job import Attempt
from headgate.store import job_search, jobs
from headgate.store.job_search import FAILED, JobFilter, JobSort
from headgate.store.jobs import StoredJob
from headgate.store.store import Store

ARRAY = 50


def job(
    number: int, state: str = "RUNNING", *, user: str = "ada", name: str = "", at: int = 0, **more: str
) -> StoredJob:
    is_open = state in ("PENDING", "RUNNING") and "closed" not in more
    data = {"label": str(number), "name": name or f"job-{number}", "user": user, "account": "a", "partition": "p"}
    return StoredJob(Attempt("c", number, at or 1000 + number), is_open, {**data, "state": state, **more})


def task(number: int, state: str, place: str) -> StoredJob:
    made = job(number, state, name="array", at=2000, label=f"{ARRAY}_{place}")
    return StoredJob(made.attempt, made.open, made.data, ARRAY)


KNOWN = [
    job(1, "COMPLETED", name="Zeta"),
    job(2, "FAILED", user="ben", name="alpha", partition="gpu"),
    job(3, name="50% done"),
    job(4, "RUNNING", at=900, closed="requeued"),
    job(4, "PENDING", at=1004),
    *(task(ARRAY + place, "COMPLETED" if place < 3 else "OUT_OF_MEMORY", str(place)) for place in range(1, 5)),
    task(ARRAY, "PENDING", "*"),
]


@pytest.fixture(autouse=True)
async def known(store: Store) -> None:
    await store.write(lambda c: jobs.keep(c, KNOWN, 5000.0))


async def numbers(store: Store, wanted: JobFilter, sort: JobSort = JobSort.SUBMITTED) -> list[int]:
    found = await store.read(lambda c: job_search.find(c, wanted, sort=sort))
    assert found.total == len(found.jobs)
    return [one.number for one in found.jobs]


async def test_an_array_and_the_attempts_of_a_job_are_one_each(store: Store) -> None:
    found = await store.read(lambda c: job_search.find(c, JobFilter()))
    assert [(one.number, dict(one.states)) for one in found.jobs] == [
        (ARRAY, {"COMPLETED": 2, "OUT_OF_MEMORY": 2, "PENDING": 1}),
        (4, {"PENDING": 1}),
        (3, {"RUNNING": 1}),
        (2, {"FAILED": 1}),
        (1, {"COMPLETED": 1}),
    ]
    array = found.jobs[0]
    assert (array.array, array.rest, array.label, array.records, array.open) == (True, True, "50_*", 5, True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (JobFilter(user="ben"), [2]),
        (JobFilter(user="nobody"), []),
        (JobFilter(states=("RUNNING",)), [3]),
        (JobFilter(states=FAILED), [ARRAY, 2]),
        (JobFilter(open=True), [ARRAY, 4, 3]),
        (JobFilter(user="ada", open=True), [ARRAY, 4, 3]),
        (JobFilter(partition="gpu"), [2]),
        (JobFilter(cluster="d"), []),
        (JobFilter(name="ETA"), [1]),
        (JobFilter(search="0% d"), [3]),
        (JobFilter(search="%"), [3]),
        (JobFilter(search="_"), []),
        (JobFilter(search="4"), [4]),
        (JobFilter(search="50"), [ARRAY]),
        (JobFilter(search="50_4"), [ARRAY]),
        (JobFilter(search="50_9"), []),
        (JobFilter(search="2", user="ada"), []),
        (JobFilter(search="52"), [ARRAY]),
        (JobFilter(since=1003, until=1004), [4, 3]),
        (JobFilter(changed=5001.0), []),
        (JobFilter(changed=4999.0, states=("FAILED",)), [2]),
    ],
)
async def test_jobs_are_found_by_what_people_look_for(store: Store, wanted: JobFilter, expected: list[int]) -> None:
    assert await numbers(store, wanted) == expected


async def test_an_attempt_that_was_put_back_does_not_run(store: Store) -> None:
    assert 4 not in await numbers(store, JobFilter(states=("RUNNING",)))


async def test_a_list_is_sorted_and_comes_in_pages(store: Store) -> None:
    def page(offset: int) -> list[int]:
        found = store.read_now(
            lambda c: job_search.find(c, JobFilter(), sort=JobSort.NAME, descending=False, limit=2, offset=offset)
        )
        assert found.total == 5
        return [one.number for one in found.jobs]

    assert [page(0), page(2), page(4)] == [[3, 2], [ARRAY, 4], [1]]


@pytest.mark.parametrize("sort", JobSort)
async def test_every_order_lists_every_job_once(store: Store, sort: JobSort) -> None:
    assert sorted(await numbers(store, JobFilter(), sort)) == [1, 2, 3, 4, ARRAY]


async def test_only_the_newest_are_looked_through_and_that_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_search, "MOST_READ", 6)
    found = await store.read(lambda c: job_search.find(c, JobFilter()))
    assert found.cut
    assert [one.number for one in found.jobs] == [ARRAY, 4]
    assert not (await store.read(lambda c: job_search.find(c, JobFilter(user="ben")))).cut


async def test_tasks_come_by_job_id_and_only_to_whom_they_belong(store: Store) -> None:
    def of(user: str | None, offset: int = 0) -> list[str]:
        found = store.read_now(lambda c: job_search.tasks_of(c, "c", ARRAY, user=user, limit=3, offset=offset))
        return [one.label for one in found]

    assert of(None) == ["50_*", "50_1", "50_2"]
    assert of("ada", 3) == ["50_3", "50_4"]
    assert of("ben") == []
