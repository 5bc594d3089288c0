"""A digest names every message that is folded into it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.message import JobIdentity, Message, Outcome
from headgate.notify.digest import build_digest


def single(number: int, outcome: Outcome = Outcome.SUCCEEDED, cluster: str = "alpha") -> Message:
    identity = JobIdentity(cluster=cluster, job_id=str(number), name="align", user="ada")
    return Message(title=f"{outcome.value}: job {number}", outcome=outcome, time=1.0, job=identity)


def test_the_title_counts_outcomes_what_needs_attention_first() -> None:
    messages = [single(1), single(2, Outcome.FAILED), single(3), single(4, Outcome.STARTED)]
    (digest,) = build_digest(messages, now=5.0, period_text="the last 5 minutes")
    assert digest.title == "4 messages about jobs: 1 failed, 2 completed, 1 started"
    assert digest.summary == (
        "The messages of the last 5 minutes are folded into this one, because there were many in a short time."
    )
    assert digest.time == 5.0


def test_nothing_to_tell_makes_no_digest() -> None:
    assert build_digest([], now=1.0) == []


def test_a_digest_among_the_messages_gives_its_lines() -> None:
    earlier = build_digest([single(1), single(2)], now=1.0)
    (digest,) = build_digest([*earlier, single(3)], now=2.0)
    assert [line.text for line in digest.digest] == [f"succeeded: job {number}" for number in (1, 2, 3)]


def test_jobs_of_several_clusters_are_told_apart() -> None:
    (digest,) = build_digest([single(1), single(1, cluster="beta")], now=1.0)
    assert [line.text for line in digest.digest] == ["succeeded: job 1 on alpha", "succeeded: job 1 on beta"]


@given(st.lists(st.sampled_from(Outcome), max_size=60), st.integers(1, 20))
def test_every_message_is_named_once_with_its_outcome_in_order(outcomes: list[Outcome], lines: int) -> None:
    messages = [single(number, outcome) for number, outcome in enumerate(outcomes)]
    digests = build_digest(messages, now=1.0, lines=lines)
    told = [(line.outcome, line.text) for digest in digests for line in digest.digest]
    assert told == [(message.outcome, message.title) for message in messages]
    assert all(len(digest.digest) <= lines for digest in digests)
    assert len(digests) == -(-len(messages) // lines)
