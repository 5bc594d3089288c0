"""The watcher, on a cluster that answers, fails, hangs back and forgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import event as database

from headgate.errors import SlurmError, StoreError
from headgate.events.journal import Journal
from headgate.events.mail_events import mail_event
from headgate.events.sources import watcher as watcher_module
from headgate.events.sources.lost_mail import Wish
from headgate.events.sources.watcher import SEEN, Watcher, WatcherSettings
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ExitStatus
from headgate.model.mail import MailKind
from headgate.model.states import JobState
from headgate.notify.compose import witnessed_event
from headgate.notify.material import Material
from headgate.store import cursors, jobs, journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.signals import Topic
from headgate.store.store import Store
from tests.events.sources.seen import CLUSTER, ToldCluster, accounted, queued, task
from tests.notify.jobs import ENDED as MAIL

RUNNING = JobState.RUNNING
SETTINGS = WatcherSettings(interval=10.0, grace=None)
QUICK = WatcherSettings(interval=0.01, min_interval=0.01, grace=None)


def watcher(store: Store, cluster: ToldCluster, settings: WatcherSettings = SETTINGS) -> Watcher:
    return Watcher(store, Journal(), cluster, settings)


async def recorded(store: Store) -> list[Recorded]:
    return await store.read(lambda c: journal.find(c, EventFilter(), limit=10_000))


async def kinds(store: Store) -> list[str]:
    return [item.event.kind.value for item in await recorded(store)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(watching: Watcher) -> AsyncIterator[None]:
    run = asyncio.create_task(watching.run())
    try:
        yield
    finally:
        watching.stop()
        await asyncio.wait_for(run, 30)


@pytest.fixture
def cluster() -> ToldCluster:
    return ToldCluster()


async def test_a_life_of_a_job_is_in_the_journal(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster)
    for state in (JobState.PENDING, RUNNING, JobState.FAILED):
        cluster.jobs = [queued(state=state, exit=ExitStatus(3) if state.terminal else None)]
        await watching.tick()
    found = await recorded(store)
    assert [item.event.kind.value for item in found] == ["job.submitted", "job.started", "job.ended"]
    assert found[2].event.data["exit_code"] == 3
    assert {source for item in found for source in item.witnesses} == {Source.WATCHER}


async def test_slurm_is_asked_once_a_tick_however_many_jobs_there_are(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued(number, RUNNING) for number in range(1, 501)]
    watching = watcher(store, cluster)
    for _ in range(3):
        await watching.tick()
    assert cluster.calls == {"cluster_name": 1, "controller_started": 1, "queue": 3}


async def test_all_that_left_is_asked_for_in_one_call(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued(number, RUNNING) for number in range(1, 101)]
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.jobs, cluster.accounts = [], [accounted(number) for number in range(1, 101)]
    await watching.tick()
    assert cluster.asked_ids == [list(range(1, 101))]
    assert (await kinds(store)).count("job.ended") == 100
    await watching.tick()
    assert cluster.calls["accounting"] == 1
    assert watching.known == {}


async def test_what_accounting_does_not_know_yet_is_asked_for_again_but_not_every_tick(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5000.0, monotonic=time.monotonic)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic))
    watching = watcher(store, cluster)
    cluster.jobs = [queued(state=RUNNING)]
    await watching.tick()
    cluster.jobs = []
    asked = []
    for seconds in (0, 1, 3, 4, 7, 100, 101, 202):
        clock.now = 6000.0 + seconds
        await watching.tick()
        asked.append(cluster.calls["accounting"])
    assert asked == [1, 1, 2, 2, 3, 4, 4, 5]
    cluster.accounts = [accounted()]
    clock.now = 7000.0
    await watching.tick()
    assert (await kinds(store))[-1] == "job.ended"


async def test_a_job_nobody_knows_any_more_is_given_up_after_a_day(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5000.0)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic))
    watching = watcher(store, cluster)
    cluster.jobs = [queued(state=RUNNING)]
    await watching.tick()
    cluster.jobs = []
    for seconds in (10, 2 * 86400):
        clock.now = 5000.0 + seconds
        await watching.tick()
    assert await store.read(lambda c: jobs.open_jobs(c, CLUSTER)) == []
    assert "job.ended" not in await kinds(store)


async def test_wishes_are_asked_once_for_all_new_jobs(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(SETTINGS, grace=0.0))
    cluster.jobs = [queued(number) for number in range(1, 51)]
    cluster.wishes = {number: Wish(frozenset({"END"}), f"user{number}") for number in range(1, 51)}
    for _ in range(3):
        await watching.tick()
    assert cluster.calls["mail_wishes"] == 1
    stored = await store.read(lambda c: jobs.open_jobs(c, CLUSTER))
    assert {(item.attempt.job_id, item.mail_user) for item in stored} == {(n, f"user{n}") for n in range(1, 51)}
    cluster.jobs.append(queued(60))
    await watching.tick()
    assert cluster.calls["mail_wishes"] == 2


async def test_wishes_are_not_asked_at_every_tick_that_sees_new_jobs(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(SETTINGS, grace=120.0))
    for number in range(1, 6):
        cluster.jobs.append(queued(number))
        await watching.tick()
    assert cluster.calls["mail_wishes"] == 1


async def test_wishes_are_not_asked_where_lost_mails_are_ignored(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued()]
    await watcher(store, cluster).tick()
    assert cluster.calls["mail_wishes"] == 0


async def test_a_job_that_slurm_has_forgotten_meanwhile_is_not_asked_about_for_ever(
    store: Store, cluster: ToldCluster
) -> None:
    watching = watcher(store, cluster, replace(SETTINGS, grace=0.0))
    cluster.jobs = [queued()]
    for _ in range(5):
        await watching.tick()
    assert cluster.calls["mail_wishes"] == 1


async def test_wishes_that_could_not_be_asked_are_asked_at_the_next_tick(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(SETTINGS, grace=0.0))
    cluster.jobs, cluster.wishes = [queued()], {7: Wish(frozenset({"END"}), "ada")}
    cluster.failing["mail_wishes"] = 1
    with pytest.raises(SlurmError):
        await watching.tick()
    await watching.tick()
    [stored] = await store.read(lambda c: jobs.open_jobs(c, CLUSTER))
    assert (stored.mail_types, stored.mail_user) == (frozenset({"END"}), "ada")
    assert await kinds(store) == ["job.submitted"]


async def test_a_tick_without_changes_writes_nothing(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued(number, RUNNING) for number in range(1, 11)]
    watching = watcher(store, cluster)
    await watching.tick()
    commits: list[object] = []
    database.listen(store.engine, "commit", commits.append)
    for _ in range(3):
        await watching.tick()
    assert commits == []
    cluster.jobs.append(queued(99))
    await watching.tick()
    assert len(commits) == 1


async def test_a_restart_keeps_what_is_known_and_tells_nothing_twice(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued(1), queued(2, RUNNING), queued(3, JobState.SUSPENDED), task(None, 100)]
    await watcher(store, cluster).tick()
    before = [item.event.key for item in await recorded(store)]
    again = watcher(store, cluster)
    changes = await again.tick()
    assert (changes.events, changes.new) == ({}, [])
    assert [item.event.key for item in await recorded(store)] == before
    cluster.jobs[2] = queued(3, RUNNING)
    assert [event.kind for event in (await again.tick()).events.values()] == [EventKind.JOB_RESUMED]


async def test_what_left_while_nobody_watched_is_resolved_after_a_restart(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued(state=RUNNING)]
    await watcher(store, cluster).tick()
    cluster.jobs, cluster.accounts = [], [accounted(state=JobState.TIMEOUT)]
    await watcher(store, cluster).tick()
    [ended] = [item for item in await recorded(store) if item.event.kind is EventKind.JOB_ENDED]
    assert (ended.event.data["state"], list(ended.witnesses)) == ("TIMEOUT", [Source.ACCOUNTING])


async def test_a_gap_is_caught_up_with_from_before_it_began(store: Store, cluster: ToldCluster) -> None:
    seen = time.time() - 1000
    await store.write(lambda c: cursors.advance(c, SEEN, seen))
    cluster.accounts = [accounted(50), accounted(51, JobState.FAILED)]
    watching = watcher(store, cluster)
    await watching.tick()
    [(since, until_)] = cluster.asked_between
    assert since == seen - 120
    assert until_ > seen + 1000 - 1
    assert sorted(await kinds(store)) == ["job.ended"] * 2 + ["job.started"] * 2 + ["job.submitted"] * 2
    assert (await store.read(lambda c: cursors.read(c, SEEN)) or 0) >= until_


async def test_a_gap_in_slurms_own_answers_is_caught_up_with_too(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, QUICK)
    await watching.tick()
    cluster.accounts = [accounted(50)]
    await asyncio.sleep(QUICK.interval * 4)
    await watching.tick()
    assert "job.ended" in await kinds(store)


async def test_a_catch_up_goes_no_further_back_than_the_settings_say(store: Store, cluster: ToldCluster) -> None:
    await store.write(lambda c: cursors.advance(c, SEEN, 1000.0))
    before = time.time()
    await watcher(store, cluster, replace(SETTINGS, days=2)).tick()
    [(since, _)] = cluster.asked_between
    assert since >= before - 2 * 86400


async def test_without_a_gap_nothing_is_caught_up_with(store: Store, cluster: ToldCluster) -> None:
    await watcher(store, cluster).tick()
    await watcher(store, cluster).tick()
    assert cluster.calls["accounting_between"] == 0


async def test_a_catch_up_that_fails_holds_nothing_up_and_is_tried_again(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "_AGAIN", 0.0)
    seen = time.time() - 1000
    await store.write(lambda c: cursors.advance(c, SEEN, seen))
    cluster.jobs, cluster.accounts = [queued(70)], [accounted()]
    cluster.failing["accounting_between"] = 1
    watching = watcher(store, cluster)
    await watching.tick()
    assert await kinds(store) == ["job.submitted"]
    assert await store.read(lambda c: cursors.read(c, SEEN)) == seen
    await watching.tick()
    assert "job.ended" in await kinds(store)
    assert (await store.read(lambda c: cursors.read(c, SEEN)) or 0) > seen


async def test_while_accounting_is_away_the_queue_is_watched_as_often(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "_AGAIN", 0.0)
    watching = watcher(store, cluster)
    cluster.jobs = [queued(7)]
    await watching.tick()
    cluster.jobs, cluster.failing["accounting"] = [queued(8)], 2
    await watching.tick()
    cluster.jobs.append(queued(9))
    await watching.tick()
    assert await kinds(store) == ["job.submitted"] * 3


async def test_accounting_is_asked_again_after_a_gap_while_slurmctld_has_more_to_tell_it(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5000.0)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic))
    await store.write(lambda c: cursors.advance(c, SEEN, 1000.0))
    cluster.accounts, cluster.backlog = [accounted(50)], 1
    watching = watcher(store, cluster)
    await watching.tick()
    assert (await kinds(store)).count("job.ended") == 1
    cluster.accounts, cluster.backlog = [accounted(50), accounted(51)], 0
    for clock.now in (5009.0, 5018.0, 5027.0, 5036.0):
        await watching.tick()
    assert (await kinds(store)).count("job.ended") == 2
    assert [since for since, _ in cluster.asked_between] == [880.0, 880.0]
    assert await store.read(lambda c: cursors.read(c, SEEN)) == 5018.0


async def test_what_slurmctld_forgot_when_it_was_killed_between_two_looks_is_found_in_accounting(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5000.0)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic))
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.started, cluster.accounts = 5004.0, [accounted(50, submitted=5001, started=5001.0, ended=5002.0)]
    for number in range(1, 7):
        clock.now = 5000.0 + 10 * number
        await watching.tick()
    assert await kinds(store) == ["job.submitted", "job.started", "job.ended"]
    assert cluster.calls["controller_started"] == 2
    clock.now = 5070.0
    await watching.tick()
    assert cluster.calls["accounting_between"] == 1


async def test_a_job_that_slurmctld_runs_again_since_it_forgot_its_end_is_not_over(
    store: Store, cluster: ToldCluster
) -> None:
    await store.write(lambda c: cursors.advance(c, SEEN, time.time() - 1000))
    cluster.jobs, cluster.accounts = [queued()], [accounted()]
    watching = watcher(store, cluster)
    await watching.tick()
    assert await kinds(store) == ["job.submitted"]
    cluster.jobs = [queued(state=JobState.FAILED)]
    await watching.tick()
    assert await kinds(store) == ["job.submitted", "job.started", "job.ended"]


async def test_when_slurmctld_was_started_is_asked_at_once_after_it_did_not_answer(
    store: Store, cluster: ToldCluster
) -> None:
    watching = watcher(store, cluster)
    await watching.tick()
    cluster.failing["queue"] = 1
    with pytest.raises(SlurmError):
        await watching.tick()
    cluster.started = 600.0
    await watching.tick()
    assert cluster.calls["accounting_between"] == 1


@pytest.mark.parametrize("question", ["controller_started", "accounting_backlog"])
async def test_a_slurm_that_does_not_answer_what_is_only_checked_holds_nothing_up(
    store: Store, cluster: ToldCluster, question: str
) -> None:
    await store.write(lambda c: cursors.advance(c, SEEN, time.time() - 1000))
    cluster.jobs, cluster.accounts, cluster.failing[question] = [queued(70)], [accounted(50)], 1
    await watcher(store, cluster).tick()
    assert (await kinds(store)).count("job.ended") == 1
    assert (await kinds(store)).count("job.submitted") == 2


async def test_patience_with_accounting_begins_when_it_answers(
    store: Store, cluster: ToldCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=5000.0)
    monkeypatch.setattr(watcher_module, "time", SimpleNamespace(time=lambda: clock.now, monotonic=time.monotonic))
    watching = watcher(store, cluster)
    cluster.jobs = [queued(state=RUNNING)]
    await watching.tick()
    cluster.jobs, cluster.failing["accounting"] = [], 1
    await watching.tick()
    clock.now += 2 * 86400  # slurmdbd was away for two days, and slurmctld has not told it everything yet
    cluster.failing["accounting"] = 1
    await watching.tick()
    clock.now += 20
    await watching.tick()
    cluster.accounts = [accounted()]
    clock.now += 20
    await watching.tick()
    assert "job.ended" in await kinds(store)


async def test_what_was_told_before_the_gap_is_not_told_again_by_the_catch_up(
    store: Store, cluster: ToldCluster
) -> None:
    cluster.jobs = [queued(state=RUNNING)]
    first = watcher(store, cluster)
    await first.tick()
    cluster.jobs = [queued(submitted=1050, restarts=1, state=RUNNING)]
    await first.tick()
    cluster.jobs = [queued(submitted=1050, restarts=1, state=JobState.COMPLETED)]
    await first.tick()
    before = await kinds(store)
    await store.write(lambda c: cursors.advance(c, SEEN, time.time() - 1000))
    cluster.jobs, cluster.accounts = [], [accounted(submitted=1050)]
    await watcher(store, cluster).tick()
    assert await kinds(store) == before


async def test_a_start_seen_by_mail_and_by_the_watcher_is_one_event_with_two_witnesses(
    store: Store, cluster: ToldCluster
) -> None:
    mail = mail_event(replace(MAIL, kind=MailKind.BEGAN, cluster=CLUSTER, job_id=7), cluster=CLUSTER)
    request = replace(MAIL, kind=MailKind.BEGAN, cluster=CLUSTER, job_id=7)
    witnessed = witnessed_event(mail, Material(request, accounted(state=RUNNING)))
    assert witnessed is not None
    await store.write(lambda c: journal.append(c, [mail, witnessed]))
    cluster.jobs = [queued(state=RUNNING)]
    await watcher(store, cluster).tick()
    [started] = [item for item in await recorded(store) if item.event.kind is EventKind.JOB_STARTED]
    assert list(started.witnesses) == [Source.MAIL, Source.WATCHER]


async def test_lost_mails_are_made_good(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(SETTINGS, grace=0.0))
    other = mail_event(replace(MAIL, cluster=CLUSTER, job_id=99), cluster=CLUSTER)
    await store.write(lambda c: journal.append(c, [other]))
    cluster.wishes = {7: Wish(frozenset({"END"}), "ada")}
    cluster.jobs = [queued(state=RUNNING)]
    await watching.tick()
    cluster.jobs = [queued(state=JobState.COMPLETED, ended=time.time() + 5)]
    async with asyncio.timeout(30):
        while len([kind for kind in await kinds(store) if kind == "mail.requested"]) < 2:
            await watching.tick()
            await asyncio.sleep(0.05)


async def test_a_slurm_that_fails_changes_nothing_and_is_asked_again(store: Store, cluster: ToldCluster) -> None:
    cluster.jobs = [queued()]
    cluster.failing["queue"] = 3
    watching = watcher(store, cluster, QUICK)
    async with running(watching):
        await until(lambda: cluster.calls["queue"] > 4)
    assert await kinds(store) == ["job.submitted"]


async def test_a_slurm_that_is_slow_is_asked_less_often(store: Store, cluster: ToldCluster) -> None:
    cluster.delay = 0.05
    watching = watcher(store, cluster, replace(QUICK, slow_after=0.04))
    await watching.tick()
    assert watching._health.pause() >= 0.5
    cluster.delay = 0.0
    patient = watcher(store, cluster, replace(QUICK, slow_after=60.0))
    await patient.tick()
    assert patient._health.pause() == QUICK.interval


async def test_a_mail_makes_the_watcher_look_at_once(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(QUICK, interval=3600.0))
    async with running(watching):
        await until(lambda: cluster.calls["queue"] == 1)
        store.signals.ring(Topic.WAITING)
        await until(lambda: cluster.calls["queue"] == 2)


async def test_it_stops_while_it_waits(store: Store, cluster: ToldCluster) -> None:
    watching = watcher(store, cluster, replace(QUICK, interval=3600.0, min_interval=3600.0))
    async with running(watching):
        await until(lambda: cluster.calls["queue"] == 1)
        store.signals.ring(Topic.WAITING)
        await asyncio.sleep(0.05)


async def test_a_tick_that_cannot_be_written_is_told_by_the_next(store: Store, cluster: ToldCluster) -> None:
    refusing = True

    def follow(*_: object) -> None:
        if refusing:
            raise StoreError("the store failed: no space left on device")

    watching = Watcher(store, Journal([follow]), cluster, SETTINGS)
    cluster.jobs = [queued(state=RUNNING)]
    with pytest.raises(StoreError):
        await watching.tick()
    assert (await kinds(store), dict(watching.known)) == ([], {})
    refusing = False
    await watching.tick()
    assert await kinds(store) == ["job.submitted", "job.started"]


async def test_followers_hear_of_what_the_watcher_saw(store: Store, cluster: ToldCluster) -> None:
    heard: list[Event] = []
    watching = Watcher(store, Journal([lambda _, new: heard.extend(fact for _, fact in new)]), cluster, SETTINGS)
    cluster.jobs = [queued(state=RUNNING)]
    await watching.tick()
    assert [event.kind for event in heard] == [EventKind.JOB_SUBMITTED, EventKind.JOB_STARTED]
