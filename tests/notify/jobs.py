"""Requests and figures for the tests of this room, each with plain values that a test can change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from headgate.config.notify import HintSettings, MessageSettings
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Message
from headgate.model.states import JobState
from headgate.notify.message import build_message

GIB = 1024**3
START = 1_790_000_000
ZONE = MessageSettings(time_zone="Europe/Vienna")

ENDED = MailRequest(
    record_id="r1",
    received=START + 3700.0,
    kind=MailKind.ENDED,
    scope=MailScope.JOB,
    job_id=123,
    receivers="",
    cluster="alpha",
    name="align",
    user="ada",
    uid=1000,
    state=JobState.COMPLETED,
    exit_code=0,
    run_time=3600,
)
COMPLETED = Figures(
    attempt=Attempt("alpha", 123, START - 60),
    label="123",
    name="align",
    user="ada",
    account="bio",
    partition="batch",
    qos="normal",
    state=JobState.COMPLETED,
    cancelled_by=None,
    exit=ExitStatus(0),
    started=float(START),
    ended=float(START + 3600),
    elapsed=3600,
    time_limit=7200,
    nodes="n[01-02]",
    node_count=2,
    cpus=8,
    cpu_used=8 * 3600 * 0.9,
    memory_asked=16 * GIB,
    memory_used=12 * GIB,
    tres={"gres/gpu": 2, "gres/gpu:a100": 2},
    disk_read=0,
    disk_written=3 * GIB,
    work_dir="/home/ada/run",
    comment="first try",
    steps=2,
    complete=True,
)
SUMMARY = replace(
    ENDED,
    scope=MailScope.ARRAY_SUMMARY,
    job_id=200,
    array=ArrayPlace(200, None),
    name="sweep",
    state=None,
    exit_code=None,
    run_time=None,
)


def ended(state: JobState, **changes: Any) -> MailRequest:
    """Return Slurm's mail about an end in a state."""
    kind = MailKind.FAILED if state.failed else MailKind.ENDED
    return replace(ENDED, **{"kind": kind, "state": state, "exit_code": None, **changes})


def figures(state: JobState = JobState.COMPLETED, **changes: Any) -> Figures:
    """Return accounting's figures of a job that ended in a state."""
    return replace(COMPLETED, **{"state": state, **changes})


def task(index: int, state: JobState = JobState.COMPLETED, **changes: Any) -> Figures:
    """Return the figures of one task of array 200."""
    values = {
        "attempt": Attempt("alpha", 200 + index, START - 60),
        "label": f"200_{index}",
        "name": "sweep",
        "state": state,
        "array": ArrayPlace(200, index),
        **changes,
    }
    return replace(COMPLETED, **values)


def message(request: MailRequest, about: Figures | None = None, **more: Any) -> Message:
    """Build the message with the settings as they come, except for the time zone."""
    return build_message(request, about, **{"settings": ZONE, "hints": HintSettings(), **more})


def facts(built: Message) -> dict[str, str]:
    """Return the facts by label; each label stands once."""
    found = {fact.label: fact.value for fact in built.facts}
    assert len(found) == len(built.facts)
    return found
