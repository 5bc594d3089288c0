"""Mail requests: what Slurm said when it asked for a mail about a job.

Source: ``src/slurmctld/agent.c`` (subjects, environment) and ``--mail-type`` in sbatch(1), 18.08 to 26.05.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from headgate.model.job import ArrayPlace, HetPlace
from headgate.model.states import JobState


class MailKind(enum.StrEnum):
    """What a mail is about."""

    BEGAN = "began"
    ENDED = "ended"
    FAILED = "failed"
    REQUEUED = "requeued"
    INVALID_DEPENDENCY = "invalid_dependency"
    STAGED_OUT = "staged_out"
    TIME_LIMIT = "time_limit"
    TIME_LIMIT_90 = "time_limit_90"
    TIME_LIMIT_80 = "time_limit_80"
    TIME_LIMIT_50 = "time_limit_50"

    @property
    def final(self) -> bool:
        """Whether the job is over."""
        return self in (MailKind.ENDED, MailKind.FAILED)


class MailScope(enum.StrEnum):
    """What the mail stands for."""

    JOB = "job"
    """One job (or the leader of a het job)."""
    ARRAY_TASK = "array_task"
    """One task of an array, as ``--mail-type=ARRAY_TASKS`` asks for."""
    ARRAY_SUMMARY = "array_summary"
    """An array as a whole."""


@dataclass(frozen=True, slots=True)
class MailRequest:
    """One mail Slurm asked for. Empty text and None mean that Slurm did not say.

    Texts come from the job and are untrusted. Times are seconds, points in time seconds since the epoch.
    """

    record_id: str
    """The spool record's name, unique."""
    received: float
    """When the hand-off got it."""
    kind: MailKind
    scope: MailScope
    job_id: int
    """The raw job id Slurm named (for a summary the id of one of its tasks or of the array)."""
    receivers: str
    """``--mail-user`` as it came."""
    cluster: str = ""
    subject: str = ""
    array: ArrayPlace | None = None
    """For a summary with ``task`` None."""
    het: HetPlace | None = None
    restarts: int | None = None
    name: str = ""
    user: str = ""
    uid: int | None = None
    account: str = ""
    partition: str = ""
    qos: str = ""
    nodes: str = ""
    work_dir: str = ""
    stdout: str = ""
    comment: str = ""
    state: JobState | None = None
    mixed: bool = False
    """An array whose tasks ended in different states."""
    requeued_tasks: bool = False
    """An array some of whose tasks were requeued."""
    exit_code: int | None = None
    """0-255; for an array summary the highest."""
    exit_code_min: int | None = None
    """For an array summary the lowest."""
    signal: int | None = None
    """The signal that ended it (0: none); for an array summary the highest."""
    run_time: int | None = None
    queued_time: int | None = None
    staged_out_time: int | None = None
    started: float | None = None
    ended: float | None = None
