"""Jobs: who they are, what the queue says of them, and what accounting says they used."""

from __future__ import annotations

from dataclasses import dataclass, field

from headgate.model.states import JobState


@dataclass(frozen=True, slots=True, order=True)
class Attempt:
    """One run through the queue of one job: what Slurm's accounting keeps one record of.

    Job ids are used again, and a requeued job keeps its id; Slurm gives every requeue a new submit time, so cluster,
    id and submit time together name an attempt for ever. ``submitted`` is in whole seconds since the epoch.
    """

    cluster: str
    job_id: int
    """The raw job id: each array task and each het component has its own once it runs."""
    submitted: int

    @property
    def key(self) -> str:
        """A text that is the same for the same attempt, for event keys."""
        return f"{self.cluster}/{self.job_id}/{self.submitted}"


@dataclass(frozen=True, slots=True)
class ArrayPlace:
    """Where a record stands in its array: the array's id, and the task (None: several or all tasks)."""

    array_id: int
    task: int | None
    tasks: str = ""
    """The tasks one pending record stands for, as Slurm writes them (``3-20%4``), possibly cut off."""


@dataclass(frozen=True, slots=True)
class HetPlace:
    """Where a component stands in its het job: the leader's id and the offset (0 is the leader)."""

    leader_id: int
    offset: int


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a batch script ended: exit code 0-255 and the signal that ended it (0: none)."""

    code: int
    signal: int = 0


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """One record of the queue, as one squeue line gives it. Times are seconds since the epoch, or None."""

    attempt: Attempt
    state: JobState | None
    """None while Slurm shows only a flag without a base state (COMPLETING): this run is over, but how it ended is not
    shown yet, and the job may be pending again after it."""
    completing: bool
    user: str
    uid: int
    name: str
    """May be cut off; names hold anything."""
    account: str
    partition: str
    qos: str
    reason: str
    """Why it waits, or how it ended, in Slurm's word; empty for ``None``."""
    array: ArrayPlace | None = None
    het: HetPlace | None = None
    started: float | None = None
    """Start, or for a pending job the expected start; None for a job that ended without ever having nodes."""
    ended: float | None = None
    """End, or for a running job the time when its limit is reached."""
    exit: ExitStatus | None = None
    """Only when the job is over, or completing."""
    restarts: int = 0
    nodes: str = ""
    """Hostlist."""
    time_limit: int | None = None
    """Seconds; None for unlimited or unknown."""

    @property
    def label(self) -> str:
        """The id as users write it."""
        if self.array is not None:
            return f"{self.array.array_id}_{'*' if self.array.task is None else self.array.task}"
        if self.het is not None:
            return f"{self.het.leader_id}+{self.het.offset}"
        return str(self.attempt.job_id)


@dataclass(frozen=True, slots=True)
class Figures:
    """What accounting says of one attempt: the job's own record and its steps, put together.

    Memory is in bytes, times in seconds; None means accounting does not say (which is not zero).
    """

    attempt: Attempt
    label: str
    """``123``, ``123_4``, ``123+0``."""
    name: str
    user: str
    account: str
    partition: str
    qos: str
    state: JobState
    cancelled_by: int | None
    """The user id of who cancelled it, if accounting says."""
    exit: ExitStatus
    started: float | None
    """None: never started."""
    ended: float | None
    elapsed: int
    time_limit: int | None
    """None: no limit, or the partition's."""
    nodes: str
    """Hostlist; empty if it never had any."""
    node_count: int
    cpus: int
    """CPUs allocated (or asked for, if it never started)."""
    cpu_used: float | None
    """CPU seconds used by all steps; None while no step has said."""
    memory_asked: int | None
    """For the whole job."""
    memory_used: int | None
    """The most that the job used at once, as well as the figures of the steps tell: the largest over steps of
    (task-aware) peak memory; a lower bound where steps run side by side. None while no step has said."""
    array: ArrayPlace | None = None
    het: HetPlace | None = None
    tres: dict[str, int] = field(default_factory=dict)
    """Allocated trackable resources beside cpu, mem, node, billing: ``gres/gpu`` -> 2."""
    disk_read: int | None = None
    disk_written: int | None = None
    work_dir: str = ""
    comment: str = ""
    steps: int = 0
    requeued: bool = False
    """Whether this attempt ended by being put back into the queue; ``state`` is then PENDING, which the job is."""
    complete: bool = False
    """Whether nothing more is to be expected: the job is over and every step it started has its figures."""
