from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headgate.errors import SlurmCommandError
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import scancel
from headgate.testing.slurm import FakeSlurm
from tests.slurm.commands.test_squeue import JOB


@pytest.mark.parametrize("job", ["123", "123+1", "4294967295"])
def test_a_job_of_one_user_is_named(job: str) -> None:
    assert scancel.command(job, "ada") == ["scancel", "--user=ada", job]
    assert scancel.array_of(job) is None


def test_a_task_is_named_without_its_user_and_with_its_array() -> None:
    assert scancel.command("4294967294_999999999", "ada") == ["scancel", "4294967294_999999999"]
    assert scancel.array_of("4294967294_999999999") == "4294967294"


@pytest.mark.parametrize("job", ["", "0", "-1", "--me", "123 456", "123_*", "123_[1-3]", "1;reboot", "123\n", "\uff11"])
def test_what_names_no_job_is_refused(job: str) -> None:
    with pytest.raises(ValueError, match="is no job"):
        scancel.command(job, "ada")


@pytest.mark.parametrize("owner", ["", "a,b", "a\nb", "a\0"])
def test_what_names_no_user_is_refused(owner: str) -> None:
    with pytest.raises(ValueError, match="is no user"):
        scancel.command("123", owner)


async def test_slurm_is_asked_to_end_this_owners_job(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path)
    fake.says("scancel")
    assert await SlurmClient(fake.settings()).cancel("123", "ada") is None
    assert fake.calls("scancel") == ["--user=ada 123"]


async def test_whose_array_it_is_is_asked_before_a_task_is_ended(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path)
    fake.says("scancel")
    fake.has_queue([replace(JOB, user="ada"), replace(JOB, user="ada")])
    assert await SlurmClient(fake.settings()).cancel("123_4", "ada") is None
    assert fake.calls("scancel") == ["123_4"]
    assert "--jobs=123" in fake.calls("squeue")[0]


@pytest.mark.parametrize("owners", [["ben"], ["ada", "ben"], []], ids=["another's", "also another's", "nobody's"])
async def test_a_task_of_an_array_that_is_not_theirs_is_left_alone(tmp_path: Path, owners: list[str]) -> None:
    fake = FakeSlurm(tmp_path)
    fake.says("scancel")
    fake.has_queue([replace(JOB, user=owner) for owner in owners])
    assert await SlurmClient(fake.settings()).cancel("123_4", "ada") == scancel.GONE
    assert fake.calls("scancel") == []


@pytest.mark.parametrize(
    ("complaint", "code", "words"),
    [
        ("scancel: error: Kill job error on job id 5: Invalid job id specified", 1, "no such job"),
        ("scancel: error: Kill job error on job id 5: Access/permission denied", 210, "may not cancel"),
        ("scancel: error: Kill job error on job id 5: Job/step already completing or completed", 1, "over already"),
    ],
)
async def test_a_refusal_is_told_in_plain_words(tmp_path: Path, complaint: str, code: int, words: str) -> None:
    fake = FakeSlurm(tmp_path)
    fake.says("scancel", stderr=complaint + "\n", code=code)
    refused = await SlurmClient(fake.settings()).cancel("5", "ada")
    assert refused is not None
    assert words in refused
    assert "error" not in refused


async def test_another_failure_is_an_error(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path)
    fake.says("scancel", stderr="scancel: fatal: something new\n", code=1)
    with pytest.raises(SlurmCommandError, match="something new"):
        await SlurmClient(fake.settings()).cancel("5", "ada")
