"""``slurm.config.get``, ``slurm.ping``."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from headgate.actions.action import Answer, Call, NoParameters, Parameters, action
from headgate.actions.slurm.asking import operator_of
from headgate.model.change import Facts
from headgate.model.role import Role
from headgate.slurm.commands.ping import Controller


class ConfigGet(Parameters):
    """Parameters of ``slurm.config.get``."""

    item: str | None = Field(
        None, max_length=256, description="Name of the one to get, as PySlurm or slurm.conf has it; else all."
    )


@action("slurm.config.get", role=Role.VIEWER)
async def config_get(asked: ConfigGet, call: Call) -> Facts:
    """Get one item of Slurm's configuration, or all.

    Names are PySlurm's: mostly those of slurm.conf, in small letters with underscores. Passwords are left out.
    """
    return await operator_of(call).configuration(asked.item)


class Ping(Answer):
    """Which controllers answer."""

    answers: bool
    """Whether one of them does."""
    controllers: list[Controller]


@action("slurm.ping", role=Role.VIEWER)
async def ping(asked: NoParameters, call: Call) -> Ping:  # noqa: ARG001 - it takes none
    """Say which of Slurm's controllers answer."""
    found = await operator_of(call).ping()
    return Ping(answers=any(one.up for one in found), controllers=found)


ACTIONS: Final = (config_get, ping)
