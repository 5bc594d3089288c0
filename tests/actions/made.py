"""Actions made up for tests, and what they work with."""

from __future__ import annotations

from pydantic import Field, SecretStr

from headgate.actions.action import Call, Parameters, action
from headgate.actions.caller import Caller, CallerKind
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.refusals import PartlyFailedError
from headgate.actions.registry import Actions
from headgate.errors import SlurmRefusedError
from headgate.model.role import Role
from headgate.store.store import Store


class Paint(Parameters):
    """Parameters of ``wall.paint``."""

    walls: tuple[str, ...] = Field(description="Which walls.")
    coats: int = Field(1, ge=1, le=3, description="How many coats.")
    thick: bool = Field(False, description="Whether thickly.")
    dilution: float | None = Field(None, description="Part of water.")
    extra: dict[str, int] = Field(default_factory=dict, description="What else.")
    helpers: tuple[str, ...] | None = Field(None, description="Who helps.")
    password: SecretStr | None = Field(None, description="Opens the shed.")


@action("wall.paint", role=Role.OPERATOR, mutating=True, repeatable=False, aliases=("wall.colour",))
async def paint(asked: Paint, call: Call) -> dict[str, bool]:
    """Paint walls.

    A wall called broken cannot be painted.
    """
    if asked.walls == ("none",):
        raise SlurmRefusedError("there is no wall")
    if asked.walls == ("bug",):
        raise RuntimeError
    done = {wall: wall != "broken" and not call.dry_run for wall in asked.walls}
    if "broken" in asked.walls:
        raise PartlyFailedError("1 of 2 walls is broken", result=done)
    return done


class Look(Parameters):
    """Parameters of ``wall.look``."""

    wall: str = Field("north", description="Which wall.")


@action("wall.look", role=Role.VIEWER)
async def look(asked: Look, call: Call) -> str:
    """Look at a wall."""
    return f"{asked.wall} seen by {call.caller.name}"


WALLS = Catalogue([paint, look])


def painter(role: Role | None = Role.OPERATOR) -> Caller:
    return Caller(CallerKind.APP, "portal", role, "api portal", "ada", "192.0.2.1")


def walls(store: Store) -> Actions:
    return Actions(Context(store), WALLS)
