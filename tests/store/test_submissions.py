"""Submissions: every change says what it follows, so that of two at the same time one wins."""

from __future__ import annotations

import asyncio

from headgate.model.submission import Phase
from headgate.store import submissions
from headgate.store.store import Store
from headgate.store.submissions import Repeat, SubmissionFilter
from tests.gateway.made import APP, NOW, begun, kept, now, submission


async def test_a_submission_is_read_as_it_was_written_and_by_nobody_else(store: Store) -> None:
    own = await kept(store, submission(request={"options": {"array": "0-3"}, "output": "x"}))
    assert own.array
    assert await store.read(lambda c: submissions.get(c, APP.id, own.id, "ada")) == own
    assert await store.read(lambda c: submissions.get(c, APP.id, own.id, "ben")) is None
    assert await store.read(lambda c: submissions.get(c, "another app", own.id)) is None


async def test_of_many_who_start_it_at_once_one_does(store: Store) -> None:
    own = await kept(store, submission())
    starts = await asyncio.gather(*(store.write(lambda c: submissions.begin(c, own, NOW)) for _ in range(8)))
    assert sum(start is not None for start in starts) == 1
    assert (await now(store, own)).run == 1


async def test_a_late_answer_of_an_earlier_start_changes_nothing(store: Store) -> None:
    first = await begun(store, submission())
    await store.write(lambda c: submissions.refused(c, first, "no", NOW))
    refused = await now(store, first)
    second = await store.write(lambda c: submissions.begin(c, refused, NOW))
    assert second is not None
    assert await store.write(lambda c: submissions.submitted(c, first, 7)) is None
    assert (await now(store, first)).job_id is None


async def test_starting_again_remembers_the_job_before(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    await store.write(
        lambda c: submissions.follow(c, own, {"phase": Phase.ENDED.value, "outcome": {"state": "FAILED"}})
    )
    over = await now(store, own)
    assert over.outcome == {"state": "FAILED"}
    again = await store.write(lambda c: submissions.begin(c, over, NOW + 100))
    assert again is not None
    assert (again.earlier_jobs, again.job_id, again.outcome, again.run) == ([7], None, {}, 2)


async def test_an_idempotency_key_is_taken_once_for_each_user(store: Store) -> None:
    repeat = Repeat("key", "hash")
    own = await kept(store, submission(), repeat)
    assert not await store.write(lambda c: submissions.add(c, submission(), repeat))
    await kept(store, submission("ben"), repeat)
    found = await store.read(lambda c: submissions.repeated(c, APP.id, "ada", "key"))
    assert found == (own, "hash")


async def test_lists_have_pages_in_both_directions(store: Store) -> None:
    owns = [await kept(store, submission(name=f"job {number % 2}")) for number in range(5)]
    await kept(store, submission("ben"))
    everything = SubmissionFilter(user="ada")
    first = await store.read(lambda c: submissions.find(c, APP.id, everything, limit=2))
    assert first == owns[:2]
    after = SubmissionFilter(user="ada", after=first[-1].number)
    assert await store.read(lambda c: submissions.find(c, APP.id, after, limit=9)) == owns[2:]
    newest = await store.read(lambda c: submissions.find(c, APP.id, everything, limit=2, newest=True))
    assert newest == owns[:2:-1]
    named = SubmissionFilter(user="ada", name="job 1", phases=(Phase.CREATED,))
    assert await store.read(lambda c: submissions.find(c, APP.id, named, limit=9)) == owns[1::2]
    assert await store.read(lambda c: submissions.count(c, APP.id, named)) == 2


async def test_active_ones_are_counted_by_app_and_user(store: Store) -> None:
    await begun(store, submission(), job_id=1)
    await begun(store, submission("ben"))
    await kept(store, submission())
    assert await store.read(lambda c: submissions.count_active(c, APP.id)) == 2
    assert await store.read(lambda c: submissions.count_active(c, APP.id, "ada")) == 1


async def test_a_deleted_one_is_hidden_and_forgotten_later(store: Store) -> None:
    own = await kept(store, submission(task_uuid="u"), Repeat("key", "hash"))
    await store.write(lambda c: submissions.mark_deleted(c, own, NOW))
    assert await store.read(lambda c: submissions.get(c, APP.id, own.id)) is None
    assert await store.read(lambda c: submissions.of_task(c, APP.id, "u")) is None
    assert await store.read(lambda c: submissions.repeated(c, APP.id, "ada", "key")) is not None
    assert await store.write(lambda c: submissions.forget(c, NOW + 1)) == 1


async def test_only_what_is_over_and_bare_is_asked_about(store: Store) -> None:
    own = await begun(store, submission(), job_id=7)
    assert await store.read(lambda c: submissions.without_figures(c, 9)) == []
    await store.write(lambda c: submissions.follow(c, own, {"phase": Phase.ENDED.value}))
    assert [one.id for one in await store.read(lambda c: submissions.without_figures(c, 9))] == [own.id]
    await store.write(lambda c: submissions.follow(c, own, {"figures": {}}))
    assert await store.read(lambda c: submissions.without_figures(c, 9)) == []
    assert (await now(store, own)).figures == {}
