"""The subject line of a mail that Slurm asks for: who, what, how long, how it ended.

Source: ``mail_job_info`` and what it calls in Slurm's ``src/slurmctld/agent.c``, 18.08 to 26.05::

    Slurm Job_id=7 Name=NAME TYPE[TIME][END]
    Slurm Array Task Job_id=5_2 (7) Name=NAME TYPE[TIME][END]
    Slurm Array Summary Job_id=5_* (7) Name=NAME TYPE[END]

NAME holds anything, also text that looks like the rest. The rest names a TYPE only at its beginning, so the last TYPE
that can be followed to the end of the line is the true one, whatever the name says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headgate.model.durations import read_duration
from headgate.model.job import ArrayPlace
from headgate.model.mail import MailKind, MailScope
from headgate.model.states import JobState, read_state

KINDS: Final = {
    "Began": MailKind.BEGAN,
    "Ended": MailKind.ENDED,
    "Failed": MailKind.FAILED,
    "Requeued": MailKind.REQUEUED,
    "Invalid dependency": MailKind.INVALID_DEPENDENCY,
    "StageOut/Teardown": MailKind.STAGED_OUT,
    "Reached time limit": MailKind.TIME_LIMIT,
    "Reached 90% of time limit": MailKind.TIME_LIMIT_90,
    "Reached 80% of time limit": MailKind.TIME_LIMIT_80,
    "Reached 50% of time limit": MailKind.TIME_LIMIT_50,
}
"""Slurm's words for what a mail is about, in subjects and in ``SLURM_JOB_MAIL_TYPE``."""

_HEAD: Final = re.compile(
    r"""S(?:lurm|LURM)\ (?:                                    # capitals: before 19.05
        Array\ Summary\ Job_id=(?P<array>\d{1,10})_\*\ \((?P<any_id>\d{1,10})\)
      | Array\ Task\ Job_id=(?P<of_array>\d{1,10})_(?P<task>\d{1,10})\ \((?P<task_id>\d{1,10})\)
      | Job_id=(?P<id>\d{1,10})
    )\ Name=""",
    re.VERBOSE | re.ASCII,
)
_DURATION: Final = r"(?:(?:\d{1,9}-)?\d{1,9}:\d\d:\d\d|INVALID|UNLIMITED)"
_KIND: Final = "|".join(re.escape(word) for word in KINDS)
_TAIL: Final = re.compile(
    rf"""\ (?P<kind>{_KIND})
    (?: ,\ Queued\ time\ (?P<queued>{_DURATION})
      | ,\ Run\ time\ (?P<run>{_DURATION})
      | \ time\ ?(?P<staged>{_DURATION})?                      # from 21.08 on, StageOut ends in " time "
    )?
    (?: ,\ (?P<state>Mixed|[A-Z_?]+)
        (?: ,\ ExitCode\ \[(?P<least>\d{{1,3}})-(?P<most>\d{{1,3}})\]
          | ,\ ExitCode\ (?P<code>\d{{1,3}})
          | ,\ MaxSignal\ \[(?P<signal>\d{{1,3}})\]
          | ,\ MaxExitCode\ \[(?P<most_alone>\d{{1,3}})\]
        )?
        (?P<requeued>,\ with\ requeued\ tasks)?
    )?
    \ ?""",
    re.VERBOSE | re.ASCII,
)
_NAME_AND_TAIL: Final = re.compile(rf"(?P<name>.*){_TAIL.pattern}", re.VERBOSE | re.ASCII | re.DOTALL)
_BEGINNING: Final = re.compile(rf"\ (?P<kind>{_KIND})(?![\w/])", re.VERBOSE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a subject says; None where it does not. Durations are in seconds."""

    scope: MailScope
    job_id: int
    array: ArrayPlace | None
    name: str
    kind: MailKind
    state: JobState | None = None
    mixed: bool = False
    requeued_tasks: bool = False
    exit_code: int | None = None
    exit_code_min: int | None = None
    signal: int | None = None
    run_time: int | None = None
    queued_time: int | None = None
    staged_out_time: int | None = None


def read_subject(text: str, name: str | None = None) -> Subject | None:
    """Read a subject; None if it is none of Slurm's.

    With the job's ``name`` known, also a subject whose end has a form not known here can be read as far as its kind.
    """
    head = _HEAD.match(text)
    if head is None:
        return None
    rest = text[head.end() :]
    after_name = rest[len(name) :] if name is not None and rest.startswith(name) else None
    if after_name is not None and (tail := _TAIL.fullmatch(after_name)):
        return _subject(head, name or "", tail)
    if both := _NAME_AND_TAIL.fullmatch(rest):
        return _subject(head, both["name"], both)
    if after_name is not None and (beginning := _BEGINNING.match(after_name)):
        return Subject(*_identity(head), name=name or "", kind=KINDS[beginning["kind"]])
    return None


def seconds(text: str | None) -> int | None:
    """Read a duration as Slurm's ``secs2time_str`` writes it, in whole seconds; None if it is none."""
    read = read_duration(text or "")
    return None if read is None else int(read)


def _identity(head: re.Match[str]) -> tuple[MailScope, int, ArrayPlace | None]:
    if head["array"]:
        return MailScope.ARRAY_SUMMARY, int(head["any_id"]), ArrayPlace(int(head["array"]), None)
    if head["of_array"]:
        return MailScope.ARRAY_TASK, int(head["task_id"]), ArrayPlace(int(head["of_array"]), int(head["task"]))
    return MailScope.JOB, int(head["id"]), None


def _subject(head: re.Match[str], name: str, tail: re.Match[str]) -> Subject:
    mixed = tail["state"] == "Mixed"
    state = read_state(tail["state"]) if tail["state"] and not mixed else None
    return Subject(
        *_identity(head),
        name=name,
        kind=KINDS[tail["kind"]],
        state=state.state if state else None,
        mixed=mixed,
        requeued_tasks=tail["requeued"] is not None,
        exit_code=_first_number(tail, "most", "code", "most_alone"),
        exit_code_min=_first_number(tail, "least"),
        signal=_first_number(tail, "signal"),
        run_time=seconds(tail["run"]),
        queued_time=seconds(tail["queued"]),
        staged_out_time=seconds(tail["staged"]),
    )


def _first_number(tail: re.Match[str], *groups: str) -> int | None:
    return next((int(tail[group]) for group in groups if tail[group]), None)
