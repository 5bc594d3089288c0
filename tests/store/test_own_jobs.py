from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event

from headgate.model.event import Event, EventKind, Source
from headgate.model.job import Attempt
from headgate.store import jobs, journal, own_jobs
from headgate.store.jobs import StoredJob
from headgate.store.migrate import migrate
from headgate.store.store import Store


def stored(job_id: int, user: str = "ada", *, cluster: str = "c", submitted: int = 100, **changed: Any) -> StoredJob:
    data = {"label": str(job_id), "name": changed.pop("name", "n"), "user": user}
    return StoredJob(Attempt(cluster, job_id, submitted), data=data, **{"open": True, **changed})


async def keep(store: Store, *known: StoredJob) -> None:
    await store.write(lambda c: jobs.keep(c, known, 1.0))


async def numbered(store: Store, number: int, user: str = "ada", limit: int = 100) -> list[tuple[str, int, int]]:
    found = await store.read(lambda c: own_jobs.numbered(c, user, number, limit))
    return [(one.attempt.cluster, one.attempt.job_id, one.attempt.submitted) for one in found]


async def opened(store: Store, user: str = "ada", limit: int = 100) -> list[int]:
    return [one.attempt.job_id for one in await store.read(lambda c: own_jobs.open_of(c, user, limit))]


async def test_open_jobs_are_a_users_own_newest_first(store: Store) -> None:
    await keep(store, stored(1), stored(2, submitted=200), stored(3, open=False), stored(4, "ben"), stored(5, "Ada"))
    assert await opened(store) == [2, 1]
    assert await opened(store, limit=1) == [2]
    assert await opened(store, "nobody") == []


async def test_nothing_a_job_is_called_makes_it_somebody_elses(store: Store) -> None:
    await keep(store, stored(1, "ben", name='"user":"ada"'), stored(2, 'ada","user":"ben'), stored(3, "a_a"))
    assert await opened(store) == []
    assert await opened(store, "ben") == [1]
    assert await opened(store, "a%") == []
    assert await opened(store, "aXa") == []
    assert await opened(store, "a_a") == [3]


async def test_a_number_finds_a_job_its_attempts_and_the_tasks_of_an_array(store: Store) -> None:
    await keep(
        store,
        stored(7),
        stored(7, submitted=200, open=False),
        stored(7, cluster="d"),
        stored(8, array_id=7, submitted=150),
        stored(9, "ben", array_id=7),
        stored(70),
    )
    assert await numbered(store, 7) == [("c", 7, 200), ("c", 8, 150), ("c", 7, 100), ("d", 7, 100)]
    assert await numbered(store, 7, "ben") == [("c", 9, 100)]
    assert await numbered(store, 7, limit=2) == [("c", 7, 200), ("c", 8, 150)]
    assert await numbered(store, 5) == []


async def test_an_arrays_own_record_is_found_once(store: Store) -> None:
    await keep(store, stored(7, array_id=7))
    assert await numbered(store, 7) == [("c", 7, 100)]


async def test_ends_and_mails_of_others_are_not_found(store: Store) -> None:
    facts = [
        Event(f"{kind}{user}{at}", kind, at, "job 7", Source.WATCHER, cluster="c", job_id=7, user=user)
        for kind in (EventKind.JOB_ENDED, EventKind.MAIL_REQUESTED)
        for user, at in (("ada", 10.0), ("ada", 20.0), ("ben", 20.0))
    ]
    await store.write(lambda c: journal.append(c, facts))
    ended = await store.read(lambda c: own_jobs.last_ended(c, "ada", 15.0, 10))
    assert [(one.event.user, one.event.time) for one in ended] == [("ada", 20.0)]
    mails = await store.read(lambda c: own_jobs.last_mail(c, "ada", 7))
    assert [(one.event.user, one.event.time) for one in mails] == [("ada", 10.0), ("ada", 20.0)]


async def test_a_large_table_is_not_read_through(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    migrate(store)
    store.write_now(lambda c: jobs.keep(c, [stored(1), stored(2, open=False)], 1.0))
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    store.read_now(lambda c: own_jobs.open_of(c, "ada", 5))
    store.read_now(lambda c: own_jobs.numbered(c, "ada", 1, 5))
    plans = [
        str(list(store.read_now(lambda c, one=one: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1]).all())))  # type: ignore[misc]
        for one in list(asked)
    ]
    store.close()
    assert len(plans) == 5
    assert "SEARCH jobs USING INDEX ix_jobs_user_submitted" in plans[0]
    assert not [plan for plan in plans if "SCAN" in plan]
