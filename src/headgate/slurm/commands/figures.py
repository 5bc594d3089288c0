"""From sacct's rows, one a job and one a step, to the figures of one attempt.

What is used of each step, and why:

- Memory. ``MaxRSS`` is the peak of the one largest task, so a step of 64 tasks would seem to use a 64th of what it
  used. ``TRESUsageInTot`` adds up the tasks. Which of the two is larger depends on the version of Slurm (some add up
  peaks, some the last samples), and neither can be more than what was used, so the larger one counts. Steps may run
  one after the other: the job's figure is that of its largest step.
- CPU time. ``TotalCPU`` counts what the tasks and their awaited children used, ``TRESUsageInTot``'s ``cpu`` what was
  sampled of all processes; again neither can be too large, and the larger one counts. Steps add up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from headgate.model.durations import read_duration
from headgate.model.exitcode import read_exit_pair
from headgate.model.hostlist import hostlist_text
from headgate.model.job import ArrayPlace, Attempt, Figures, HetPlace
from headgate.model.sizes import read_memory_request
from headgate.model.states import JobFlag, read_state
from headgate.model.tres import beside_the_plain, read_tres

_ARRAY_LABEL: Final = re.compile(r"(\d{1,10})_(?:(\d{1,10})|\[([^\[\]\n]*)\]?)", re.ASCII)
"""A long list of tasks is cut: with ``...]`` at its end, or just so (20.11)."""
_HET_LABEL: Final = re.compile(r"(\d{1,10})\+(\d{1,10})", re.ASCII)

_NAMELESS: Final = "allocation"
"""What slurmdbd calls a job whose name it has not been told (``as_mysql_job_start``); often it is told soon."""


class Row(NamedTuple):
    """One record of sacct, as text, in the order of the fields asked for."""

    raw_id: str
    label: str
    submitted: str
    started: str
    ended: str
    state: str
    exit: str
    elapsed: str
    time_limit: str
    nodes: str
    cpus: str
    cpus_asked: str
    cpu_time: str
    memory_asked: str
    used_in: str
    used_in_max: str
    used_out: str
    tres: str
    user: str
    account: str
    partition: str
    qos: str
    hostlist: str
    name: str
    work_dir: str
    comment: str


@dataclass(slots=True)
class _Steps:
    """What the steps of one attempt add up to; None where none has said."""

    count: int = 0
    all_told: bool = True
    memory: int | None = None
    cpu: float | None = None
    read: int | None = None
    written: int | None = None


@dataclass(slots=True)
class _Job:
    row: Row
    steps: list[Row] = field(default_factory=list)


def put_together(rows: Sequence[Row], *, cluster: str, with_steps: bool) -> tuple[list[Figures], int]:
    """Make one value of each job row and the step rows after it; the number of rows left out comes with them.

    An attempt that appears twice counts once: the first record stands.
    """
    figures: dict[Attempt, Figures] = {}
    refused = 0
    jobs, refused = _group(rows)
    for job in jobs:
        try:
            made = _figures(job, cluster, with_steps=with_steps)
        except ValueError:
            refused += 1 + len(job.steps)
            continue
        if made.attempt in figures:
            refused += 1
        else:
            figures[made.attempt] = made
    return list(figures.values()), refused


def _group(rows: Sequence[Row]) -> tuple[list[_Job], int]:
    """Put the steps to the job row they follow; steps without one are counted."""
    jobs: list[_Job] = []
    strays = 0
    for row in rows:
        job_id, dot, _ = row.raw_id.partition(".")
        if not dot:
            jobs.append(_Job(row))
        elif jobs and jobs[-1].row.raw_id == job_id:
            jobs[-1].steps.append(row)
        else:
            strays += 1
    return jobs, strays


def _figures(job: _Job, cluster: str, *, with_steps: bool) -> Figures:
    """Make the figures of one attempt; ValueError if its record cannot be read."""
    row = job.row
    reading, exit_status = read_state(row.state), read_exit_pair(row.exit)
    if reading is None or reading.state is None or exit_status is None:
        raise ValueError(row.state)
    requeued = JobFlag.REQUEUED in reading.flags
    nodes = hostlist_text(row.hostlist)
    started = _time(row.started) if nodes else None
    cpus = _number(row.cpus) or _number(row.cpus_asked)
    node_count = _number(row.nodes)
    steps = _add_up(job.steps)
    ended = _time(row.ended)
    # After an outage of slurmdbd a job's record is made late, with the state it has by then; end and steps follow.
    over = (reading.state.terminal or requeued) and ended is not None
    return Figures(
        attempt=Attempt(cluster, int(_digits(row.raw_id)), int(_digits(row.submitted))),
        label=row.label,
        name="" if row.name == _NAMELESS else row.name,
        user=row.user,
        account=row.account,
        partition=row.partition,
        qos=row.qos,
        state=reading.state,
        requeued=requeued,
        cancelled_by=reading.cancelled_by,
        exit=exit_status,
        started=started,
        ended=ended,
        elapsed=_number(row.elapsed),
        time_limit=int(row.time_limit) * 60 if _is_number(row.time_limit) else None,
        nodes=nodes,
        node_count=node_count,
        cpus=cpus,
        cpu_used=steps.cpu,
        memory_asked=read_memory_request(row.memory_asked, nodes=node_count, cpus=cpus),
        memory_used=steps.memory,
        array=_array_place(row.label),
        het=_het_place(row.label),
        tres=beside_the_plain(read_tres(row.tres)),
        disk_read=steps.read,
        disk_written=steps.written,
        work_dir=row.work_dir,
        comment=row.comment,
        steps=steps.count,
        complete=over and (started is None or (with_steps and steps.all_told)),
    )


def _add_up(rows: Sequence[Row]) -> _Steps:
    steps = _Steps(count=len(rows))
    for row in rows:
        if not row.used_in or _time(row.ended) is None:
            # Slurm writes a step's figures when it ends; a step that had nothing to say still says ``energy=0``.
            steps.all_told = False
        if not row.used_in:
            continue
        used, most, written = read_tres(row.used_in), read_tres(row.used_in_max), read_tres(row.used_out)
        steps.memory = _larger(steps.memory, _larger(used.get("mem"), most.get("mem")))
        steps.cpu = (steps.cpu or 0.0) + max(read_duration(row.cpu_time) or 0.0, float(used.get("cpu", 0)))
        steps.read = _sum(steps.read, used.get("fs/disk"))
        steps.written = _sum(steps.written, written.get("fs/disk"))
    return steps


def _larger(one: int | None, other: int | None) -> int | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one + (other or 0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _digits(text: str) -> str:
    if not _is_number(text):
        raise ValueError(text)
    return text


def _number(text: str) -> int:
    """Read a count; 0 where sacct leaves it empty."""
    return int(_digits(text)) if text else 0


def _time(text: str) -> float | None:
    """Read a point in time; None for ``Unknown`` and ``None``."""
    return float(text) if _is_number(text) else None


def _array_place(label: str) -> ArrayPlace | None:
    match = _ARRAY_LABEL.fullmatch(label)
    if match is None:
        return None
    return ArrayPlace(int(match[1]), None if match[2] is None else int(match[2]), match[3] or "")


def _het_place(label: str) -> HetPlace | None:
    match = _HET_LABEL.fullmatch(label)
    return None if match is None else HetPlace(int(match[1]), int(match[2]))
