"""From a record of the spool to a mail request: the environment first, the subject where that says nothing.

Source: ``job_common_env_vars`` (job_mgr.c) and ``_build_mail_env``, ``_set_job_time``, ``_set_job_term_info``
(agent.c) of Slurm 21.08 to 26.05; older versions give only ``SLURM_CLUSTER_NAME``. Whether a mail is about a job, a
task or an array stands in the subject alone, and the user cannot change it, so there the subject decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from headgate.errors import RecordError
from headgate.events.sources.mail.record import MailRecord
from headgate.events.sources.mail.subject import KINDS, Subject, read_subject, seconds
from headgate.model.exitcode import read_exit_pair, read_wait_status
from headgate.model.job import ArrayPlace, ExitStatus, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState, read_state

MAX_NAME: Final = 1024
"""Characters of a name, account or partition that are kept."""
MAX_TEXT: Final = 16384
"""Characters of a subject, comment or node list that are kept."""
MAX_PATH: Final = 4096
"""Characters of a path; a longer one cannot be opened and is left out."""
MAX_RECEIVERS_TEXT: Final = 131072
"""Characters of the receiver list that are kept: as many as one argument can hold on Linux, so none is cut."""
_NO_VALUE: Final = 0xFFFF_FFFE
"""What Slurm writes for an unset number; it and the one above it mean nothing."""
_MAX_CODE: Final = 255
_MAX_SIGNAL: Final = 64
"""SIGRTMAX; what is above it is no signal."""
_WAITING: Final = frozenset({MailKind.INVALID_DEPENDENCY})
_OVER: Final = frozenset({MailKind.ENDED, MailKind.FAILED, MailKind.REQUEUED, MailKind.STAGED_OUT})


def read_request(record: MailRecord) -> MailRequest:
    """Read what Slurm asked for. Raises RecordError if the record does not tell about which job, or what."""
    subject_text, receivers = _arguments(record)
    environment = _Environment(record.environment)
    subject = read_subject(subject_text, record.environment.get("SLURM_JOB_NAME"))
    kind = KINDS.get(environment.text("MAIL_TYPE")) or (subject.kind if subject else None)
    job_id = environment.number("ID") or environment.number("SLURM_JOBID") or (subject.job_id if subject else None)
    if kind is None or not job_id:
        missing = "what happened" if kind is None else "which job it is about"
        raise RecordError(f"neither the environment nor the subject says {missing}: {_quoted(subject_text)}")
    scope, array = _place(environment, subject)
    request = MailRequest(
        record_id=record.id,
        received=record.received,
        kind=kind,
        scope=scope,
        job_id=job_id,
        receivers=receivers[:MAX_RECEIVERS_TEXT],
        cluster=environment.text("SLURM_CLUSTER_NAME"),
        subject=subject_text[:MAX_TEXT],
        array=array,
        name=record.environment.get("SLURM_JOB_NAME", subject.name if subject else "")[:MAX_NAME],
        user=environment.text("USER"),
        uid=environment.number("UID"),
        account=environment.text("ACCOUNT"),
        partition=environment.text("PARTITION"),
        qos=environment.text("QOS"),
        work_dir=environment.path("WORK_DIR"),
        comment=environment.text("COMMENT", MAX_TEXT),
    )
    known = subject or Subject(scope, job_id, array, "", kind)
    if scope is MailScope.ARRAY_SUMMARY:
        return _with_summary(request, environment, known)
    return _with_job(request, environment, known)


@dataclass(frozen=True, slots=True)
class _Environment:
    """The variables, by the part of their names after ``SLURM_JOB_``, or by their whole names."""

    variables: Mapping[str, str]

    def get(self, name: str) -> str:
        """Return a value as it came; empty where Slurm had none."""
        value = self.variables.get(name if name.startswith("SLURM_") else f"SLURM_JOB_{name}", "")
        return "" if value == "(null)" else value  # printf(3)'s word for a missing text

    def text(self, name: str, limit: int = MAX_NAME) -> str:
        """Return a text, cut to a bound."""
        return self.get(name)[:limit]

    def path(self, name: str) -> str:
        """Return a path; empty if it is too long for one."""
        value = self.get(name)
        return value if len(value) <= MAX_PATH else ""

    def number(self, *names: str) -> int | None:
        """Return the first number there is under one of these names; None for what Slurm writes in place of one."""
        for name in names:
            value = self.get(name)
            if value.isascii() and value.isdigit() and len(value) <= len(str(_NO_VALUE)) and int(value) < _NO_VALUE:
                return int(value)
        return None


def _arguments(record: MailRecord) -> tuple[str, str]:
    """Return subject and receivers."""
    match record.argv:
        case [_, "-s", subject, *receivers]:
            return subject, ",".join(receivers)
        case _:
            raise RecordError("the program was not called as Slurm does: -s SUBJECT RECEIVERS")


def _quoted(subject: str) -> str:
    return repr(subject[:200])


def _place(environment: _Environment, subject: Subject | None) -> tuple[MailScope, ArrayPlace | None]:
    array_id, task = environment.number("SLURM_ARRAY_JOB_ID"), environment.number("SLURM_ARRAY_TASK_ID")
    if subject is None:
        if array_id and task is not None:
            return MailScope.ARRAY_TASK, ArrayPlace(array_id, task)
        return MailScope.JOB, None
    if subject.array is None:
        return subject.scope, None
    if subject.scope is MailScope.ARRAY_SUMMARY:
        return subject.scope, ArrayPlace(array_id or subject.array.array_id, None)
    return subject.scope, ArrayPlace(array_id or subject.array.array_id, subject.array.task if task is None else task)


def _with_job(request: MailRequest, environment: _Environment, subject: Subject) -> MailRequest:
    """Add what is said about one job or task."""
    ended = _exit_status(environment, subject) if request.kind.final else None
    return replace(
        request,
        het=_het(environment),
        restarts=environment.number("RESTART_COUNT"),
        nodes=environment.text("NODELIST", MAX_TEXT),
        stdout=environment.path("STDOUT"),
        state=_state(environment) or subject.state,
        exit_code=ended.code if ended else None,
        signal=ended.signal if ended else None,
        run_time=_either(seconds(environment.get("RUN_TIME")), subject.run_time),
        queued_time=_either(seconds(environment.get("QUEUED_TIME")), subject.queued_time),
        staged_out_time=_either(seconds(environment.get("STAGE_OUT_TIME")), subject.staged_out_time),
        # A job that waits has an expected start there, a job that runs an expected end.
        started=None if request.kind in _WAITING else _moment(environment, "START_TIME"),
        ended=_moment(environment, "END_TIME") if request.kind in _OVER else None,
    )


def _with_summary(request: MailRequest, environment: _Environment, subject: Subject) -> MailRequest:
    """Add what is said about an array as a whole: times, nodes and exit code there are those of one of its tasks."""
    if not request.kind.final:
        return replace(request, state=_state(environment))
    least = _either(_bounded(environment.number("EXIT_CODE_MIN"), _MAX_CODE), subject.exit_code_min)
    most = _bounded(environment.number("EXIT_CODE_MAX"), _MAX_CODE)
    if least is None and not most:
        # Slurm writes 0 where it has no exit code.
        most = subject.exit_code
    signal = _either(_bounded(environment.number("TERM_SIGNAL_MAX"), _MAX_SIGNAL), subject.signal)
    mixed = subject.mixed or bool(signal) or (least == 0 and bool(most))
    return replace(
        request,
        mixed=mixed,
        requeued_tasks=subject.requeued_tasks,
        state=None if mixed else _state(environment) or subject.state,
        exit_code=_either(most, subject.exit_code),
        exit_code_min=least,
        signal=signal,
    )


def _exit_status(environment: _Environment, subject: Subject) -> ExitStatus | None:
    """Return how the job ended; ``SLURM_JOB_EXIT_CODE_MAX`` is not asked, it is 0 for a job that a signal ended."""
    status = read_wait_status(environment.get("EXIT_CODE")) or read_exit_pair(environment.get("EXIT_CODE2"))
    if status is not None:
        return status if status.signal <= _MAX_SIGNAL else None
    # A subject has an exit code only where no signal ended the job.
    return None if subject.exit_code is None else ExitStatus(subject.exit_code)


def _het(environment: _Environment) -> HetPlace | None:
    leader = environment.number("SLURM_HET_JOB_ID", "SLURM_PACK_JOB_ID")
    offset = environment.number("SLURM_HET_JOB_OFFSET", "SLURM_PACK_JOB_OFFSET")
    return HetPlace(leader, offset or 0) if leader else None


def _state(environment: _Environment) -> JobState | None:
    reading = read_state(environment.get("STATE"))
    return reading.state if reading else None


def _moment(environment: _Environment, name: str) -> float | None:
    return float(number) if (number := environment.number(name)) else None


def _bounded(number: int | None, limit: int) -> int | None:
    return number if number is not None and number <= limit else None


def _either(first: int | None, second: int | None) -> int | None:
    return second if first is None else first
