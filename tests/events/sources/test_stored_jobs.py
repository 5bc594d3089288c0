from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.changes import KnownJob
from headgate.events.sources.stored_jobs import known_job, stored_job
from headgate.model.job import Attempt
from headgate.model.states import JobState
from headgate.store import jobs
from headgate.store.store import Store

KNOWN = KnownJob(
    Attempt("c", 7, 1000), "100_3", "a|b\n😀", "ada", "bio", "batch", 100, JobState.SUSPENDED.text, begun=True
)


@given(
    st.builds(
        KnownJob,
        attempt=st.builds(Attempt, st.text(), st.integers(1, 2**32), st.integers(0, 2**32)),
        label=st.text(),
        name=st.text(),
        array_id=st.none() | st.integers(1, 2**32),
        state=st.sampled_from([state.text for state in JobState]),
        begun=st.booleans(),
        open=st.booleans(),
    )
)
def test_what_is_kept_is_what_is_known(known: KnownJob) -> None:
    assert known_job(stored_job(known)) == known


async def test_the_store_keeps_all_of_it(store: Store) -> None:
    await store.write(lambda c: jobs.keep(c, [stored_job(KNOWN)], 1.0))
    [stored] = await store.read(lambda c: jobs.open_jobs(c, "c"))
    assert known_job(stored) == KNOWN
    assert stored.mail_types is None
