from __future__ import annotations

import pytest

from headgate.slurm.commands.partitions import PartitionKey, parse, show_command, update_command


def test_commands() -> None:
    assert show_command() == ["scontrol", "--all", "--local", "show", "partition"]
    assert update_command("short", {PartitionKey.STATE: "DRAIN", PartitionKey.MAX_TIME: "20"}) == [
        "scontrol", "update", "PartitionName=short", "State=DRAIN", "MaxTime=20",
    ]  # fmt: skip


def test_what_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="is no name"):
        update_command("a b", {PartitionKey.STATE: "UP"})
    with pytest.raises(ValueError, match="nothing is to be changed"):
        update_command("short", {})
    with pytest.raises(ValueError, match="line end"):
        update_command("short", {PartitionKey.STATE: "UP\n"})


def test_partitions_are_told_apart() -> None:
    found = parse("PartitionName=a\n   State=UP Nodes=n1\n\nPartitionName=b\n   State=DOWN Nodes=(null)\n\n")
    assert {name: one["State"] for name, one in found.items()} == {"a": "UP", "b": "DOWN"}
