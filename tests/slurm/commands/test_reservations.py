from __future__ import annotations

import datetime as dt

import pytest

from headgate.model.reservation import ReservationFlag
from headgate.slurm.commands.reservations import ReservationPlan, create_command, delete_command, update_command


def test_command_has_what_is_planned() -> None:
    plan = ReservationPlan(
        nodes=("n1", "n2"), start="now", duration="infinite", users=("root", "ada"), accounts=("physics",),
        flags=(ReservationFlag.MAINT, ReservationFlag.OVERLAP), partition="main", comment="for the course",
    )  # fmt: skip
    assert create_command("r1", plan) == [
        "scontrol", "create", "reservation", "ReservationName=r1", "Nodes=n[1-2]", "StartTime=now",
        "Duration=infinite", "PartitionName=main", "Comment=for the course", "Users=root,ada", "Accounts=physics",
        "Flags=MAINT,OVERLAP",
    ]  # fmt: skip
    assert update_command("r1", ReservationPlan(duration="30"))[2:] == ["ReservationName=r1", "Duration=30"]
    assert delete_command("r1") == ["scontrol", "delete", "ReservationName=r1"]


def test_seconds_since_the_epoch_are_told_as_local_time() -> None:
    [*_, pair] = update_command("r1", ReservationPlan(start="1795934672"))
    assert pair.startswith("StartTime=2026-")
    told = dt.datetime.fromisoformat(pair.partition("=")[2]).astimezone()
    assert told.timestamp() == 1795934672


@pytest.mark.parametrize("time", ["now", "now+1hour", "now+90minutes", "2026-12-24", "2026-12-24T08:00", "tomorrow"])
def test_times(time: str) -> None:
    assert update_command("r1", ReservationPlan(start=time))[-1] == f"StartTime={time}"


@pytest.mark.parametrize("time", ["", "soon", "now ", "now+1 hour", "12", "2026-12-24 08:00", "now\n"])
def test_what_is_no_time(time: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        update_command("r1", ReservationPlan(start=time))


@pytest.mark.parametrize("span", ["30", "1:30", "1:30:00", "2-12", "2-12:30:00", "infinite", "UNLIMITED"])
def test_durations(span: str) -> None:
    assert update_command("r1", ReservationPlan(duration=span))[-1] == f"Duration={span}"


@pytest.mark.parametrize("span", ["", "-1", "1h", "1 2", "for ever", "1:2:3:4"])
def test_what_is_no_duration(span: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        update_command("r1", ReservationPlan(duration=span))


def test_empty_list_of_nodes_is_never_said() -> None:
    with pytest.raises(ValueError, match="no nodes"):
        update_command("r1", ReservationPlan(nodes=()))
    with pytest.raises(ValueError, match="nothing is to be changed"):
        update_command("r1", ReservationPlan())
