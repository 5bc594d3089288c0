"""What squeue, sdiag and sacct print is read as what it says: over, still there, or a record that never ends."""

from __future__ import annotations

import time

import pytest

from faults.slurm_jobs import SlurmJobs, read_jobs

NAME = "hgf-kills-1"
SUBMITTED = "2026-11-29T10:00:00"
QUEUED = f"7|{SUBMITTED}|{{}}|{NAME}\n"
ACCOUNTED = f"7|{SUBMITTED}|{{}}|{SUBMITTED}|{{}}|{NAME}\n"
IDLE = "Agent queue size:    0\nDBD Agent queue size: 0\n"


def read(queue: str = "", accounts: str = "", agent: str = IDLE) -> SlurmJobs:
    return read_jobs(queue, agent, accounts)


@pytest.mark.parametrize(
    ("state", "over"), [("COMPLETED", True), ("CANCELLED", True), ("RUNNING", False), ("COMPLETING", False)]
)
def test_what_slurmctld_has_is_over_or_may_still_end(state: str, over: bool) -> None:
    jobs = read(QUEUED.format(state))
    assert (bool(jobs.ends(NAME)), jobs.waiting(NAME) is not None) == (over, not over)


@pytest.mark.parametrize(
    ("state", "ended", "over"),
    [
        ("COMPLETED", SUBMITTED, True),
        ("CANCELLED by 1000", SUBMITTED, True),
        ("RUNNING", "Unknown", False),
        ("PENDING", "Unknown", False),
        ("COMPLETED", "Unknown", False),
        ("REQUEUED", SUBMITTED, False),
    ],
)
def test_a_record_of_slurmdbd_is_over_when_it_has_an_end(state: str, ended: str, over: bool) -> None:
    jobs = read(accounts=ACCOUNTED.format(state, ended))
    assert bool(jobs.ends(NAME)) is over
    assert jobs.waiting(NAME) is None, "slurmctld does not have it"


@pytest.mark.parametrize("agent", ["DBD Agent queue size: 3\n", "", "DBD Agent queue size: ?\n"])
def test_a_record_without_an_end_may_end_while_slurmctld_has_more_to_tell(agent: str) -> None:
    assert read(accounts=ACCOUNTED.format("RUNNING", "Unknown"), agent=agent).waiting(NAME) is not None


def test_a_number_that_was_given_twice_is_two_jobs() -> None:
    other = ACCOUNTED.format("COMPLETED", SUBMITTED).replace(NAME, "hgf-kills-2|x").replace("T10:00", "T10:01")
    jobs = read(accounts=ACCOUNTED.format("RUNNING", "Unknown") + other)
    assert jobs.numbers(NAME) == jobs.numbers("hgf-kills-2|x") == [7]
    assert (jobs.ends(NAME), len(jobs.ends("hgf-kills-2|x"))) == ({}, 1)


def test_both_name_an_attempt_alike() -> None:
    jobs = read(QUEUED.format("COMPLETED"), ACCOUNTED.format("COMPLETED", SUBMITTED))
    assert list(jobs.ends(NAME)) == [(7, int(time.mktime(time.strptime(SUBMITTED, "%Y-%m-%dT%H:%M:%S"))))]
