"""Messages as the pipeline makes them: real requests and figures, of many users and jobs."""

from __future__ import annotations

from headgate.config.notify import HintSettings, MessageSettings
from headgate.model.job import Attempt, ExitStatus, Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Message
from headgate.model.states import JobState
from headgate.notify.message import build_message

CLUSTER = "alpha"
_GIB = 1024**3
_FIRST_START = 1_790_000_000
_NAMES = ("align-genome", "cfd-wing-sweep", "train-resnet", "md-membrane", "postprocess")


def user_of(number: int) -> str:
    """Return whose job this is: one of a thousand users."""
    return f"user{number * 7919 % 1000:03}"


def figures(number: int) -> Figures:
    """Return what accounting says about job ``number``, which is over; every tenth has failed."""
    started, elapsed = _FIRST_START + number % 86400, 600 + number * 37 % 7200
    failed = number % 10 == 0
    return Figures(
        attempt=Attempt(CLUSTER, number, started - 60),
        label=str(number),
        name=_NAMES[number % len(_NAMES)],
        user=user_of(number),
        account="physics",
        partition="batch",
        qos="normal",
        state=JobState.FAILED if failed else JobState.COMPLETED,
        cancelled_by=None,
        exit=ExitStatus(1 if failed else 0),
        started=float(started),
        ended=float(started + elapsed),
        elapsed=elapsed,
        time_limit=14400,
        nodes="node[0101-0104]",
        node_count=4,
        cpus=128,
        cpu_used=elapsed * 128 * 0.8,
        memory_asked=512 * _GIB,
        memory_used=(100 + number % 400) * _GIB,
        tres={"gres/gpu": 4},
        disk_read=number % 50 * _GIB,
        disk_written=3 * _GIB,
        work_dir=f"/scratch/{user_of(number)}/project-{number % 40}/run-{number}",
        comment="",
        steps=2,
        complete=True,
    )


def request(number: int) -> MailRequest:
    """Return Slurm's mail about the end of job ``number``."""
    known = figures(number)
    return MailRequest(
        record_id=f"record-{number}",
        received=(known.ended or 0) + 1,
        kind=MailKind.FAILED if known.state.failed else MailKind.ENDED,
        scope=MailScope.JOB,
        job_id=number,
        receivers="",
        cluster=CLUSTER,
        name=known.name,
        user=known.user,
        state=known.state,
        exit_code=known.exit.code,
        run_time=known.elapsed,
    )


def message(number: int) -> Message:
    """Return the message about the end of job ``number``."""
    return build_message(
        request(number), figures(number), settings=MessageSettings(time_zone="UTC"), hints=HintSettings()
    )
