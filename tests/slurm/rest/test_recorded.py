"""Every recorded answer of a real slurmrestd 22.05 is read for what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SlurmCommandError, SlurmError, SlurmOutputError, SlurmRefusedError
from headgate.model.job import ExitStatus
from headgate.model.states import JobState
from headgate.slurm.rest.door import Door
from headgate.slurm.rest.reading import accounted_job, queued_job
from headgate.slurm.rest.values import records

RECORDED = Path(__file__).parent / "recorded"
STATUS: dict[str, int] = json.loads((RECORDED / "status.json").read_text())
REFUSED = {
    "job_bad": 9002, "job_cancel_byother": 2002, "job_cancel_missing": 2017, "job_notfound": 2017,
    "job_update_byother": 2010, "submit_badpart": 2000, "submit_noenv": 2127, "db_job_missing": 9003,
}  # fmt: skip
"""Answer -> Slurm's number, whatever the HTTP status says (200 among them)."""
NO_TOKEN = {"bearer", "own_minted_noname", "db_jobs_expired", "expired", "badtoken", "name_mismatch"}


def judged(name: str) -> dict[str, Any]:
    return Door._judged(_JUDGE, STATUS[name], (RECORDED / f"{name}.body").read_bytes(), "ada", "")


class _Judge:
    """As much of a door as judging takes."""

    class _tokens:  # noqa: N801 - an attribute's name
        @staticmethod
        def forget(user: str) -> None:
            del user

    _complain = Door._complain


_JUDGE: Any = _Judge()


@pytest.mark.parametrize("name", sorted(STATUS))
def test_an_answer_is_a_document_or_one_of_our_errors(name: str) -> None:
    try:
        answer = judged(name)
    except SlurmError as error:
        fine = "\n" not in error.message and (STATUS[name] >= 400 or name in REFUSED or name in NO_TOKEN)
    else:
        fine = isinstance(answer, dict) and STATUS[name] < 400
    assert fine


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_refusal_has_slurms_number_and_words(name: str) -> None:
    with pytest.raises(SlurmRefusedError) as refused:
        judged(name)
    assert refused.value.number == REFUSED[name]
    assert not refused.value.transient


@pytest.mark.parametrize("name", sorted(NO_TOKEN))
def test_a_token_that_is_not_good_is_no_empty_answer(name: str) -> None:
    with pytest.raises(SlurmCommandError) as failed:
        judged(name)
    assert failed.value.transient


def test_what_is_no_json_is_said_so() -> None:
    with pytest.raises(SlurmOutputError):
        Door._judged(_JUDGE, 200, b"<html>", "ada", "")


def test_the_queue_is_read() -> None:
    jobs = [queued_job(one, "test") for one in records(judged("jobs38"), "jobs")]
    by_id = {one.attempt.job_id: one for one in jobs}
    assert by_id[3].state is JobState.COMPLETED
    assert (by_id[3].user, by_id[3].partition, by_id[3].nodes, by_id[3].time_limit) == ("alice", "debug", "n4", 120)
    assert by_id[3].exit == ExitStatus(0)


def test_a_failed_and_a_killed_job_have_their_true_codes_in_the_queue() -> None:
    [failed] = [queued_job(one, "test") for one in records(judged("job_failed"), "jobs")]
    [killed] = [queued_job(one, "test") for one in records(judged("job_killed"), "jobs")]
    assert failed.exit is not None
    assert failed.exit.code > 0
    assert killed.exit is not None
    assert killed.exit.signal == 9


def test_accounting_never_calls_a_failure_a_success() -> None:
    failures = []
    for name in ("db_jobs", "db_failed", "db_failed2", "db_killed", "db_job"):
        for one in records(judged(name), "jobs"):
            figures = accounted_job(one, "test")
            if figures.state is JobState.FAILED:
                failures.append(figures)
    assert failures
    assert all((one.exit.code, one.exit.signal) != (0, 0) for one in failures)


def test_a_held_array_is_one_record_for_all_its_tasks() -> None:
    [array] = [queued_job(one, "test") for one in records(judged("job_heldarray"), "jobs")]
    assert array.array is not None
    assert array.array.task is None
    assert array.array.tasks


@pytest.mark.parametrize("record", [{}, {"job_id": 1}, {"job_id": 1, "job_state": "SLEEPY", "submit_time": 5}])
def test_what_is_no_job_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no job"):
        queued_job(record, "test")
    with pytest.raises(ValueError, match="no job"):
        accounted_job(record, "test")
