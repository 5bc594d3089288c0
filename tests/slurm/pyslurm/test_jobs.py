from __future__ import annotations

import pytest

from headgate.model.change import Value
from headgate.slurm.pyslurm.jobs import JOB, STEP, fields, matches, record


def squeue(**more: str) -> dict[str, str]:
    """What squeue says of a job that has nothing."""
    return {**{key.field: "N/A" for key in JOB.values()}, "JobID": "7", "ArrayJobID": "7", **more}


@pytest.mark.parametrize(
    ("task", "keys"),
    [("N/A", (None, None, None)), ("3", (7, 3, None)), ("3-5%2", (7, None, "3-5%2"))],
)
def test_array_is_told_apart_from_a_job(task: str, keys: tuple[Value, ...]) -> None:
    made = record(JOB, squeue(ArrayTaskID=task))
    assert (made["array_job_id"], made["array_task_id"], made["array_task_str"]) == keys


def test_values_have_types() -> None:
    made = record(JOB, squeue(
        TimeLimit="1-00:00:00", TimeUsed="1:02:03", Requeue="1", Contiguous="0", StartTime="1795931110",
        exit_code="256", DerivedEC="1:0", Feature="a,b", MinMemory="2G", Licenses="(null)", Nice="-5", Reason="None",
        AccrueTime="1795931110",
    ))  # fmt: skip
    assert (made["time_limit"], made["time_limit_str"], made["run_time"]) == (1440, "1-00:00:00", 3723)
    assert (made["requeue"], made["contiguous"], made["start_time"], made["end_time"]) == (True, False, 1795931110, 0)
    assert (made["exit_code"], made["derived_ec"]) == ("1:0", "1:0")
    assert (made["features"], made["pn_min_memory"], made["licenses"], made["nice"]) == (["a", "b"], 2048, [], -5)
    assert made["state_reason"] == "None"
    assert str(made["accrue_time"]).startswith("2026-11-")
    assert record(JOB, squeue(TimeLimit="UNLIMITED"))["time_limit"] == "UNLIMITED"


def test_only_what_is_asked_for_is_asked() -> None:
    assert fields(JOB, ["name", "run_time", "run_time_str"]) == ("Name", "TimeUsed")
    assert set(fields(JOB, ["array_job_id"])) == {"ArrayJobID", "ArrayTaskID"}
    assert "StepID" in fields(STEP, STEP)


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (7, 7, True), (7, "7", True), (7, 8, False), (None, None, True), (None, "None", False), ("a", "a", True),
        (True, True, True), (True, "true", True), (True, 1, False), (1, True, False), ("7", 7, False),
        (["a"], "a", False), ("", None, False),
    ],
)  # fmt: skip
def test_criterion_is_equality(found: Value, wanted: Value, same: bool) -> None:
    assert matches({"x": found}, {"x": wanted}) is same


def test_all_criteria_count() -> None:
    assert matches({"a": 1, "b": 2}, {"a": 1, "b": 2})
    assert not matches({"a": 1, "b": 2}, {"a": 1, "b": 3})
    assert matches({"a": 1}, {})
