from __future__ import annotations

import pytest

from headgate.errors import SlurmCommandError, SlurmRefusedError
from headgate.slurm.refusals import said_no


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("scontrol failed (exit code 1): slurm_update error: Invalid node state specified", "Invalid node state"),
        (
            "scontrol failed (exit code 1): Error creating the reservation: Duplicate reservation name",
            "Duplicate reservation name",
        ),
        ("scontrol failed (exit code 1): scontrol: error: Invalid input: state=xx", "Invalid input: state=xx"),
        ("strigger failed (exit code 1): slurm_set_trigger: Access/permission denied", "AdminLevel"),
        ("scontrol failed (exit code 1): slurm_update error: Invalid user id", "no such user, or"),
        ("scontrol failed (exit code 1)", "failed"),
    ],
)
def test_refusals_are_in_slurms_words(complaint: str, words: str) -> None:
    error = said_no(SlurmCommandError(complaint))
    assert isinstance(error, SlurmRefusedError)
    assert not error.transient
    assert words in error.message


@pytest.mark.parametrize(
    "complaint",
    [
        "scontrol did not answer within 30 s",
        "scontrol failed (exit code 1): slurm_update error: Unable to contact slurm controller (connect failure)",
        "squeue failed (exit code 1): slurm_load_jobs error: Socket timed out on send/recv operation",
        "scontrol failed (signal 9)",
    ],
)
def test_no_answer_may_be_one_later(complaint: str) -> None:
    error = SlurmCommandError(complaint)
    assert said_no(error) is error
    assert error.transient
