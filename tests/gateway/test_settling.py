"""Starts whose answer was lost, arrays, and figures: settled by asking Slurm once for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from headgate.executor.interface import FileActor, JobActor
from headgate.gateway.following import Follower
from headgate.gateway.settling import Settler, SettlingSettings, array_values
from headgate.gateway.ways import Way
from headgate.model.event import EventKind
from headgate.model.job import Attempt, ExitStatus, Figures
from headgate.model.states import JobState
from headgate.model.submission import FORGOTTEN, Phase
from headgate.store import app_events, audit, jobs, journal, submissions
from headgate.store.audit import AuditFilter
from headgate.store.jobs import StoredJob
from headgate.store.store import Store
from tests.gateway.made import CLUSTER, NOW, begun, event, now, submission

NOBODY: Any = None


class Slurm:
    """Answers where jobs are, and what they used; counts how often it is asked."""

    def __init__(self) -> None:
        self.there: dict[str, list[tuple[str, int]]] = {}
        self.figures: list[Figures] = []
        self.asked: list[str] = []

    async def find(self, user: str, directory: str, since: float) -> list[tuple[str, int]]:
        self.asked.append(f"find {user}")
        return [one for one in self.there.get(directory, []) if one[1] >= since]

    async def account(self, ids: Sequence[int], since: float) -> list[Figures]:
        del since
        self.asked.append(f"account {','.join(map(str, ids))}")
        return [one for one in self.figures if one.attempt.job_id in ids]

    def settler(self, store: Store) -> Settler:
        way = Way(CLUSTER, cast("FileActor", NOBODY), cast("JobActor", NOBODY), self.find, self.account)
        return Settler(store, {CLUSTER: way}, Follower(), SettlingSettings(after=30.0))


def figures(job_id: int, state: JobState = JobState.COMPLETED, *, complete: bool = True) -> Figures:
    return Figures(
        attempt=Attempt(CLUSTER, job_id, int(NOW)), label=str(job_id), name="x", user="ada", account="a", partition="p",
        qos="q", state=state, cancelled_by=None, exit=ExitStatus(0), started=NOW, ended=NOW + 5, elapsed=5,
        time_limit=60, nodes="n1", node_count=1, cpus=2, cpu_used=4.0, memory_asked=100, memory_used=50,
        complete=complete,
    )  # fmt: skip


def task(job_id: int, state: str, *, open_: bool) -> StoredJob:
    return StoredJob(Attempt(CLUSTER, job_id, int(NOW)), open_, {"state": state, "user": "ada"}, 100)


async def test_a_job_whose_number_was_lost_is_found_by_its_directory(store: Store) -> None:
    slurm, own = Slurm(), await begun(store, submission())
    slurm.there[own.directory] = [("7", int(NOW))]
    await slurm.settler(store).look(NOW + 31)
    found = await now(store, own)
    assert (found.phase, found.job_id, found.run) == (Phase.ACTIVE, 7, 1)
    [line] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=10))
    assert (line.user, line.action, line.outcome) == ("ada", "start job", "done")
    assert line.subject == f"submission {own.id}"


async def test_a_start_that_is_young_is_left_alone(store: Store) -> None:
    slurm = Slurm()
    await begun(store, submission())
    await slurm.settler(store).look(NOW + 20)
    assert slurm.asked == []


async def test_what_slurm_never_got_can_be_started_again(store: Store) -> None:
    slurm, own = Slurm(), await begun(store, submission())
    await slurm.settler(store).look(NOW + 100)
    assert (await now(store, own)).phase is Phase.SUBMITTING
    await slurm.settler(store).look(NOW + 200)
    lost = await now(store, own)
    assert lost.phase is Phase.REFUSED
    assert "started again" in (lost.problem or "")


async def test_the_job_of_an_earlier_start_is_not_taken_for_this_one(store: Store) -> None:
    slurm, own = Slurm(), await begun(store, submission(), job_id=7)
    await store.write(lambda c: submissions.follow(c, own, {"phase": Phase.ENDED.value, "figures": {}}))
    over = await now(store, own)
    again = await store.write(lambda c: submissions.begin(c, over, NOW + 50))
    assert again is not None
    slurm.there[own.directory] = [("7", int(NOW)), ("8", int(NOW) + 50)]
    await slurm.settler(store).look(NOW + 100)
    assert (await now(store, own)).job_id == 8


async def test_in_a_directory_of_others_only_the_one_job_nobody_has_is_ours(store: Store) -> None:
    slurm = Slurm()
    mine = submission(request={"options": {}, "script_files": {"chdir": "/data"}})
    own = await begun(store, mine)
    slurm.there["/data"] = [("7", int(NOW)), ("8", int(NOW))]
    await slurm.settler(store).look(NOW + 31)
    assert (await now(store, own)).job_id is None
    await begun(store, submission(), job_id=7)
    await slurm.settler(store).look(NOW + 32)
    assert (await now(store, own)).job_id == 8


async def test_figures_of_all_that_is_over_are_asked_for_once_and_kept(store: Store) -> None:
    slurm = Slurm()
    owns = [await begun(store, submission(), job_id=number) for number in (7, 8)]
    for own in owns:
        values = {"phase": Phase.ENDED.value, "ended_at": NOW + 5}
        await store.write(lambda c, own=own, values=values: submissions.follow(c, own, values))  # type: ignore[misc]
    slurm.figures = [figures(7), figures(8, complete=False)]
    await slurm.settler(store).look(NOW + 10)
    assert slurm.asked == ["account 7,8"]
    kept = await now(store, owns[0])
    assert kept.figures is not None
    assert (kept.figures["cpu_used"], kept.figures["state"], kept.figures["elapsed"]) == (4.0, "COMPLETED", 5)
    assert (await now(store, owns[1])).figures is None
    await slurm.settler(store).look(NOW + 100)
    assert slurm.asked == ["account 7,8", "account 8"]
    assert (await now(store, owns[1])).figures is not None
    await slurm.settler(store).look(NOW + 101)
    assert len(slurm.asked) == 2


async def test_an_array_is_over_when_all_its_tasks_are(store: Store) -> None:
    slurm = Slurm()
    own = await begun(store, submission(request={"options": {"array": "0-1"}}), job_id=100)
    await store.write(lambda c: jobs.keep(c, [task(100, "PENDING", open_=True), task(101, "RUNNING", open_=True)], NOW))
    await slurm.settler(store).look(NOW + 1)
    assert (await now(store, own)).state == "RUNNING"
    over = [task(100, "COMPLETED", open_=False), task(101, "TIMEOUT", open_=False)]
    await store.write(lambda c: jobs.keep(c, over, NOW))
    await slurm.settler(store).look(NOW + 2)
    ended = await now(store, own)
    assert (ended.phase, ended.state, ended.ended_at) == (Phase.ENDED, "TIMEOUT", NOW + 2)
    assert ended.outcome["tasks"] == {"COMPLETED": 1, "TIMEOUT": 1}


def test_of_an_array_nobody_has_seen_nothing_is_said() -> None:
    assert array_values([], NOW) == {}


def test_a_cancelled_array_is_cancelled_and_a_good_one_completed() -> None:
    cancelled = array_values([task(1, "COMPLETED", open_=False), task(2, "CANCELLED", open_=False)], NOW)
    assert cancelled["state"] == "CANCELLED"
    assert array_values([task(1, "COMPLETED", open_=False)], NOW)["state"] == "COMPLETED"


async def watched(store: Store, job_id: int, *, open_: bool, at: float = NOW, user: str = "ada") -> None:
    known = StoredJob(Attempt(CLUSTER, job_id, int(at)), open_, {"state": "RUNNING", "user": user, "name": "x"})
    await store.write(lambda c: jobs.keep(c, [known], at))


async def test_a_job_that_slurm_forgot_does_not_run_for_ever(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    await watched(store, 7, open_=False)
    await watched(store, 7, open_=True, at=NOW + 5, user="ben")  # who has this number now
    await Slurm().settler(store).look(NOW + 590)
    assert (await now(store, own)).phase is Phase.ACTIVE
    await Slurm().settler(store).look(NOW + 610)
    over = await now(store, own)
    assert (over.phase, over.state, over.ended_at, over.failed) == (Phase.ENDED, None, NOW + 610, False)
    assert over.problem == FORGOTTEN
    assert await store.read(lambda c: submissions.count_active(c, own.app_id)) == 0


async def test_before_a_job_is_given_up_the_journal_is_asked_and_the_app_told(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    ended = event(EventKind.JOB_ENDED, 7, NOW + 9, state="FAILED", exit_code=2)
    await store.write(lambda c: journal.append(c, [ended]))  # as by a Headgate whose submissions did not follow
    await watched(store, 7, open_=False)
    await Slurm().settler(store).look(NOW + 10_000)
    over = await now(store, own)
    assert (over.phase, over.state, over.problem, over.ended_at) == (Phase.ENDED, "FAILED", None, NOW + 9)
    assert [one.event.key for one in await store.read(lambda c: app_events.after(c, own.app_id, 0))] == [ended.key]


async def test_a_job_that_goes_on_or_was_not_seen_yet_is_not_forgotten(store: Store) -> None:
    requeued, unseen = await begun(store, submission(), job_id=7), await begun(store, submission(), job_id=8)
    await watched(store, 7, open_=False)
    await watched(store, 7, open_=True, at=NOW + 5)
    await Slurm().settler(store).look(NOW + 10_000)
    assert [(await now(store, own)).phase for own in (requeued, unseen)] == [Phase.ACTIVE, Phase.ACTIVE]
