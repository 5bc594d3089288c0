"""The message about an array as a whole: how its tasks ended, and which ones did not do what they were asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from headgate.model.job import Figures
from headgate.model.mail import MailKind, MailRequest
from headgate.model.message import Bar, Fact, Outcome
from headgate.model.states import JobState
from headgate.notify.facts import cpu_bar, known_facts, memory_bar, whose
from headgate.notify.hints import Use
from headgate.notify.situation import Situation
from headgate.notify.titles import end_of, headline, titled
from headgate.notify.wording import count, folded, known_seconds, moment, signal_text, size, span

_PENDING_RANGE: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?", re.ASCII)
_ORDER: Final = (
    JobState.COMPLETED,
    JobState.FAILED,
    JobState.OUT_OF_MEMORY,
    JobState.TIMEOUT,
    JobState.NODE_FAIL,
    JobState.BOOT_FAIL,
    JobState.DEADLINE,
    JobState.PREEMPTED,
    JobState.CANCELLED,
    JobState.RUNNING,
    JobState.SUSPENDED,
    JobState.PENDING,
)
"""In which order states are told."""
_WORDS: Final = {
    JobState.COMPLETED: "completed",
    JobState.FAILED: "failed",
    JobState.OUT_OF_MEMORY: "out of memory",
    JobState.TIMEOUT: "timed out",
    JobState.NODE_FAIL: "hit by a node failure",
    JobState.BOOT_FAIL: "without nodes that boot",
    JobState.DEADLINE: "past the deadline",
    JobState.PREEMPTED: "preempted",
    JobState.CANCELLED: "cancelled",
    JobState.RUNNING: "running",
    JobState.SUSPENDED: "suspended",
    JobState.PENDING: "pending",
}


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of an array, each at its latest attempt."""

    figures: tuple[Figures, ...]
    counts: tuple[tuple[JobState, int], ...]
    """How many tasks are in each state, in the order in which they are told."""
    requeued: int
    """Tasks of which an earlier attempt is known."""

    @property
    def total(self) -> int:
        """How many tasks are known."""
        return sum(number for _, number in self.counts)

    def in_state(self, state: JobState) -> list[int]:
        """Return the indexes of the tasks in a state."""
        return [
            task.array.task
            for task in self.figures
            if task.state is state and task.array and task.array.task is not None
        ]


def tasks_of(figures: Iterable[Figures]) -> Tasks | None:
    """Put the records of one array together; None if there are none. Of a requeued task the latest attempt counts."""
    latest: dict[tuple[int, str], Figures] = {}
    attempts: Counter[tuple[int, str]] = Counter()
    for one in figures:
        place = one.array
        key = (place.task, "") if place and place.task is not None else (one.attempt.job_id, "-")
        attempts[key] += 1
        before = latest.get(key)
        if before is None or one.attempt.submitted >= before.attempt.submitted:
            latest[key] = one
    if not latest:
        return None
    counts: Counter[JobState] = Counter()
    for one in latest.values():
        counts[one.state] += _stands_for(one)
    told = tuple((state, counts[state]) for state in _ORDER if counts[state])
    return Tasks(tuple(latest.values()), told, sum(1 for number in attempts.values() if number > 1))


def _stands_for(figures: Figures) -> int:
    """Return how many tasks a record stands for: one, or all that are pending together (``3-20%4``)."""
    if figures.array is None or figures.array.task is not None:
        return 1
    total = 0
    for item in figures.array.tasks.partition("%")[0].strip("[]").split(","):
        match = _PENDING_RANGE.fullmatch(item.strip())
        if match:
            first, last = int(match[1]), int(match[2] or match[1])
            total += max(last - first, 0) // max(int(match[3] or 1), 1) + 1
    return max(total, 1)


def array_headline(known: Situation, request: MailRequest, tasks: Tasks | None) -> tuple[Outcome, str]:
    """Return outcome and title: ``Array 200 "sweep": 18 of 20 tasks completed, 2 failed``."""
    if not known.kind.final:
        return headline(known)
    if tasks is None:
        return _headline_of_mail(known, request)
    if len(tasks.counts) == 1 and tasks.counts[0][0].terminal:
        state, number = tasks.counts[0]
        outcome, word = end_of(state)
        return outcome, titled(
            word, f"all {number} tasks of array {known.label}" if number > 1 else known.subject, known.name
        )
    return _outcome(state for state, _ in tasks.counts), titled_counts(known, tasks)


def titled_counts(known: Situation, tasks: Tasks) -> str:
    """Return the counts in a title."""
    done = dict(tasks.counts).get(JobState.COMPLETED, 0)
    others = [f"{number} {_WORDS[state]}" for state, number in tasks.counts if state is not JobState.COMPLETED]
    text = ", ".join([f"{done} of {count(tasks.total, 'task')} completed", *others])
    subject = titled("Array", known.label, known.name).replace("Array: ", "Array ", 1)
    return f"{subject}: {text}"


