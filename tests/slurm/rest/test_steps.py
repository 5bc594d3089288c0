"""A job is described as each step of the API wants it, in keys that its specification has; the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.errors import SlurmRefusedError
from headgate.executor import headgate_verbs
from headgate.slurm.rest.steps import (
    STEPS,
    Option,
    Step,
    megabytes,
    newest,
    offered,
    point_in_time,
    time_limit_seconds,
)

PROPERTIES: dict[str, dict[str, str | None]] = json.loads((Path(__file__).parent / "properties.json").read_text())
"""Step of the API -> property of a job -> its JSON type, from the specifications of slurmrestd 22.05, 24.11, 26.05."""
EVERYTHING: dict[str, Option] = {
    "account": "physics", "array": "0-9%2", "begin": "now+1hour", "comment": "it's", "constraint": "a&b",
    "cpus_per_gpu": 2, "cpus_per_task": 4, "deadline": "2030-01-01T00:00:00", "dependency": "afterok:1",
    "error": "/e", "exclude": "n1", "exclusive": True, "gpus": "a100:2", "gpus_per_node": "2", "gpus_per_task": "1",
    "gres": "gpu:2,fpga:1", "hold": True, "job_name": "x", "licenses": "l:1", "mail_type": "END,FAIL,TIME_LIMIT_80",
    "mail_user": "ada", "memory": "4G", "memory_per_cpu": "100", "memory_per_gpu": "1G", "nice": 5, "nodelist": "n1",
    "nodes": "2-4", "open_mode": "append", "output": "/o", "partition": "main", "qos": "normal", "requeue": False,
    "reservation": "r", "signal": "B:USR1@120", "tasks": 8, "tasks_per_node": 4, "time": "1-00:00:00",
    "time_min": "10", "wckey": "w", "input": "/i",
}  # fmt: skip
_TYPES = {str: "string", int: "integer", bool: "boolean", list: "array", dict: "object"}


def told(step: Step, name: str) -> dict[str, Any]:
    try:
        return step.described({name: EVERYTHING[name]})
    except SlurmRefusedError:
        return {}


def test_the_options_are_the_executors() -> None:
    assert set(EVERYTHING) == set(headgate_verbs.SUBMIT_OPTIONS)


@pytest.mark.parametrize("version", sorted(PROPERTIES))
@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_every_option_is_a_property_of_the_step_or_refused(version: str, name: str) -> None:
    known = PROPERTIES[version]
    for key, value in told(STEPS[version], name).items():
        assert key in known
        says_otherwise = key in ("begin_time", "cpus_per_gpu")  # 22.05's specification is wrong about them
        assert _TYPES[type(value)] == known[key] or known[key] is None or says_otherwise


@pytest.mark.parametrize("version", sorted(PROPERTIES))
def test_what_matters_most_is_never_refused(version: str) -> None:
    needed = {
        "account", "array", "begin", "comment", "constraint", "cpus_per_task", "dependency", "error", "gpus", "gres",
        "hold", "job_name", "mail_type", "mail_user", "memory", "nodes", "output", "partition", "qos", "requeue",
        "reservation", "signal", "tasks", "time",
    }  # fmt: skip
    assert {name for name in needed if not told(STEPS[version], name)} == set()


def test_the_script_and_the_variables_lie_where_the_step_has_them() -> None:
    given: tuple[str, str, dict[str, Option], dict[str, str]] = ("#!/bin/sh", "/d", {"time": "90"}, {"A": "1,2"})
    old = STEPS["0.0.38"].submission(*given)
    assert old == {
        "script": "#!/bin/sh",
        "job": {"time_limit": 90, "current_working_directory": "/d", "environment": {"A": "1,2"}},
    }
    middle = STEPS["0.0.40"].submission(*given)
    assert middle["script"] == "#!/bin/sh"
    assert middle["job"]["environment"] == ["A=1,2"]
    assert middle["job"]["time_limit"] == {"set": True, "infinite": False, "number": 90}
    assert STEPS["0.0.42"].submission(*given)["job"]["script"] == "#!/bin/sh"


@pytest.mark.parametrize(
    ("option", "value"), [("time", "soon"), ("memory", "lots"), ("begin", "tomorrow-ish"), ("unknown", "x")]
)
def test_a_value_that_makes_no_sense_is_refused(option: str, value: str) -> None:
    with pytest.raises(SlurmRefusedError):
        STEPS["0.0.42"].described({option: value})


@pytest.mark.parametrize(("text", "size"), [("1024K", 1), ("1", 1), ("1500K", 2), ("4G", 4096), ("1T", 1048576)])
def test_sizes_are_megabytes_rounded_up(text: str, size: int) -> None:
    assert megabytes(text) == size


@pytest.mark.parametrize(
    ("text", "after"), [("now", 0), ("now+90", 90), ("now+2minutes", 120), ("now+1week", 604800), ("now+1day", 86400)]
)
def test_times_from_now(text: str, after: int) -> None:
    assert point_in_time(text, 1000.0) == 1000 + after


def test_the_newest_step_both_sides_know_is_taken() -> None:
    there = offered({"paths": {f"/slurm/v0.0.{number}/ping": {} for number in (37, 38, 99)} | {"/slurmdb/x": {}}})
    assert there == {"0.0.37", "0.0.38", "0.0.99"}
    assert newest(there) == STEPS["0.0.38"]
    assert newest(there, ("0.0.37",)) == STEPS["0.0.37"]
    assert newest({"0.0.99"}) is None
    assert offered({"paths": ["nonsense"]}) == set()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 5400),
        ("1:30", 90),
        ("2:00:00", 7200),
        ("1-2", 93600),
        ("1-2:30", 95400),
        ("1-2:30:10", 95410),
        ("x", None),
    ],
)
def test_time_limits_are_read_as_sbatch_reads_them(text: str, seconds: float | None) -> None:
    assert time_limit_seconds(text) == seconds
