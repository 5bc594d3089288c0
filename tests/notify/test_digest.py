"""A digest names every message that is folded into it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from headgate.model.message import JobIdentity, Message, Outcome
from headgate.notify.digest import build_digest, fold


def single(number: int, outcome: Outcome = Outcome.SUCCEEDED, cluster: str = "alpha") -> Message:
    identity = JobIdentity(cluster=cluster, job_id=str(number), name="align", user="ada")
    return Message(title=f"{outcome.value}: job {number}", outcome=outcome, time=1.0, job=identity)


def task(number: int, outcome: Outcome = Outcome.SUCCEEDED, array: int = 17) -> Message:
    identity = JobIdentity(cluster="alpha", job_id=f"{array}_{number}", name="align", user="ada")
    title = f'{outcome.value}: task {array}_{number} "align"'
    return Message(title=title, outcome=outcome, time=1.0, job=identity)


def named(message: Message) -> list[int]:
    """Return the tasks a digest names, in order."""
    numbers: list[int] = []
    for line in message.digest:
        found = re.search(r"17_\[?([0-9,-]+)\]?", line.text)
        assert found
        for span in found[1].split(","):
            first, _, last = span.partition("-")
            numbers.extend(range(int(first), int(last or first) + 1))
    return numbers


def test_the_title_counts_outcomes_what_needs_attention_first() -> None:
    messages = [single(1), single(2, Outcome.FAILED), single(3), single(4, Outcome.STARTED)]
    digest = build_digest(messages, now=5.0)
    assert digest.title == "4 messages about jobs: 1 failed, 2 completed, 1 started"
    assert digest.digest[0].text == "failed: job 2"
    assert digest.time == 5.0


def test_a_digest_among_the_messages_gives_its_lines() -> None:
    earlier = build_digest([single(1), single(2)], now=1.0)
    digest = build_digest([earlier, single(3)], now=2.0)
    assert [line.text for line in digest.digest] == [f"succeeded: job {number}" for number in (1, 2, 3)]


def test_jobs_of_several_clusters_are_told_apart() -> None:
    digest = build_digest([single(1), single(1, cluster="beta")], now=1.0)
    assert [line.text for line in digest.digest] == ["succeeded: job 1 on alpha", "succeeded: job 1 on beta"]


def test_tasks_that_fared_alike_share_a_line() -> None:
    messages = [task(number) for number in range(1, 100) if number != 50]
    digest = build_digest([*messages, task(50, Outcome.FAILED)], now=1.0)
    assert [line.text for line in digest.digest] == [
        'failed: task 17_50 "align"',
        'succeeded: task 17_[1-49,51-99] "align" (98 tasks)',
    ]


def test_arrays_are_told_apart() -> None:
    digest = build_digest([task(1), task(1, array=18)], now=1.0)
    assert [line.text for line in digest.digest] == ['succeeded: task 17_1 "align"', 'succeeded: task 18_1 "align"']


@given(st.lists(st.sampled_from(Outcome), max_size=60))
def test_every_message_is_named_once_with_its_outcome(outcomes: list[Outcome]) -> None:
    messages = [single(number, outcome) for number, outcome in enumerate(outcomes)]
    told = [(line.outcome, line.text) for line in build_digest(messages, now=1.0).digest]
    assert sorted(told) == sorted((message.outcome, message.title) for message in messages)


@given(st.sets(st.integers(0, 9999), max_size=300), st.integers(300, 3000), st.integers(2, 50))
def test_what_does_not_fit_is_left_for_the_next_digest(numbers: set[int], room: int, lines: int) -> None:
    left = [task(number, Outcome.FAILED) for number in sorted(numbers)]
    told: list[int] = []
    while left:
        digest, used = fold(left, now=1.0, room=room, lines=lines)
        assert used >= 1
        assert len(digest.digest) <= lines
        assert sum(len(line.text) for line in digest.digest) <= room
        told.extend(named(digest))
        left = left[used:]
    assert told == sorted(numbers)


def test_of_many_scattered_tasks_that_went_well_the_number_is_told() -> None:
    digest = build_digest([task(number) for number in range(0, 10_000, 3)], now=1.0)
    [line] = digest.digest
    assert line.text == 'succeeded: task 17_0 to 17_9999 "align" (3334 of these tasks)'


def test_ten_thousand_tasks_are_told_in_a_few_lines_and_every_failure_is_named() -> None:
    failed = set(range(3, 10_000, 97))
    messages = [task(n, Outcome.FAILED if n in failed else Outcome.SUCCEEDED) for n in range(10_000)]
    digest, used = fold(messages, now=1.0, room=3_000, lines=200)
    assert used == 10_000
    assert digest.title == "10000 messages about jobs: 104 failed, 9896 completed"
    lines = [line for line in digest.digest if line.outcome is Outcome.FAILED]
    assert sorted(named(digest.model_copy(update={"digest": tuple(lines)}))) == sorted(failed)
