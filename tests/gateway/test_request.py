"""What may be asked for, and what of it sbatch is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headgate.executor import headgate_verbs
from headgate.gateway.request import JobOptions, JobRequest, JobUpdate


def test_every_option_is_one_the_executor_knows_and_none_is_missing() -> None:
    theirs = set(headgate_verbs.SUBMIT_OPTIONS) - {"output", "error", "input"}
    assert set(JobOptions.model_fields) == theirs


def test_every_change_is_one_the_executor_knows_and_none_is_missing() -> None:
    assert set(JobUpdate.model_fields) == set(headgate_verbs.UPDATE_KEYS)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"command": "a", "script": "#!/bin/sh"},
        {"script": "#!/bin/sh", "args": ["x"]},
        {"script": "#!/bin/sh", "chdir": "/data"},
        {"command": "a", "unknown": 1},
        {"command": "a", "comment": "two\nlines"},
        {"command": "a", "output": "../x"},
        {"command": "a", "output": "/etc/x"},
        {"command": "a", "environment": {"SLURM_CONF": "x"}},
        {"command": "a", "environment": {"a b": "x"}},
        {"command": "a", "environment": {"A": "x\0y"}},
        {"command": "a", "cpus_per_task": -1},
        {"command": "a", "time": "soon"},
        {"command": "a", "memory": "lots"},
        {"command": "a\0b"},
        {"command": ""},
        {"template": {"name": "../x"}},
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobRequest.model_validate(given)


def test_only_what_was_given_is_told_to_sbatch() -> None:
    request = JobRequest.model_validate({"command": "a", "tasks": 0, "hold": False, "qos": "", "job_name": "x y"})
    assert request.options() == {"tasks": 0, "hold": False, "job_name": "x y"}


def test_the_script_is_not_kept_twice() -> None:
    request = JobRequest.model_validate({"script": "#!/bin/sh\nsecret", "job_name": "x"})
    assert request.kept() == {"job_name": "x"}


def test_a_change_names_something() -> None:
    with pytest.raises(ValidationError):
        JobUpdate.model_validate({})
    assert JobUpdate.model_validate({"time_limit": "10", "requeue": False}).changes() == {
        "time_limit": "10",
        "requeue": False,
    }
