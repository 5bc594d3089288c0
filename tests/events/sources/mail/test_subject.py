"""Subjects written from the format strings of Slurm's ``mail_job_info``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.events.sources.mail.subject import KINDS, Subject, read_subject, seconds
from headgate.model.durations import slurm_duration
from headgate.model.job import ArrayPlace
from headgate.model.mail import MailKind, MailScope
from headgate.model.states import JobState

S = JobState
K = MailKind

# After "Slurm Job_id=5 Name=x ": what it means.
JOB: list[tuple[str, dict[str, Any]]] = [
    ("Began", {"kind": K.BEGAN}),
    ("Began, Queued time 00:00:01", {"kind": K.BEGAN, "queued_time": 1}),
    ("Began, Queued time 12-01:00:00", {"kind": K.BEGAN, "queued_time": 12 * 86400 + 3600}),
    ("Began, Queued time INVALID", {"kind": K.BEGAN}),
    ("Ended, Run time 00:01:00, COMPLETED, ExitCode 0",
     {"kind": K.ENDED, "run_time": 60, "state": S.COMPLETED, "exit_code": 0}),
    ("Ended, CANCELLED, ExitCode 0", {"kind": K.ENDED, "state": S.CANCELLED, "exit_code": 0}),
    ("Ended, Run time 00:00:05, CANCELLED", {"kind": K.ENDED, "run_time": 5, "state": S.CANCELLED}),
    ("Failed, Run time 1-00:00:00, NODE_FAIL", {"kind": K.FAILED, "run_time": 86400, "state": S.NODE_FAIL}),
    ("Failed, Run time 00:00:02, FAILED, ExitCode 255",
     {"kind": K.FAILED, "run_time": 2, "state": S.FAILED, "exit_code": 255}),
    ("Failed, Run time 00:01:03, TIMEOUT", {"kind": K.FAILED, "run_time": 63, "state": S.TIMEOUT}),
    ("Failed, Run time 00:01:03, TIMEOUT, ExitCode 0",
     {"kind": K.FAILED, "run_time": 63, "state": S.TIMEOUT, "exit_code": 0}),
    ("Failed, Run time UNLIMITED, OUT_OF_MEMORY", {"kind": K.FAILED, "state": S.OUT_OF_MEMORY}),
    ("Failed, BOOT_FAIL, ExitCode 1", {"kind": K.FAILED, "state": S.BOOT_FAIL, "exit_code": 1}),
    ("Failed, Run time 00:00:01, DEADLINE", {"kind": K.FAILED, "run_time": 1, "state": S.DEADLINE}),
    ("Failed, Run time 00:00:01, PREEMPTED", {"kind": K.FAILED, "run_time": 1, "state": S.PREEMPTED}),
    ("Failed, Run time 00:00:01, ?, ExitCode 1", {"kind": K.FAILED, "run_time": 1, "exit_code": 1}),
    ("Requeued", {"kind": K.REQUEUED}),
    ("Requeued, Run time 00:00:03", {"kind": K.REQUEUED, "run_time": 3}),
    ("Invalid dependency", {"kind": K.INVALID_DEPENDENCY}),
    ("StageOut/Teardown", {"kind": K.STAGED_OUT}),
    ("StageOut/Teardown time ", {"kind": K.STAGED_OUT}),
    ("StageOut/Teardown time", {"kind": K.STAGED_OUT}),
    ("StageOut/Teardown time 00:00:09", {"kind": K.STAGED_OUT, "staged_out_time": 9}),
    ("Reached time limit, Run time 01:00:00", {"kind": K.TIME_LIMIT, "run_time": 3600}),
    ("Reached time limit", {"kind": K.TIME_LIMIT}),
    ("Reached 50% of time limit, Run time 00:05:00", {"kind": K.TIME_LIMIT_50, "run_time": 300}),
    ("Reached 80% of time limit, Run time 00:10:00", {"kind": K.TIME_LIMIT_80, "run_time": 600}),
    ("Reached 90% of time limit, Run time 00:10:00", {"kind": K.TIME_LIMIT_90, "run_time": 600}),
]  # fmt: skip

# After "Slurm Array Summary Job_id=5_* (7) Name=x ".
SUMMARY: list[tuple[str, dict[str, Any]]] = [
    ("Began", {"kind": K.BEGAN}),
    ("Ended, COMPLETED, ExitCode [0-0]",
     {"kind": K.ENDED, "state": S.COMPLETED, "exit_code_min": 0, "exit_code": 0}),
    ("Ended, Mixed, ExitCode [0-1]", {"kind": K.ENDED, "mixed": True, "exit_code_min": 0, "exit_code": 1}),
    ("Failed, FAILED, ExitCode [1-255]", {"kind": K.FAILED, "state": S.FAILED, "exit_code_min": 1, "exit_code": 255}),
    ("Failed, Mixed, MaxSignal [9]", {"kind": K.FAILED, "mixed": True, "signal": 9}),
    ("Failed, Mixed, MaxExitCode [2]", {"kind": K.FAILED, "mixed": True, "exit_code": 2}),
    ("Ended, Mixed, ExitCode [0-1], with requeued tasks",
     {"kind": K.ENDED, "mixed": True, "exit_code_min": 0, "exit_code": 1, "requeued_tasks": True}),
    ("Ended, COMPLETED, with requeued tasks", {"kind": K.ENDED, "state": S.COMPLETED, "requeued_tasks": True}),
    ("Failed, NODE_FAIL", {"kind": K.FAILED, "state": S.NODE_FAIL}),
    ("Invalid dependency", {"kind": K.INVALID_DEPENDENCY}),
    ("Requeued", {"kind": K.REQUEUED}),
]  # fmt: skip

NAMES = [
    "x", "", " ", "two words", "a, b", "it's \"quoted\"", "a|b", "new\nline", "<b>bold</b>", "Began", "x Began",
    "Failed, Run time 00:00:01", "x Ended, Run time 00:00:01, COMPLETED, ExitCode 0", "Name=y Ended", "é☃",
    "Failed_run", "x Requeued ", "StageOut/Teardown time ", "(null)", "%s%n", "x" * 1024, "\x1b[31m", "a\ufffdb",
    "Slurm Job_id=6 Name=z Began",
]  # fmt: skip


@pytest.mark.parametrize(("rest", "meaning"), JOB, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("word", ["Slurm", "SLURM"])
def test_every_form_for_a_job(word: str, rest: str, meaning: dict[str, Any]) -> None:
    expected = Subject(scope=MailScope.JOB, job_id=5, array=None, name="x", **meaning)
    assert read_subject(f"{word} Job_id=5 Name=x {rest}") == expected


@pytest.mark.parametrize(("rest", "meaning"), JOB, ids=lambda value: value if isinstance(value, str) else "")
def test_every_form_for_an_array_task(rest: str, meaning: dict[str, Any]) -> None:
    expected = Subject(scope=MailScope.ARRAY_TASK, job_id=7, array=ArrayPlace(5, 3), name="x", **meaning)
    assert read_subject(f"Slurm Array Task Job_id=5_3 (7) Name=x {rest}") == expected


@pytest.mark.parametrize(("rest", "meaning"), SUMMARY, ids=lambda value: value if isinstance(value, str) else "")
def test_every_form_for_an_array(rest: str, meaning: dict[str, Any]) -> None:
    expected = Subject(scope=MailScope.ARRAY_SUMMARY, job_id=7, array=ArrayPlace(5, None), name="x", **meaning)
    assert read_subject(f"Slurm Array Summary Job_id=5_* (7) Name=x {rest}") == expected


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("known", [True, False])
def test_a_name_that_looks_like_the_rest_changes_nothing(name: str, known: bool) -> None:
    for rest, meaning in JOB:
        expected = Subject(scope=MailScope.JOB, job_id=5, array=None, name=name, **meaning)
        assert read_subject(f"Slurm Job_id=5 Name={name} {rest}", name if known else None) == expected


pieces = st.sampled_from([*NAMES[:18], *KINDS, " ", ", ", ", Run time 00:00:01", ", ExitCode 0", " time ", "\n"])
hostile = st.lists(pieces, max_size=6).map("".join) | st.text(max_size=40)
tails = st.one_of(
    st.tuples(st.sampled_from([K.BEGAN]), st.none() | st.integers(0, 10**7)),
    st.tuples(st.sampled_from([K.ENDED, K.FAILED, K.REQUEUED, K.TIME_LIMIT_50]), st.none() | st.integers(0, 10**7)),
)


@given(hostile, tails, st.sampled_from(JobState), st.none() | st.integers(0, 255), st.booleans())
def test_a_subject_made_from_parts_is_taken_apart_again(
    name: str, tail: tuple[MailKind, int | None], state: JobState, code: int | None, known: bool
) -> None:
    kind, duration = tail
    word = next(word for word, meant in KINDS.items() if meant is kind)
    text = f"Slurm Job_id=5 Name={name} {word}"
    if duration is not None:
        text += f", {'Queued' if kind is K.BEGAN else 'Run'} time {slurm_duration(duration)}"
    if kind.final:
        text += f", {state.text}" + ("" if code is None else f", ExitCode {code}")
    read = read_subject(text, name if known else None)
    assert read == Subject(
        scope=MailScope.JOB,
        job_id=5,
        array=None,
        name=name,
        kind=kind,
        state=state if kind.final else None,
        exit_code=code if kind.final else None,
        queued_time=duration if kind is K.BEGAN else None,
        run_time=None if kind is K.BEGAN else duration,
    )


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_subject(text)
    read_subject(f"Slurm Job_id=5 Name={text}", text[:5])


@pytest.mark.parametrize(
    "text",
    ["", "Hello", "Slurm Job_id=5", "Slurm Job_id=x Name=x Began", "Slurm Job_id=5 Name=x",
     "Slurm Job_id=5 Name=x unknown", "Re: Slurm Job_id=5 Name=x Began", "Slurm Job_id=5 Name=x Began, something new",
     "Slurm Job_id=\u0665 Name=x Began"],
)  # fmt: skip
def test_what_slurm_does_not_write_is_refused(text: str) -> None:
    assert read_subject(text) is None


def test_with_the_name_known_an_end_of_a_later_slurm_hides_nothing_but_itself() -> None:
    read = read_subject("Slurm Job_id=5 Name=x Began Ended, in a new way", "x Began")
    assert read == Subject(scope=MailScope.JOB, job_id=5, array=None, name="x Began", kind=K.ENDED)


def test_a_known_name_that_is_not_in_the_subject_is_not_believed() -> None:
    read = read_subject("Slurm Job_id=5 Name=x Began", "something else")
    assert read is not None
    assert (read.name, read.kind) == ("x", K.BEGAN)


def test_a_megabyte_of_kinds_is_read_at_once() -> None:
    name = " Began, Run time 00:00:01, COMPLETED, ExitCode" * 25_000
    read = read_subject(f"Slurm Job_id=5 Name={name} Ended, COMPLETED, ExitCode 0")
    assert read is not None
    assert read.kind is K.ENDED
    assert read_subject(f"Slurm Job_id=5 Name={name}") is None


@pytest.mark.parametrize(("text", "value"), [("00:00:00", 0), ("1-02:03:04", 93784), ("INVALID", None), (None, None)])
def test_durations(text: str | None, value: int | None) -> None:
    assert seconds(text) == value
