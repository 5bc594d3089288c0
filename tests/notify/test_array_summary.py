"""One message tells how an array ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headgate.model.job import ArrayPlace, Attempt, Figures
from headgate.model.mail import MailKind, MailRequest
from headgate.model.message import Outcome
from headgate.model.states import JobState
from headgate.notify.message import INCOMPLETE_FIGURES, NO_FIGURES
from tests.notify.jobs import START, SUMMARY, facts, message, task


def many(*parts: tuple[JobState, range]) -> list[Figures]:
    return [task(index, state) for state, indexes in parts for index in indexes]


def test_counts_and_failed_tasks_are_told() -> None:
    tasks = many((JobState.COMPLETED, range(16)), (JobState.FAILED, range(16, 19)), (JobState.TIMEOUT, range(30, 31)))
    built = message(SUMMARY, None, tasks=tasks)
    told = facts(built)
    assert built.title == 'Array 200 "sweep": 16 of 20 tasks completed, 3 failed, 1 timed out'
    assert built.outcome is Outcome.MIXED
    assert (told["Tasks"], told["Completed"], told["Failed"], told["Timed out"]) == ("20", "16", "3 (16-18)", "1 (30)")
    assert built.job is not None
    assert built.job.job_id == "200_*"


@pytest.mark.parametrize(
    ("state", "title", "outcome"),
    [
        (JobState.COMPLETED, 'Completed: all 5 tasks of array 200 "sweep"', Outcome.SUCCEEDED),
        (JobState.FAILED, 'Failed: all 5 tasks of array 200 "sweep"', Outcome.FAILED),
        (JobState.CANCELLED, 'Cancelled: all 5 tasks of array 200 "sweep"', Outcome.CANCELLED),
        (JobState.OUT_OF_MEMORY, 'Out of memory: all 5 tasks of array 200 "sweep"', Outcome.OUT_OF_MEMORY),
    ],
)
def test_tasks_that_all_ended_alike_are_told_in_one_word(state: JobState, title: str, outcome: Outcome) -> None:
    built = message(SUMMARY, None, tasks=many((state, range(5))))
    assert (built.title, built.outcome) == (title, outcome)


def test_some_cancelled_tasks_are_no_failure() -> None:
    built = message(SUMMARY, None, tasks=many((JobState.COMPLETED, range(3)), (JobState.CANCELLED, range(3, 5))))
    assert built.title == 'Array 200 "sweep": 3 of 5 tasks completed, 2 cancelled'
    assert built.outcome is Outcome.CANCELLED


def test_failed_tasks_are_folded_and_bounded() -> None:
    tasks = many((JobState.FAILED, range(0, 400, 2)), (JobState.COMPLETED, range(1, 400, 2)))
    assert facts(message(SUMMARY, None, tasks=tasks))["Failed"].endswith(",36,38 and 180 more)")


def test_a_requeued_task_counts_once_at_its_latest_attempt() -> None:
    first = task(3, JobState.NODE_FAIL)
    again = replace(first, attempt=Attempt("alpha", 203, START), state=JobState.COMPLETED)
    built = message(SUMMARY, None, tasks=[again, first, task(4)])
    assert built.title == 'Completed: all 2 tasks of array 200 "sweep"'
    assert facts(built)["Requeued"] == "1 task"


def test_a_start_counts_pending_tasks_that_stand_in_one_record() -> None:
    waiting = replace(
        task(1, JobState.PENDING, started=None, elapsed=0, complete=False),
        attempt=Attempt("alpha", 200, START),
        array=ArrayPlace(200, None, "[3-20:2,31%4]"),
    )
    began = replace(SUMMARY, kind=MailKind.BEGAN, state=None)
    built = message(began, None, tasks=[task(200, JobState.RUNNING, ended=None, complete=False), waiting])
    assert built.title == 'Started: array 200 "sweep"'
    assert built.summary == "Of its 11 tasks, 1 running, 10 pending."
    assert (built.notes, built.hints, built.bars) == ((), (), ())


@pytest.mark.parametrize(
    ("changes", "title", "outcome"),
    [
        ({"state": JobState.COMPLETED, "exit_code": 0, "exit_code_min": 0}, "Completed", Outcome.SUCCEEDED),
        ({"state": JobState.FAILED, "exit_code": 3, "exit_code_min": 1}, "Failed (exit codes 1 to 3)", Outcome.FAILED),
        ({"state": JobState.FAILED, "exit_code": 1, "exit_code_min": 1}, "Failed (exit code 1)", Outcome.FAILED),
        ({"mixed": True, "exit_code": 2}, "Tasks ended differently (exit codes up to 2)", Outcome.MIXED),
        ({"mixed": True, "signal": 9}, "Tasks ended differently (highest signal 9)", Outcome.MIXED),
        ({}, "Ended", Outcome.NEUTRAL),
    ],
)
def test_without_tasks_the_mail_speaks(changes: dict[str, object], title: str, outcome: Outcome) -> None:
    request: MailRequest = replace(SUMMARY, **changes)  # type: ignore[arg-type]
    built = message(request, None, figures_missing=True)
    assert (built.title, built.outcome) == (f'{title}: array 200 "sweep"', outcome)
    assert built.notes == (NO_FIGURES,)


def test_the_mail_saying_that_tasks_were_requeued_is_passed_on() -> None:
    assert message(replace(SUMMARY, requeued_tasks=True)).summary == "Some of its tasks were requeued."


def test_figures_of_one_task_do_not_contradict_the_array() -> None:
    failed = replace(SUMMARY, kind=MailKind.FAILED, state=JobState.FAILED)
    assert message(failed, task(1)).notes == ()


def test_use_is_summed_over_all_tasks_and_memory_is_the_hungriest_tasks() -> None:
    built = message(SUMMARY, None, tasks=[task(1, elapsed=100, cpu_used=400.0), task(2, elapsed=300, cpu_used=1200.0)])
    bars = {bar.label: bar.fraction for bar in built.bars}
    assert bars == {"CPU": 0.5, "Memory": 0.75}
    assert facts(built)["Longest task"] == "5 min of 2 h"


def test_one_task_without_figures_makes_no_bar_and_a_note() -> None:
    built = message(SUMMARY, None, tasks=[task(1), task(2, cpu_used=None, memory_used=None, complete=False)])
    assert built.bars == ()
    assert built.notes == (INCOMPLETE_FIGURES,)
