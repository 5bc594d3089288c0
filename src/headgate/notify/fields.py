"""Figures for a site's own templates, under the names that goslmailer's templates use. Pure.

Memory and disk are in octets, times in seconds; what accounting does not say is left out, so that a template shows
nothing there rather than a zero.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from headgate.model.job import Figures
from headgate.model.mail import MailRequest, MailScope
from headgate.notify.wording import moment, span

Field = str | int | float | None
_MAIL_TYPES: Final = {
    "began": "Began",
    "ended": "Ended",
    "failed": "Failed",
    "requeued": "Requeued",
    "invalid_dependency": "Invalid dependency",
    "staged_out": "StageOut/Teardown",
    "time_limit": "Reached time limit",
    "time_limit_90": "Reached 90% of time limit",
    "time_limit_80": "Reached 80% of time limit",
    "time_limit_50": "Reached 50% of time limit",
}
"""Slurm's words for what a mail is about (``SLURM_JOB_MAIL_TYPE``)."""


def fields_of(request: MailRequest, figures: Figures | None, zone: tzinfo | None) -> dict[str, Field]:
    """Return goslmailer's fields of a job: those of ``SlurmEnvironment``, of ``JobStats``, and ``MailSubject``."""
    known = {**_environment(request, figures), **(_statistics(request, figures, zone) if figures else {})}
    known["MailSubject"] = _subject(request)
    known["PrunedMessageCount"] = 0
    known["Created"] = datetime.fromtimestamp(request.received, zone).strftime("%a, %d %b %Y %H:%M:%S %Z").strip()
    return {name: value for name, value in known.items() if value is not None and value != ""}


def _subject(request: MailRequest) -> str:
    if request.scope is MailScope.ARRAY_SUMMARY and request.array is not None:
        return f"Job Array Summary {request.array.array_id}_*"
    if request.scope is MailScope.ARRAY_TASK:
        return f"Job Array Task {request.job_id}"
    return f"Job {request.job_id}"


def _environment(request: MailRequest, figures: Figures | None) -> dict[str, Field]:
    state = request.state or (figures.state if figures else None)
    return {
        "SLURM_ARRAY_JOB_ID": request.array.array_id if request.array else None,
        "SLURM_ARRAY_TASK_ID": request.array.task if request.array else None,
        "SLURM_CLUSTER_NAME": request.cluster,
        "SLURM_JOB_ACCOUNT": request.account or (figures.account if figures else ""),
        "SLURM_JOB_EXIT_CODE": request.exit_code,
        "SLURM_JOB_EXIT_CODE_MAX": request.exit_code if request.scope is MailScope.ARRAY_SUMMARY else None,
        "SLURM_JOB_EXIT_CODE_MIN": request.exit_code_min,
        "SLURM_JOBID": request.job_id,
        "SLURM_JOB_ID": request.job_id,
        "SLURM_JOB_MAIL_TYPE": _MAIL_TYPES[request.kind.value],
        "SLURM_JOB_NAME": request.name or (figures.name if figures else ""),
        "SLURM_JOB_NODELIST": request.nodes or (figures.nodes if figures else ""),
        "SLURM_JOB_PARTITION": request.partition or (figures.partition if figures else ""),
        "SLURM_JOB_QUEUED_TIME": span(request.queued_time),
        "SLURM_JOB_RUN_TIME": span(request.run_time),
        "SLURM_JOB_STATE": "Mixed" if request.mixed else state.text if state else None,
        "SLURM_JOB_UID": request.uid,
        "SLURM_JOB_USER": request.user,
        "SLURM_JOB_WORK_DIR": request.work_dir,
    }


def _statistics(request: MailRequest, figures: Figures, zone: tzinfo | None) -> dict[str, Field]:
    return {
        "JobName": figures.name or request.name,
        "User": figures.user,
        "Account": figures.account,
        "Partition": figures.partition,
        "State": figures.state.text,
        "Ncpus": figures.cpus,
        "Nodes": figures.node_count,
        "NodeList": figures.nodes,
        "Submittime": moment(float(figures.attempt.submitted), zone),
        "Starttime": moment(figures.started, zone),
        "Endtime": moment(figures.ended, zone),
        "CPUTime": figures.cpus * figures.elapsed,
        "CPUTimeStr": span(figures.cpus * figures.elapsed),
        "TotalCPU": figures.cpu_used,
        "TotalCPUStr": span(figures.cpu_used),
        "ReqMem": figures.memory_asked,
        "MaxRSS": figures.memory_used,
        "Walltime": figures.time_limit,
        "WalltimeStr": span(figures.time_limit),
        "Runtime": figures.elapsed,
        "RuntimeStr": span(figures.elapsed),
        "MaxDiskWrite": figures.disk_written,
        "MaxDiskRead": figures.disk_read,
    }
