"""scontrol and scancel: changing jobs, as an administrator.

Source: scontrol(1), scancel(1), 20.11 to 26.05. scancel says nothing, and exits 0, for a job that is over or was never
there, so jobs are looked up before.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

from headgate.slurm.commands import records, words


class JobKey(enum.StrEnum):
    """What of a job can be changed, by scontrol's names."""

    ACCOUNT = "Account"
    ADMIN_COMMENT = "AdminComment"
    COMMENT = "Comment"
    DEPENDENCY = "Dependency"
    END_TIME = "EndTime"
    EXC_NODES = "ExcNodeList"
    FEATURES = "Features"
    LICENSES = "Licenses"
    NAME = "JobName"
    NICE = "Nice"
    NUM_NODES = "NumNodes"
    PARTITION = "Partition"
    PRIORITY = "Priority"
    QOS = "QOS"
    REQ_NODES = "ReqNodeList"
    REQUEUE = "Requeue"
    RESV_NAME = "ReservationName"
    START_TIME = "StartTime"
    TIME_LIMIT = "TimeLimit"
    TIME_MIN = "TimeMin"
    WCKEY = "WCKey"


PYSLURM_KEYS = {key.name.lower(): key for key in JobKey}
"""PySlurm's names -> scontrol's."""


class JobOrder(enum.StrEnum):
    """What can be done with a job; the value is scontrol's word."""

    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    REQUEUE = "requeue"
    REQUEUE_HOLD = "requeuehold"


def order_command(job: str, order: JobOrder) -> list[str]:
    """Return the arguments that do something with a job. Raises ValueError for what is no job."""
    if order is JobOrder.CANCEL:
        return ["scancel", records.job(job)]
    return ["scontrol", order.value, records.job(job)]


def update_command(job: str, infos: Mapping[JobKey, str]) -> list[str]:
    """Return the arguments that change a job. Raises ValueError for what is no job, and values one cannot hand over."""
    pairs = [f"{key.value}={words.value(text)}" for key, text in infos.items()]
    if not pairs:
        raise ValueError("nothing is to be changed")
    return ["scontrol", "update", f"JobId={records.job(job)}", *pairs]
