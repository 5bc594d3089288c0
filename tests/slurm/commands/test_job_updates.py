from __future__ import annotations

import pytest

from headgate.slurm.commands.job_updates import JobKey, JobOrder, order_command, update_command


def test_orders() -> None:
    assert order_command("12_3", JobOrder.CANCEL) == ["scancel", "12_3"]
    assert order_command("12", JobOrder.HOLD) == ["scontrol", "hold", "12"]
    assert order_command("12", JobOrder.REQUEUE_HOLD) == ["scontrol", "requeuehold", "12"]


def test_updates() -> None:
    assert update_command("12", {JobKey.TIME_LIMIT: "30", JobKey.COMMENT: 'a=b "c"'}) == [
        "scontrol", "update", "JobId=12", "TimeLimit=30", 'Comment=a=b "c"',
    ]  # fmt: skip


@pytest.mark.parametrize("job", ["", "1,2", "--signal=KILL", "1 State=x"])
def test_what_is_no_job(job: str) -> None:
    with pytest.raises(ValueError, match="is no job"):
        order_command(job, JobOrder.CANCEL)
    with pytest.raises(ValueError, match="is no job"):
        update_command(job, {JobKey.QOS: "x"})


def test_nothing_to_change() -> None:
    with pytest.raises(ValueError, match="nothing is to be changed"):
        update_command("12", {})