def _outcome(states: Iterable[JobState]) -> Outcome:
    """Return the outcome of tasks that ended in different ways, or are not all over."""
    found = set(states)
    if any(state.failed for state in found):
        return Outcome.MIXED
    return Outcome.CANCELLED if JobState.CANCELLED in found else Outcome.NEUTRAL


def _headline_of_mail(known: Situation, request: MailRequest) -> tuple[Outcome, str]:
    """Return outcome and title from the mail alone: its state or ``Mixed``, and the range of exit codes."""
    if request.mixed or known.state is None:
        failed = bool(request.exit_code or request.signal or request.kind is MailKind.FAILED)
        outcome = Outcome.MIXED if failed or request.mixed else Outcome.NEUTRAL
        word = "Tasks ended differently" if request.mixed else "Ended"
    else:
        outcome, word = end_of(known.state)
    return outcome, titled(f"{word}{_how(request)}", known.subject, known.name)


def _how(request: MailRequest) -> str:
    """Return signal or exit codes for a title, in parentheses."""
    if request.signal:
        return f" (highest signal {request.signal})"
    codes = _exit_codes(request)
    return f" (exit {'codes' if ' ' in codes else 'code'} {codes})" if codes and request.exit_code else ""


def _exit_codes(request: MailRequest) -> str:
    """Return the range of exit codes the mail gives: ``0 to 3``, ``2``, ``up to 3``."""
    high, low = request.exit_code, request.exit_code_min
    if high is None:
        return ""
    if low is None:
        return f"up to {high}"
    return str(high) if low == high else f"{low} to {high}"


def array_facts(
    known: Situation, request: MailRequest, tasks: Tasks | None, use: Use | None, *, zone: tzinfo | None, listed: int
) -> tuple[Fact, ...]:
    """Return the facts of an array; ranges of tasks after ``listed`` are only counted."""
    figures = tasks.figures if tasks else ()
    return known_facts(
        (
            ("Array", known.label),
            ("Name", known.name),
            *whose(known),
            *(_states(tasks, listed) if tasks else ()),
            ("Requeued", count(tasks.requeued, "task") if tasks and tasks.requeued else None),
            ("Exit codes", _exit_codes(request) if known.kind.final else None),
            ("Highest signal", signal_text(request.signal) if known.kind.final else None),
            ("Submitted", moment(min(_known(one.attempt.submitted for one in figures), default=known.submitted), zone)),
            ("First start", moment(min(_known(one.started for one in figures), default=known.started), zone)),
            *(_ends(figures, use, zone) if known.kind.final else ()),
            ("Work directory", known.work_dir),
            ("Comment", known.comment),
        )
    )


def _states(tasks: Tasks, listed: int) -> Iterator[tuple[str, str | None]]:
    yield "Tasks", str(tasks.total)
    for state, number in tasks.counts:
        which = folded(tasks.in_state(state), listed) if state.failed or state is JobState.CANCELLED else ""
        word = _WORDS[state]
        yield word[:1].upper() + word[1:], f"{number} ({which})" if which else str(number)


def _ends(figures: Sequence[Figures], use: Use | None, zone: tzinfo | None) -> Iterator[tuple[str, str | None]]:
    yield "Last end", moment(max(_known(one.ended for one in figures), default=None), zone)
    if use is None:
        return
    limit, longest = span(use.limit), span(use.elapsed)
    yield "Longest task", f"{longest} of {limit}" if longest and limit else longest
    used, given = span(use.cpu_used), span(use.cpu_given)
    yield "CPU time of all tasks", f"{used} of {given}" if used and given else used
    memory, asked = size(use.memory_used), size(use.memory_asked)
    yield "Most memory of a task", f"{memory} of {asked}" if memory and asked else memory


def array_bars(known: Situation, use: Use | None) -> tuple[Bar, ...]:
    """Return how much the tasks used of what they were given, if all of it is known."""
    if not known.kind.final or use is None or not use.complete:
        return ()
    bars = (cpu_bar(use.cpu_used, use.cpu_given), memory_bar(use.memory_used, use.memory_asked))
    return tuple(found for found in bars if found)


def array_summary_text(known: Situation, request: MailRequest, tasks: Tasks | None) -> str:
    """Return a sentence on what the title leaves open."""
    sentences = []
    if tasks and not known.kind.final and known.kind is MailKind.BEGAN:
        sentences.append(
            f"Of its {count(tasks.total, 'task')}, "
            + ", ".join(f"{number} {_WORDS[state]}" for state, number in tasks.counts)
            + "."
        )
    if request.requeued_tasks and not (tasks and tasks.requeued):
        sentences.append("Some of its tasks were requeued.")
    return " ".join(sentences)


def _known(values: Iterable[float | None]) -> list[float]:
    return [known for value in values if (known := known_seconds(value))]
