from __future__ import annotations

import pytest

from headgate.slurm.commands import records

FIELDS = ("JobID", "Name")


def test_records_are_told_apart_by_the_mark_only() -> None:
    text = "1~ma|b\n/~x~m/\n2~m~m/\n"
    found = records.parse(text, FIELDS, "~m")
    assert found.records == [{"JobID": "1", "Name": "a|b\n/~x"}, {"JobID": "2", "Name": ""}]
    assert records.parse("", FIELDS, "~m").records == []


def test_record_that_has_other_fields_is_counted() -> None:
    found = records.parse("1~m2~m3~m/\n2~mx~m/\n", FIELDS, "~m")
    assert ([one["JobID"] for one in found.records], found.refused) == (["2"], 1)


def test_format_is_in_the_environment_for_jobs_and_in_the_arguments_for_steps() -> None:
    assert records.environment(FIELDS, "~m")["SQUEUE_FORMAT2"] == "JobID:~m,Name:~m/"
    assert records.command(["1", "2_3"])[-1] == "--jobs=1,2_3"
    assert records.steps_command(["1"], FIELDS, "~m")[-2:] == ["--jobs=1", "--Format=JobID:~m,Name:~m/"]


@pytest.mark.parametrize("job", ["", "0", "1,2", "1 2", "a", "1_", "-1", "1_2_3", "99999999999", "1\n"])
def test_what_is_no_job(job: str) -> None:
    with pytest.raises(ValueError, match="is no job"):
        records.command([job])


@pytest.mark.parametrize(
    ("task", "wanted", "is_of"),
    [
        ("N/A", "10", True),
        ("N/A", "11", False),
        ("3", "10", True),
        ("3", "10_3", True),
        ("3", "10_4", False),
        ("1-5%2", "10_4", True),
        ("1,7-9:2,20%3", "10_9", True),
        ("1,7-9:2,20%3", "10_8", False),
        ("1,7-9...", "10_1", True),
        ("N/A", "10_1", False),
    ],
)
def test_which_record_is_of_which_job(task: str, wanted: str, is_of: bool) -> None:
    record = {"JobID": "12", "ArrayJobID": "10", "ArrayTaskID": task, "HetJobID": "N/A", "HetJobOffset": "N/A"}
    assert records.is_of(record, wanted) is is_of
    assert records.is_of(record, "12")


def test_components_of_a_het_job() -> None:
    record = {"JobID": "11", "ArrayJobID": "11", "ArrayTaskID": "N/A", "HetJobID": "10", "HetJobOffset": "1"}
    assert records.is_of(record, "10")
    assert records.is_of(record, "10+1")
    assert not records.is_of(record, "10+0")
