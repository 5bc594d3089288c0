"""``slurm.partition.*``."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from headgate.actions.action import Call, Parameters, action
from headgate.actions.slurm.asking import Words, asked_for, in_words, operator_of
from headgate.model.change import Change, Facts
from headgate.model.role import Role
from headgate.slurm.commands.partitions import PartitionKey
from headgate.slurm.pyslurm import partitions as pyslurm

_KEYS: Final = {key.name.lower(): key for key in PartitionKey}


class PartitionGet(Parameters):
    """Parameters of ``slurm.partition.get``."""

    partitions: Words = Field((), description="Which ones; else all.")


@action("slurm.partition.get", role=Role.VIEWER)
async def get(asked: PartitionGet, call: Call) -> dict[str, Facts]:
    """Get what Slurm knows of partitions, by name."""
    found = await operator_of(call).partitions.get(asked.partitions)
    return {name: pyslurm.record(fields) for name, fields in found.items()}


class PartitionUpdate(Parameters):
    """Parameters of ``slurm.partition.update``."""

    partition: str = Field(min_length=1, max_length=128, description="Which one.")
    infos: dict[str, str | int | float | bool | list[str] | None] = Field(
        min_length=1,
        description="What it shall have, by the names of `slurm.partition.get`: `state` (`UP`, `DOWN`, `DRAIN`, "
        "`INACTIVE`), `max_time`, `priority_tier` and others.",
    )


@action("slurm.partition.update", role=Role.ADMIN, mutating=True)
async def update(asked: PartitionUpdate, call: Call) -> Change:
    """Change a partition, until slurmctld reads its configuration again."""
    infos = in_words(asked.infos, _KEYS, "partition")
    with asked_for():
        return await operator_of(call).partitions.update(asked.partition, infos, dry_run=call.dry_run)


ACTIONS: Final = (get, update)
