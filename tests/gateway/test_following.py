"""What the journal says of jobs becomes what submissions say; apps are told once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection

from headgate.events.journal import Journal
from headgate.gateway.following import HOOKS, Follower
from headgate.gateway.webhooks import new_hook
from headgate.model.event import Event, EventKind
from headgate.model.submission import FORGOTTEN, Phase
from headgate.store import app_events, deliveries, hooks, journal, submissions
from headgate.store.deliveries import DeliveryFilter
from headgate.store.store import Store, Work
from tests.gateway.made import APP, NOW, begun, event, kept, now, submission

FOLLOWER = Follower(frozenset({"mailto"}))


async def happen(store: Store, *facts: Event) -> None:
    await store.write(lambda c: Journal([FOLLOWER]).append(c, facts))


async def owed(store: Store) -> Sequence[tuple[str, str]]:
    found = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100))
    return [(one.connector, one.target) for one in found]


async def test_a_job_runs_and_ends(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    await happen(store, event(EventKind.JOB_STARTED, 7, NOW + 5))
    running = await now(store, own)
    assert (running.phase, running.state, running.started_at) == (Phase.ACTIVE, "RUNNING", NOW + 5)
    await happen(store, event(EventKind.JOB_ENDED, 7, NOW + 9, state="FAILED", exit_code=200, signal=0))
    over = await now(store, own)
    assert (over.phase, over.state, over.ended_at, over.failed) == (Phase.ENDED, "FAILED", NOW + 9, True)
    assert over.outcome == {"state": "FAILED", "exit_code": 200, "signal": 0}


async def test_both_at_once_in_any_order_end_the_same(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    ended = event(EventKind.JOB_ENDED, 7, NOW + 9, state="COMPLETED", exit_code=0)
    await happen(store, ended, event(EventKind.JOB_STARTED, 7, NOW + 5))
    over = await now(store, own)
    assert (over.phase, over.state, over.started_at) == (Phase.ENDED, "COMPLETED", NOW + 5)


async def test_an_older_job_of_the_same_number_and_somebody_elses_are_not_ours(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    await happen(
        store,
        event(EventKind.JOB_ENDED, 7, NOW - 100_000, state="FAILED"),
        event(EventKind.JOB_ENDED, 7, NOW + 1, user="ben", state="FAILED"),
    )
    assert (await now(store, own)).phase is Phase.ACTIVE


async def test_of_two_with_one_number_the_last_started_is_meant_since_slurm_gave_it_again(store: Store) -> None:
    own = await kept(store, submission())
    other = await begun(store, submission("ben"), job_id=7)
    again = await store.write(lambda c: submissions.begin(c, own, NOW + 5))
    assert again is not None
    await store.write(lambda c: submissions.submitted(c, again, 7))
    await happen(store, event(EventKind.JOB_ENDED, 7, NOW + 9, state="COMPLETED", exit_code=0))
    assert [(await now(store, one)).phase for one in (own, other)] == [Phase.ENDED, Phase.ACTIVE]


async def test_a_number_given_again_to_the_same_user_within_seconds_is_another_job(store: Store) -> None:
    first = await begun(store, submission(), job_id=7)
    again = await begun(store, submission(), at=NOW + 60)
    of_first = event(EventKind.JOB_ENDED, 7, NOW + 20, submitted=int(NOW), state="FAILED", exit_code=1)
    await store.write(lambda c: journal.append(c, [of_first]))  # known, and not followed yet
    joined = await store.write(lambda c: FOLLOWER.joined(c, again, 7))
    assert (joined.phase, joined.state) == (Phase.ACTIVE, "PENDING")
    started = event(EventKind.JOB_STARTED, 7, NOW + 61, submitted=int(NOW + 60))
    late = event(EventKind.JOB_ENDED, 7, NOW + 21, submitted=int(NOW), state="COMPLETED", exit_code=0)
    await happen(store, started, late)
    assert [(await now(store, one)).state for one in (first, again)] == ["COMPLETED", "RUNNING"]


async def test_a_requeued_job_goes_on(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    await happen(store, event(EventKind.JOB_ENDED, 7, NOW + 5, state="NODE_FAIL"))
    await happen(store, event(EventKind.JOB_REQUEUED, 7, NOW + 6))
    going = await now(store, own)
    assert (going.phase, going.state, going.ended_at, going.outcome) == (Phase.ACTIVE, "PENDING", None, {})


async def test_a_job_that_was_taken_for_forgotten_goes_on_when_it_is_seen_again(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    given_up = {"phase": Phase.ENDED.value, "state": None, "problem": FORGOTTEN, "ended_at": NOW + 5}
    await store.write(lambda c: submissions.follow(c, own, given_up))
    await happen(store, event(EventKind.JOB_REQUEUED, 7, NOW + 6))
    going = await now(store, own)
    assert (going.phase, going.state, going.ended_at, going.problem) == (Phase.ACTIVE, "PENDING", None, None)


async def test_what_happened_before_the_number_was_known_is_made_good(store: Store) -> None:
    own = await begun(store, submission())
    await happen(
        store,
        event(EventKind.JOB_STARTED, 7, NOW + 1),
        event(EventKind.JOB_ENDED, 7, NOW + 2, state="COMPLETED", exit_code=0),
    )
    joined = await store.write(lambda c: FOLLOWER.joined(c, own, 7))
    assert (joined.phase, joined.state, joined.job_id) == (Phase.ENDED, "COMPLETED", 7)
    told = await store.read(lambda c: app_events.after(c, APP.id, 0))
    assert [one.event.kind for one in told] == [EventKind.JOB_STARTED, EventKind.JOB_ENDED]


async def test_a_task_of_an_array_does_not_end_the_array(store: Store) -> None:
    own = await begun(store, submission(request={"options": {"array": "0-1"}}), job_id=7)
    await happen(store, event(EventKind.JOB_ENDED, 8, NOW + 5, array_id=7, state="COMPLETED"))
    assert (await now(store, own)).phase is Phase.ACTIVE
    assert [one.submission_id for one in await store.read(lambda c: app_events.after(c, APP.id, 0))] == [own.id]


async def test_the_same_fact_seen_twice_is_told_once(store: Store) -> None:
    await begun(store, submission(), job_id=7)
    fact = event(EventKind.JOB_STARTED, 7)
    await happen(store, fact)
    await happen(store, fact)
    assert len(await store.read(lambda c: app_events.after(c, APP.id, 0))) == 1


async def test_webhooks_are_owed_what_they_asked_for(store: Store) -> None:
    await begun(store, submission(), job_id=7)
    hook = new_hook(
        APP.id, "https://p.example.org/", "s" * 16, ["job.ended"], user="ada", hosts=["*.example.org"], now=NOW
    )
    bens = new_hook(APP.id, "https://p.example.org/", "s" * 16, [], user="ben", hosts=["*.example.org"], now=NOW)
    await store.write(lambda c: hooks.add(c, hook))
    await store.write(lambda c: hooks.add(c, bens))
    await happen(store, event(EventKind.JOB_STARTED, 7), event(EventKind.JOB_ENDED, 7, NOW + 20, state="FAILED"))
    assert await owed(store) == [(HOOKS, hook.id)]


async def test_whom_a_task_names_is_told_of_its_end_once(store: Store) -> None:
    request = {"options": {}, "notify": ["mailto:ada@example.org", "nowhere:x"]}
    await begun(store, submission(request=request), job_id=7)
    fact = event(EventKind.JOB_ENDED, 7, NOW + 20, state="FAILED")
    await happen(store, event(EventKind.JOB_STARTED, 7), fact)
    await happen(store, fact)
    assert await owed(store) == [("mailto", "ada@example.org")]


async def test_jobs_of_nobody_change_nothing(store: Store) -> None:
    own = await kept(store, submission())
    await happen(store, event(EventKind.JOB_ENDED, 99, state="FAILED"))
    assert await now(store, own) == own
    assert len(await store.read(lambda c: journal.find(c, journal.EventFilter(), limit=9))) == 1


@pytest.mark.parametrize("first", ["the end", "whose job it is"])
async def test_an_end_written_while_it_is_written_whose_job_it_is_is_told(store: Store, first: str) -> None:
    own = await begun(store, submission())
    ended = event(EventKind.JOB_ENDED, 7, NOW + 9, state="COMPLETED", exit_code=0)
    ways: dict[str, Work[object]] = {
        "the end": lambda c: Journal([FOLLOWER]).append(c, [ended]),
        "whose job it is": lambda c: FOLLOWER.joined(c, own, 7),
    }
    earlier, later = ways.pop(first), next(iter(ways.values()))
    done, go_on = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> None:
        earlier(connection)
        done.set()
        go_on.wait(30)

    other = Store(store.url.render_as_string(hide_password=False))
    slow = asyncio.create_task(store.write(slowly))
    await asyncio.to_thread(done.wait, 30)
    quick = asyncio.create_task(other.write(later))
    await asyncio.wait({quick}, timeout=0.5)  # it ends only if it does not wait for its turn
    go_on.set()
    await asyncio.gather(slow, quick)
    await asyncio.to_thread(other.close)
    assert (await now(store, own)).phase is Phase.ENDED
    told = await store.read(lambda c: app_events.after(c, own.app_id, 0))
    assert [one.event.key for one in told] == [ended.key]
