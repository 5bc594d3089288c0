"""Jobs, from the queue and from accounting, as slurmrestd describes them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from headgate.model.hostlist import hostlist_text
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures, HetPlace, QueuedJob
from headgate.model.states import JobFlag, JobState
from headgate.slurm.rest.values import Json, exit_status, moment, number, records, state, text

_MIB: Final = 1024 * 1024
_PLAIN_TRES: Final = frozenset({"cpu", "mem", "node", "billing", "energy"})


def queued_job(job: Json, cluster: str) -> QueuedJob:
    """Read a job of the queue. Raises ValueError for what is none."""
    reading, job_id, submitted = state(job.get("job_state")), number(job.get("job_id")), moment(job.get("submit_time"))
    if reading is None or not job_id or submitted is None:
        raise ValueError("no job")
    completing = JobFlag.COMPLETING in reading.flags
    over = completing or (reading.state is not None and reading.state.terminal)
    nodes = hostlist_text(text(job.get("nodes")))
    started, ended = moment(job.get("start_time")), moment(job.get("end_time"))
    if over and not nodes and started == ended:
        started = None  # slurmctld gives a job that was cancelled in the queue the time of its end as start
    reason, minutes = text(job.get("state_reason")), number(job.get("time_limit"))
    return QueuedJob(
        attempt=Attempt(cluster, job_id, int(submitted)),
        state=reading.state,
        completing=completing,
        user=text(job.get("user_name")),
        uid=number(job.get("user_id")) or 0,
        name=text(job.get("name")),
        account=text(job.get("account")),
        partition=text(job.get("partition")),
        qos=text(job.get("qos")),
        reason="" if reason == "None" else reason,
        array=_array(job.get("array_job_id"), job.get("array_task_id"), text(job.get("array_task_string"))),
        het=_het(job.get("het_job_id"), job.get("het_job_offset")),
        started=started,
        ended=ended,
        exit=exit_status(job.get("exit_code")) if over else None,
        restarts=number(job.get("restart_cnt")) or 0,
        nodes=nodes,
        time_limit=None if minutes is None else minutes * 60,
    )


def accounted_job(job: Json, cluster: str) -> Figures:
    """Read a job of the accounting. Raises ValueError for what is none.

    22.05 calls every exit code 0 (``openapi/dbv0.0.38``): where a failure is said to have succeeded, no exit code is
    known, and -1 stands for it.
    """
    times, states = _object(job.get("time")), _object(job.get("state"))
    reading, job_id = state(states.get("current")), number(job.get("job_id"))
    submitted = moment(times.get("submission"))
    if reading is None or reading.state is None or not job_id or submitted is None:
        raise ValueError("no job")
    nodes = hostlist_text(text(job.get("nodes")))
    nodes = "" if nodes == "None assigned" else nodes
    steps, required = records(job, "steps"), _object(job.get("required"))
    allocated = _tres(_object(job.get("tres")).get("allocated"))
    asked = _tres(_object(job.get("tres")).get("requested"))
    started = moment(times.get("start")) if nodes else None
    ended, minutes = moment(times.get("end")), number(times.get("limit"))
    array = _object(job.get("array"))
    place = _array(array.get("job_id"), array.get("task_id"), text(array.get("task")))
    association = _object(job.get("association"))
    told = [step for step in steps if moment(_object(step.get("time")).get("end")) is not None]
    requeued = JobFlag.REQUEUED in reading.flags
    over = (reading.state.terminal or requeued) and ended is not None
    return Figures(
        attempt=Attempt(cluster, job_id, int(submitted)),
        label=_label(job_id, place),
        name="" if text(job.get("name")) == "allocation" else text(job.get("name")),
        user=text(job.get("user")) or text(association.get("user")),
        account=text(job.get("account")) or text(association.get("account")),
        partition=text(job.get("partition")),
        qos=text(job.get("qos")),
        state=reading.state,
        cancelled_by=None,
        exit=_accounted_exit(job, reading.state),
        started=started,
        ended=ended,
        elapsed=number(times.get("elapsed")) or 0,
        time_limit=None if minutes is None else minutes * 60,
        nodes=nodes,
        node_count=number(job.get("allocation_nodes")) or 0,
        cpus=allocated.get("cpu") or asked.get("cpu") or number(required.get("CPUs")) or 0,
        cpu_used=sum(_cpu_seconds(step) for step in told) if told else None,
        memory_asked=asked["mem"] * _MIB if "mem" in asked else None,
        memory_used=max((_memory(step) for step in told), default=None),
        array=place,
        het=_het(_object(job.get("het")).get("job_id"), _object(job.get("het")).get("job_offset")),
        tres={name: count for name, count in allocated.items() if name not in _PLAIN_TRES},
        work_dir=text(job.get("working_directory")),
        comment=text(_object(job.get("comment")).get("job")),
        steps=len(steps),
        requeued=requeued,
        complete=over and (started is None or (bool(steps) and len(told) == len(steps))),
    )


def _accounted_exit(job: Json, ended_as: JobState) -> ExitStatus:
    read = exit_status(job.get("exit_code")) or ExitStatus(0)
    unknown = ended_as is JobState.FAILED and (read.code, read.signal) == (0, 0)
    return ExitStatus(-1) if unknown else read


def _object(value: Any) -> Json:
    return value if isinstance(value, Mapping) else {}


def _tres(value: Any) -> dict[str, int]:
    """Read a list of TRES: name (``cpu``, ``gres/gpu``) -> count."""
    found: dict[str, int] = {}
    for one in value if isinstance(value, list) else []:
        count = number(_object(one).get("count"))
        kind, name = text(_object(one).get("type")), text(_object(one).get("name"))
        if kind and count is not None:
            found[f"{kind}/{name}" if name else kind] = count
    return found


def _cpu_seconds(step: Json) -> float:
    total = _object(_object(step.get("time")).get("total"))
    sampled = _tres(_object(_object(step.get("tres")).get("consumed")).get("total")).get("cpu", 0) / 1000
    return max((number(total.get("seconds")) or 0) + (number(total.get("microseconds")) or 0) / 1e6, sampled)


def _memory(step: Json) -> int:
    consumed = _object(_object(step.get("tres")).get("consumed"))
    return max(_tres(consumed.get("total")).get("mem", 0), _tres(consumed.get("max")).get("mem", 0))


def _array(array_id: Any, task: Any, tasks: str) -> ArrayPlace | None:
    whole, one = number(array_id), number(task)
    if not whole or (one is None and not tasks):
        return None
    return ArrayPlace(whole, one, "" if one is not None else tasks)


def _het(leader: Any, offset: Any) -> HetPlace | None:
    first = number(leader)
    return HetPlace(first, number(offset) or 0) if first else None


def _label(job_id: int, place: ArrayPlace | None) -> str:
    if place is None:
        return str(job_id)
    return f"{place.array_id}_{f'[{place.tasks}]' if place.task is None else place.task}"
