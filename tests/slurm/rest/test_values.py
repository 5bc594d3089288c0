"""Numbers, states, exit codes and complaints, in the forms of every step of the API."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.model.job import ExitStatus
from headgate.model.states import JobFlag, JobState
from headgate.slurm.rest import values
from headgate.slurm.rest.values import Complaint


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7, 7),
        (7.0, 7),
        (None, None),
        (True, None),
        ("7", None),
        ({"set": True, "infinite": False, "number": 7}, 7),
        ({"set": False, "infinite": False, "number": 0}, None),
        ({"set": True, "infinite": True, "number": 0}, None),
        ({"number": 7}, 7),
        (0xFFFFFFFE, None),
        (0xFFFFFFFF, None),
        ([], None),
    ],
)
def test_numbers(value: Any, read: int | None) -> None:
    assert values.number(value) == read


def test_no_time_is_none() -> None:
    assert values.moment(0) is None
    assert values.moment({"set": True, "infinite": False, "number": 1700000000}) == 1.7e9


@pytest.mark.parametrize(
    ("value", "state", "flags"),
    [
        ("RUNNING", JobState.RUNNING, set()),
        (["RUNNING"], JobState.RUNNING, set()),
        (["COMPLETED", "COMPLETING"], JobState.COMPLETED, {JobFlag.COMPLETING}),
        ("CANCELLED", JobState.CANCELLED, set()),
    ],
)
def test_states(value: Any, state: JobState, flags: set[JobFlag]) -> None:
    reading = values.state(value)
    assert reading is not None
    assert (reading.state, set(reading.flags)) == (state, flags)


def test_a_state_nobody_knows_is_none() -> None:
    assert values.state("SLEEPY") is None
    assert values.state(None) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (768, ExitStatus(3)),
        (9, ExitStatus(0, 9)),
        ({"status": ["ERROR"], "return_code": {"set": True, "infinite": False, "number": 3}}, ExitStatus(3)),
        ({"return_code": 3, "signal": {"signal_id": 9, "name": "Killed"}}, ExitStatus(3, 9)),
        ({"return_code": {"set": False}, "signal": {"id": {"set": True, "number": 15}}}, ExitStatus(0, 15)),
        ({"status": "PENDING", "return_code": None}, None),
        (None, None),
    ],
)
def test_exit_codes(value: Any, read: ExitStatus | None) -> None:
    assert values.exit_status(value) == read


def test_complaints_have_their_number_under_either_name() -> None:
    answer = {
        "errors": [
            {"error_code": 2000, "error": "Invalid partition"},
            {"error_number": 1, "error": "same", "description": "same"},
            {},
            "plain",
            7,
        ]
    }
    assert values.complaints(answer) == [
        Complaint("Invalid partition", 2000),
        Complaint("same", 1),
        Complaint("an error"),
        Complaint("plain"),
    ]
    assert values.complaints({"errors": None}) == []


def test_warnings_are_words() -> None:
    assert values.warnings({"warnings": [{"description": "unknown key"}, "x", {}]}) == ["unknown key", "x"]
