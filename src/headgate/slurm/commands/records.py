"""squeue: chosen fields of jobs, or of their steps, in one call.

Fields are told apart by a random mark, as in ``squeue.py``, and for the same reason. For steps squeue takes the format
from its arguments only, where a user of the host may read it while squeue runs; a step that then made up a name could
change how its own record is read, or be left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.slurm.commands.squeue import TASKS_LENGTH

_JOB: Final = re.compile(r"[1-9]\d{0,9}(?:_\d{1,9}|\+\d{1,5})?", re.ASCII)
_END: Final = "/"


@dataclass(frozen=True, slots=True)
class Records:
    """What one squeue said: each record's fields by squeue's names, and how many could not be read."""

    records: list[dict[str, str]]
    refused: int = 0


def command(jobs: Sequence[str] | None = None) -> list[str]:
    """Return the arguments: these jobs (``12``, ``12_3``; an array's number is all its tasks), or all.

    Raises ValueError for what is no job.
    """
    words = ["squeue", "--noheader", "--all", "--local", "--states=all", "--sort=i"]
    return words if jobs is None else [*words, _named(jobs)]


def steps_command(jobs: Sequence[str], fields: Sequence[str], mark: str) -> list[str]:
    """Return the arguments that ask for these fields of the steps of jobs that run now. Raises as ``command`` does."""
    return ["squeue", "--noheader", "--all", "--local", "--steps", _named(jobs), f"--Format={_format(fields, mark)}"]


def environment(fields: Sequence[str], mark: str) -> dict[str, str]:
    """Return the variables that make squeue print these fields of jobs."""
    return {"SQUEUE_FORMAT2": _format(fields, mark), "SLURM_BITSTR_LEN": str(TASKS_LENGTH)}


def parse(text: str, fields: Sequence[str], mark: str) -> Records:
    """Read the answer. A record that has not as many fields is counted and left out."""
    parts = text.split(f"{mark}{_END}\n")
    if not parts[-1].strip():
        parts.pop()
    split = [part.split(mark) for part in parts]
    good = [dict(zip(fields, part, strict=True)) for part in split if len(part) == len(fields)]
    return Records(good, len(split) - len(good))


def job(text: str) -> str:
    """Return a job's number. Raises ValueError for what is none."""
    if not _JOB.fullmatch(text):
        raise ValueError(f"{text[:32]!a} is no job")
    return text


def _named(jobs: Sequence[str]) -> str:
    return f"--jobs={','.join(job(one) for one in jobs)}"


def _format(fields: Sequence[str], mark: str) -> str:
    *others, last = fields
    return ",".join([*(f"{field}:{mark}" for field in others), f"{last}:{mark}{_END}"])


WHICH: Final = ("JobID", "ArrayJobID", "ArrayTaskID", "HetJobID", "HetJobOffset")
"""The fields that ``is_of`` needs."""


def is_of(record: dict[str, str], wanted: str) -> bool:
    """Say whether a record is about this job: itself, a task of it, or a record that holds the task."""
    array, underscore, task = wanted.partition("_")
    if underscore:
        return record["ArrayJobID"] == array and _holds(record["ArrayTaskID"], int(task))
    leader, plus, offset = wanted.partition("+")
    if plus:
        return (record["HetJobID"], record["HetJobOffset"]) == (leader, offset)
    return wanted in (record["JobID"], record["ArrayJobID"], record["HetJobID"])


def _holds(tasks: str, task: int) -> bool:
    """Say whether a task is in ``3-20:4,30%4``."""
    for part in tasks.partition("%")[0].split(","):
        match = _TASKS.fullmatch(part)
        if match and task in range(int(match[1]), int(match[2] or match[1]) + 1, int(match[3] or 1)):
            return True
    return False


_TASKS: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::([1-9]\d{0,8}))?)?", re.ASCII)
