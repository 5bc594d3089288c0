"""squeue: the whole queue in one call.

Source: squeue(1) and ``src/squeue/opts.c``, ``print.c``, 20.11 to 26.05. ``--Format`` takes ``field:suffix``, without
a width: nothing is padded or cut, and every field is followed by its suffix. The format is handed over in
``SQUEUE_FORMAT2``, because everybody on the machine may read a process's arguments, and only its owner its environment:
a job that cannot know the mark cannot forge a field or a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from headgate.model.durations import read_duration
from headgate.model.exitcode import read_exit_pair, read_wait_status
from headgate.model.hostlist import hostlist_text
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, HetPlace, QueuedJob
from headgate.model.states import JobFlag, StateReading, read_state

TASKS_LENGTH: Final = 4096
"""Characters of a pending array record's task list (``3-20%4``) that squeue gives; it ends in ``...`` where cut."""
_FIELDS: Final = (
    "JobID",
    "ArrayJobID",
    "ArrayTaskID",
    "HetJobID",
    "HetJobOffset",
    "State",
    "UserName",
    "UserID",
    "SubmitTime",
    "StartTime",
    "EndTime",
    "RestartCnt",
    "exit_code",
    "TimeLimit",
    "Reason",
    "Account",
    "Partition",
    "QOS",
    "NodeList",
    "Name",
)
_END: Final = "/"
"""Follows the mark after a record's last field."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What one squeue said: the jobs, and how many records could not be read and were left out."""

    jobs: list[QueuedJob]
    refused: int = 0


def command() -> list[str]:
    """Return the arguments: all jobs in all states, also those in hidden partitions, of this cluster only."""
    return ["squeue", "--noheader", "--all", "--states=all", "--local", "--sort=i"]


def command_on(nodes: str) -> list[str]:
    """Return the arguments: the jobs that are on some nodes, a hostlist, or are being cleaned up there."""
    return [
        "squeue", "--noheader", "--all", "--states=running,suspended,completing", "--local", "--sort=i",
        f"--nodelist={nodes}",
    ]  # fmt: skip


def environment(mark: str) -> dict[str, str]:
    """Return the variables that make squeue print what ``parse`` reads with the same mark."""
    *others, last = _FIELDS
    return {
        "SQUEUE_FORMAT2": ",".join([*(f"{field}:{mark}" for field in others), f"{last}:{mark}{_END}"]),
        "SLURM_BITSTR_LEN": str(TASKS_LENGTH),
    }


def parse(text: str, mark: str, *, cluster: str) -> Queue:
    """Read squeue's answer. A record that cannot be read is counted and left out."""
    jobs: list[QueuedJob] = []
    refused = 0
    for record in _records(text, mark):
        try:
            jobs.append(_job(record.split(mark), cluster))
        except ValueError:
            refused += 1
    return Queue(jobs, refused)


def _records(text: str, mark: str) -> list[str]:
    records = text.split(f"{mark}{_END}\n")
    if not records[-1].strip():
        records.pop()
    return records


def _job(fields: list[str], cluster: str) -> QueuedJob:
    """Make a job of its fields; ValueError if they are no job."""
    (
        job_id, array_id, task, het_id, het_offset, state, user, uid, submitted, started, ended, restarts, status,
        time_limit, reason, account, partition, qos, nodes, name,
    ) = fields  # fmt: skip
    reading = _state(state)
    if reading is None:
        raise ValueError(state)
    completing = JobFlag.COMPLETING in reading.flags
    over = completing or (reading.state is not None and reading.state.terminal)
    node_list = hostlist_text(nodes)
    if over and not node_list and started == ended:
        started = ""  # slurmctld gives a job that was cancelled in the queue the time of its end as start
    return QueuedJob(
        attempt=Attempt(cluster, _number(job_id), _number(submitted)),
        state=reading.state,
        completing=completing,
        user=user,
        uid=_number(uid),
        name=name,
        account=_text(account),
        partition=partition,
        qos=_text(qos),
        reason="" if reason == "None" else reason,
        array=_array_place(array_id, task),
        het=_het_place(het_id, het_offset),
        started=_time(started),
        ended=_time(ended),
        exit=_exit(status) if over else None,
        restarts=_number(restarts),
        nodes=node_list,
        time_limit=_limit(time_limit),
    )


@lru_cache(maxsize=256)
def _state(text: str) -> StateReading | None:
    return read_state(text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _text(text: str) -> str:
    return "" if text in ("N/A", "(null)") else text


def _time(text: str) -> float | None:
    """Read a point in time; None for ``N/A``, ``Unknown``, ``NONE``."""
    return float(text) if text.isascii() and text.isdigit() else None


@lru_cache(maxsize=1024)
def _limit(text: str) -> int | None:
    seconds = read_duration(text)
    return None if seconds is None else int(seconds)


def _exit(text: str) -> ExitStatus | None:
    """Read the exit code: a raw wait status up to 23.11, ``code:signal`` later; unlike sacct's it is never folded."""
    return read_exit_pair(text) if ":" in text else read_wait_status(text)


def _array_place(array_id: str, task: str) -> ArrayPlace | None:
    if task in ("N/A", ""):
        return None
    if task.isascii() and task.isdigit():
        return ArrayPlace(_number(array_id), int(task))
    return ArrayPlace(_number(array_id), None, task)


def _het_place(leader: str, offset: str) -> HetPlace | None:
    if offset in ("N/A", ""):
        return None
    return HetPlace(_number(leader), _number(offset))
