"""Titles say the outcome first, then which job."""

from __future__ import annotations

from dataclasses import replace

import pytest

from headgate.model.job import ExitStatus
from headgate.model.mail import MailKind, MailRequest
from headgate.model.message import Outcome
from headgate.model.states import JobState
from tests.notify.jobs import COMPLETED, ENDED, ended, figures, message

NEVER = {"started": None, "elapsed": 0, "nodes": "", "node_count": 0, "cpu_used": None, "memory_used": None}


@pytest.mark.parametrize(
    ("request_", "title", "outcome"),
    [
        (ENDED, 'Completed: job 123 "align"', Outcome.SUCCEEDED),
        (ended(JobState.FAILED, exit_code=2), 'Failed (exit code 2): job 123 "align"', Outcome.FAILED),
        (ended(JobState.FAILED, signal=9), 'Failed (SIGKILL): job 123 "align"', Outcome.FAILED),
        (
            ended(JobState.FAILED, exit_code=1, signal=99),
            'Failed (exit code 1, signal 99): job 123 "align"',
            Outcome.FAILED,
        ),
        (ended(JobState.OUT_OF_MEMORY), 'Out of memory: job 123 "align"', Outcome.OUT_OF_MEMORY),
        (ended(JobState.TIMEOUT), 'Timed out after 1 h: job 123 "align"', Outcome.TIMED_OUT),
        (ended(JobState.TIMEOUT, run_time=None), 'Timed out: job 123 "align"', Outcome.TIMED_OUT),
        (ended(JobState.NODE_FAIL), 'Node failed: job 123 "align"', Outcome.FAILED),
        (ended(JobState.PREEMPTED), 'Preempted: job 123 "align"', Outcome.FAILED),
        (ended(JobState.DEADLINE), 'Deadline reached: job 123 "align"', Outcome.FAILED),
        (ended(JobState.BOOT_FAIL), 'Nodes did not boot: job 123 "align"', Outcome.FAILED),
        (ended(JobState.CANCELLED), 'Cancelled after 1 h: job 123 "align"', Outcome.CANCELLED),
        (replace(ENDED, kind=MailKind.BEGAN, state=JobState.RUNNING), 'Started: job 123 "align"', Outcome.STARTED),
        (replace(ENDED, kind=MailKind.REQUEUED, state=None), 'Requeued: job 123 "align"', Outcome.REQUEUED),
        (replace(ENDED, kind=MailKind.STAGED_OUT), 'Data staged out: job 123 "align"', Outcome.NEUTRAL),
        (replace(ENDED, kind=MailKind.TIME_LIMIT), 'Time limit reached: job 123 "align"', Outcome.TIMED_OUT),
        (
            replace(ENDED, kind=MailKind.TIME_LIMIT_80),
            '80 % of the time limit used: job 123 "align"',
            Outcome.WARNING,
        ),
        (replace(ENDED, kind=MailKind.INVALID_DEPENDENCY), 'Invalid dependency: job 123 "align"', Outcome.WARNING),
        (replace(ENDED, state=None, exit_code=None), 'Ended: job 123 "align"', Outcome.NEUTRAL),
        (replace(ENDED, state=None), 'Completed: job 123 "align"', Outcome.SUCCEEDED),
        (replace(ENDED, state=None, exit_code=3), 'Failed (exit code 3): job 123 "align"', Outcome.FAILED),
        (replace(ENDED, name=""), "Completed: job 123", Outcome.SUCCEEDED),
    ],
)
def test_the_mail_alone_makes_a_title(request_: MailRequest, title: str, outcome: Outcome) -> None:
    built = message(request_)
    assert (built.title, built.outcome) == (title, outcome)


def test_a_job_cancelled_by_its_owner_before_it_started_says_so() -> None:
    cancelled = figures(JobState.CANCELLED, cancelled_by=1000, **NEVER)
    built = message(ended(JobState.CANCELLED), cancelled)
    assert built.title == 'Cancelled by ada before it started: job 123 "align"'
    assert built.summary == "It never started."


@pytest.mark.parametrize(("by", "who"), [(1000, "ada"), (0, "root"), (1001, "grace"), (1002, "user 1002")])
def test_who_cancelled_a_job_is_named_as_well_as_can_be(by: int, who: str) -> None:
    built = message(ended(JobState.CANCELLED), figures(JobState.CANCELLED, cancelled_by=by), users={1001: "grace"})
    assert built.title == f'Cancelled by {who} after 1 h: job 123 "align"'


def test_accounting_decides_where_it_knows_more() -> None:
    built = message(ended(JobState.FAILED, exit_code=1), figures(JobState.OUT_OF_MEMORY))
    assert built.outcome is Outcome.OUT_OF_MEMORY
    assert built.notes == ()


@pytest.mark.parametrize("accounted", ["allocation", "al?gn"])
def test_the_name_is_the_one_in_the_mail_because_accounting_may_not_know_it_whole(accounted: str) -> None:
    began = replace(ENDED, kind=MailKind.BEGAN, state=JobState.RUNNING)
    assert message(began, replace(COMPLETED, name=accounted)).title == 'Started: job 123 "align"'
    assert message(replace(began, name=""), replace(COMPLETED, name=accounted)).title.endswith(f'"{accounted}"')


def test_accounting_that_has_not_seen_the_end_decides_nothing() -> None:
    built = message(ended(JobState.FAILED, exit_code=1), figures(JobState.RUNNING, ended=None, complete=False))
    assert built.title == 'Failed (exit code 1): job 123 "align"'


def test_a_failure_slurm_reported_stands_against_accounting_and_the_reader_is_told() -> None:
    built = message(ended(JobState.FAILED, exit_code=1), COMPLETED)
    assert built.outcome is Outcome.FAILED
    assert "Slurm's mail reports this job as failed, its accounting as completed" in built.notes[0]


def test_the_exit_code_of_the_mail_is_not_the_shortened_one_of_accounting() -> None:
    built = message(ended(JobState.FAILED, exit_code=255), figures(JobState.FAILED, exit=ExitStatus(127)))
    assert built.title.startswith("Failed (exit code 255)")


def test_a_name_can_hold_anything_and_the_title_stays_one_bounded_line() -> None:
    built = message(replace(ENDED, name='x"\n\x1b[2J\u202e Began|<b>' + "y" * 500))
    assert built.title.startswith('Completed: job 123 "x"')
    assert len(built.title) <= 200
    assert built.title.isprintable()
