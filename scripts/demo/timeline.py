"""The events of one job as lines of a time line. Pure: it works on what ``headgate event list --json`` says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Event = Mapping[str, Any]

_JOB = re.compile(r"job (\d+)")
_TASK = re.compile(r"job \d+_(\d+)")
_ORDER = ("job.submitted", "job.started")
"""What comes first of events at the same time: Slurm's times are whole seconds."""
_MAX_LISTED = 5
"""Tasks of an array that are named in one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what kind, what exactly, who saw it."""

    time: float
    kind: str
    what: str
    seen_by: str


def of_job(events: Iterable[Event], job: int) -> list[Event]:
    """Return the events of a job, or of an array and all its tasks."""
    return [event for event in events if (found := _JOB.match(event["subject"])) and int(found[1]) == job]


def time_line(events: Iterable[Event]) -> list[Line]:
    """Return the lines of one job's events, by time; what several tasks of an array did alike is one line."""
    in_order = sorted(events, key=lambda event: (event["kind"], _what(event), _witnesses(event), event["time"]))
    alike = itertools.groupby(in_order, key=lambda event: (event["kind"], _what(event), _witnesses(event)))
    lines = [_line(list(group)) for _, group in alike]
    return sorted(lines, key=lambda line: (line.time, _ORDER.index(line.kind) if line.kind in _ORDER else len(_ORDER)))


def clock(seconds: float) -> str:
    """Return the local time of day."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")


def _line(alike: Sequence[Event]) -> Line:
    first = alike[0]
    what = _what(first)
    tasks = [int(found[1]) for event in alike if (found := _TASK.match(event["subject"]))]
    if tasks:
        what = f"{_tasks(sorted(tasks))}{f': {what}' if what else ''}"
    return Line(first["time"], first["kind"], what, _witnesses(first))


def _tasks(tasks: Sequence[int]) -> str:
    if len(tasks) > _MAX_LISTED:
        return f"{len(tasks)} tasks"
    return f"task{'s' if len(tasks) > 1 else ''} {', '.join(map(str, tasks))}"


def _what(event: Event) -> str:
    data = event["data"]
    if event["kind"] == "mail.requested":
        return f"{data['kind']} → {data['receivers']}"
    said = [str(data["state"])] if data.get("state") else []
    said += [
        f"{label} {data[name]}" for name, label in (("exit_code", "exit code"), ("signal", "signal")) if data.get(name)
    ]
    return ", ".join(said)


def _witnesses(event: Event) -> str:
    return " + ".join(event["witnesses"])
