"""Somebody's jobs as answers. Pure: from what the store has to text; every text of a job is cleaned and bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from headgate.bots.chat import Answer
from headgate.bots.commands import JobRef
from headgate.model.event import JSON, Event
from headgate.model.text import one_line
from headgate.store.jobs import StoredJob

MOST_LINES: Final = 20
"""Jobs listed in one answer."""
_NAME: Final = 24
_WORD: Final = 20
_LONG: Final = 120
_MOST_TASKS: Final = 10
"""Tasks of an array that are named one by one."""


@dataclass(frozen=True, slots=True)
class Times:
    """What the journal has of an attempt."""

    started: Event | None = None
    ended: Event | None = None


def chosen(found: Sequence[StoredJob], job: JobRef) -> list[StoredJob]:
    """Return of a user's attempts (newest first) those that a name means: one, or the newest of each task of an array.

    Job ids are used again, so of several attempts of one id the newest counts.
    """
    if job.task is not None or job.part is not None:
        return [one for one in found if text_of(one, "label") == str(job)][:1]
    if not found:
        return []
    if found[0].array_id != job.number:
        return [one for one in found if one.attempt.job_id == job.number][:1]
    newest: dict[int, StoredJob] = {}
    for one in found:
        if one.array_id == job.number:
            newest.setdefault(one.attempt.job_id, one)
    return list(newest.values())


def overview(going: Sequence[StoredJob], ended: Iterable[Event], *, more: bool = False) -> Answer:
    """Return all of somebody's jobs: those that are not over (newest first), arrays folded, and what ended lately.

    ``more``: whether there are more than were read.
    """
    groups: dict[tuple[str, int], list[StoredJob]] = {}
    for one in going:
        groups.setdefault((one.attempt.cluster, one.array_id or one.attempt.job_id), []).append(one)
    lines = [_group_line(number, group) for (_, number), group in groups.items()]
    shown = lines[:MOST_LINES]
    if len(lines) > len(shown):
        shown.append(f"… and {len(lines) - len(shown)} more")
    elif more:
        shown.append("… and more")
    over = _ended_lines(ended)
    text = "Your jobs that wait or run:" if shown else "No job of yours waits or runs."
    if over:
        shown += ([""] if shown else []) + ["Over in the last day:", *over]
    return Answer(text, code="\n".join(shown))


def array(jobs: Sequence[StoredJob], number: int, *, more: bool = False) -> Answer:
    """Return an array: how many of its tasks are in which state, and which did not do well."""
    failed = [one for one in jobs if _state(one) not in _WELL]
    lines = [f"{text_of(one, 'label'):<14} {_state(one)}" for one in failed[:_MOST_TASKS]]
    if len(failed) > len(lines):
        lines.append(f"… and {len(failed) - len(lines)} more")
    first = jobs[0]
    text = f"Array {number} ({text_of(first, 'name', _NAME)}) in {text_of(first, 'partition')}: {counts(jobs)}"
    return Answer(f"{text}, and more." if more else f"{text}.", code="\n".join(lines))


def details(job: StoredJob, times: Times) -> Answer:
    """Return one job: its state, times, place, and how it ended."""
    data: Mapping[str, JSON] = times.ended.data if times.ended is not None else {}
    nodes = times.started.data.get("nodes") if times.started is not None else None
    facts = {
        "Name": text_of(job, "name", _LONG),
        "State": _state(job),
        "Reason": _bounded(data.get("reason")),
        "Exit": _exit(data),
        "Partition": text_of(job, "partition"),
        "Account": text_of(job, "account"),
        "Nodes": _bounded(nodes),
        "Submitted": show_time(job.attempt.submitted),
        "Started": show_time(times.started.time) if times.started is not None else "",
        "Ended": show_time(times.ended.time) if times.ended is not None else "",
    }
    shown = [f"{name:<10} {value}" for name, value in facts.items() if value]
    return Answer(f"Job {text_of(job, 'label')} is {words_of(job)}.", code="\n".join(shown))


def counts(jobs: Iterable[StoredJob]) -> str:
    """Return how many records are in which state: ``2 RUNNING, 97 COMPLETED``; one may stand for many that wait."""
    number: Counter[str] = Counter()
    waiting = ""
    for one in jobs:
        if text_of(one, "label").endswith("_*"):
            waiting = f"others {_state(one)}"
        else:
            number[_state(one)] += 1
    known = [f"{count} {state}" for state, count in sorted(number.items())]
    if waiting and not known:
        return waiting.removeprefix("others ")
    return ", ".join([*known, *([waiting] if waiting else [])])


def named(jobs: Sequence[StoredJob], job: JobRef) -> str:
    """Return what is meant, in words for a question: ``job 123 (name, RUNNING)``, ``array 123 (…)``."""
    first = jobs[0]
    name = text_of(first, "name", _NAME) or "no name"
    if job.task is None and first.array_id == job.number:
        return f"the whole array {job.number} ({name}: {counts(jobs)})"
    return f"job {text_of(first, 'label')} ({name}, {_state(first)})"


def words_of(job: StoredJob) -> str:
    """Return a job's state for people: over, or Slurm's word for where it stands."""
    state = _state(job)
    return state if job.open else f"over: {state}"


def show_time(at: float) -> str:
    """Return a point in time by the site's clock, to the minute."""
    try:
        return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M %Z")
    except (ValueError, OverflowError, OSError):
        return ""


def text_of(job: StoredJob, name: str, limit: int = _WORD) -> str:
    """Return a text the watcher keeps of a job, cleaned and bounded."""
    return _bounded(job.data.get(name), limit)


_WELL: Final = frozenset({"PENDING", "RUNNING", "SUSPENDED", "COMPLETED"})


def _group_line(number: int, group: Sequence[StoredJob]) -> str:
    first = group[0]
    if len(group) == 1:
        label, state = text_of(first, "label"), _state(first)
    else:
        label, state = f"{number}_*", counts(group)
    return f"{label:<12} {state:<10} {text_of(first, 'partition'):<10} {text_of(first, 'name', _NAME)}".rstrip()


def _ended_lines(ended: Iterable[Event]) -> list[str]:
    groups: dict[tuple[str, int | None, str], int] = {}
    labels: dict[tuple[str, int | None, str], tuple[str, str]] = {}
    for event in ended:
        state = _bounded(event.data.get("state"))
        key = (event.cluster, event.array_id or event.job_id, state)
        groups[key] = groups.get(key, 0) + 1
        labels[key] = (_bounded(event.data.get("label")), _bounded(event.data.get("name"), _NAME))
    lines = []
    for key, count in groups.items():
        label, name = labels[key]
        if count > 1:
            label, name = f"{key[1]}_*", f"{count} tasks  {name}"
        lines.append(f"{label:<12} {key[2]:<10} {name}".rstrip())
    return lines


def _exit(data: Mapping[str, JSON]) -> str:
    code, signal = data.get("exit_code"), data.get("signal")
    if not isinstance(code, int):
        return ""
    return f"{code} (signal {signal})" if isinstance(signal, int) and signal else str(code)


def _state(job: StoredJob) -> str:
    return text_of(job, "state") or "UNKNOWN"


def _bounded(value: JSON, limit: int = _WORD) -> str:
    return one_line(value, limit) if isinstance(value, str) else ""
