"""``slurm.node.reserve``, ``slurm.node.unreserve``, ``slurm.reservation.*``."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from headgate.actions.action import Call, NoParameters, Parameters, action
from headgate.actions.slurm.asking import Hosts, Text, Words, asked_for, operator_of, whole
from headgate.model.change import Change, Changes
from headgate.model.reservation import Reservation, ReservationFlag
from headgate.model.role import Role
from headgate.slurm.commands.reservations import ReservationPlan

DEFAULT_NAME: Final = "st2"
"""The pack does not tell its own."""
_TIME: Final = "`now`, `now+2hours`, `2026-12-24T08:00` (the cluster's time) or seconds since the epoch."
_SPAN: Final = "Minutes, `[D-]HH:MM[:SS]` or `infinite`."


def _flags(given: object) -> object:
    """Read flags, as a list or between commas, in small letters too. Raises ValueError for one that is none."""
    words = given.split(",") if isinstance(given, str) else given
    if not isinstance(words, list | tuple):
        return words
    return tuple(ReservationFlag(word.strip().upper()) if isinstance(word, str) else word for word in words)


Flags = Annotated[tuple[ReservationFlag, ...], BeforeValidator(_flags)]


class Props(Parameters):
    """What a reservation is like."""

    start_time: Text | None = Field(None, description=f"When it begins. {_TIME}")
    duration: Text | None = Field(None, description=f"How long it is. {_SPAN}")
    users: Words | None = Field(None, description="Whom it is for.")
    flags: Flags | None = Field(None, description="Slurm's flags, such as `MAINT`.")


class NodeReserve(Parameters):
    """Parameters of ``slurm.node.reserve``."""

    nodes: Hosts = Field(description="Hostlists: nodes by name, also `n[1-3]`.")
    reservation_name: str = Field(DEFAULT_NAME, min_length=1, max_length=128, description="Which reservation.")
    props: Props | None = Field(
        None,
        description="What it is like, if it is to be made; what is given changes one that is there. If nothing is "
        "given: from now on, for ever, for root, with `MAINT`, `IGNORE_JOBS` and `OVERLAP`.",
    )


@action("slurm.node.reserve", role=Role.OPERATOR, mutating=True)
async def reserve(asked: NodeReserve, call: Call) -> Changes:
    """Put nodes into a reservation, which is made if it is not there."""
    props = asked.props or Props()
    plan = ReservationPlan(start=props.start_time, duration=props.duration, users=props.users, flags=props.flags)
    with asked_for():
        changes = await operator_of(call).reservations.reserve(
            asked.reservation_name, asked.nodes, plan, dry_run=call.dry_run
        )
    return whole(changes)


class NodeUnreserve(Parameters):
    """Parameters of ``slurm.node.unreserve``."""

    nodes: Hosts = Field(description="Hostlists: nodes by name, also `n[1-3]`.")
    reservation_name: str = Field(DEFAULT_NAME, min_length=1, max_length=128, description="Which reservation.")


@action("slurm.node.unreserve", role=Role.OPERATOR, mutating=True)
async def unreserve(asked: NodeUnreserve, call: Call) -> Changes:
    """Take nodes out of a reservation. With its last node it is deleted."""
    with asked_for():
        changes = await operator_of(call).reservations.unreserve(
            asked.reservation_name, asked.nodes, dry_run=call.dry_run
        )
    return whole(changes)


@action("slurm.reservation.list", role=Role.VIEWER)
async def list_(asked: NoParameters, call: Call) -> dict[str, Reservation]:  # noqa: ARG001 - it takes none
    """List all reservations, by name."""
    return await operator_of(call).reservations.list()


class ReservationCreate(Parameters):
    """Parameters of ``slurm.reservation.create``."""

    name: str = Field(min_length=1, max_length=128, description="What it is called.")
    nodes: Hosts | None = Field(None, description="Hostlists: its nodes. Else Slurm chooses `node_count`.")
    node_count: int | None = Field(None, ge=1, description="How many nodes, if it does not matter which.")
    start_time: Text = Field("now", description=f"When it begins. {_TIME}")
    end_time: Text | None = Field(None, description=f"When it ends. {_TIME}")
    duration: Text | None = Field(None, description=f"How long it is, in place of `end_time`. {_SPAN}")
    users: Words | None = Field(None, description="Users it is for.")
    accounts: Words | None = Field(None, description="Accounts it is for.")
    flags: Flags | None = Field(None, description="Slurm's flags, such as `MAINT`.")
    partition: str | None = Field(None, description="The partition its nodes are of.")
    comment: str | None = Field(None, description="What it is for; Slurm keeps it from 23.02 on.")


class ReservationUpdate(Parameters):
    """Parameters of ``slurm.reservation.update``."""

    name: str = Field(min_length=1, max_length=128, description="Which one.")
    nodes: Hosts | None = Field(None, description="Hostlists: all its nodes from now on.")
    start_time: Text | None = Field(None, description=f"When it begins. {_TIME}")
    end_time: Text | None = Field(None, description=f"When it ends. {_TIME}")
    duration: Text | None = Field(None, description=f"How long it is. {_SPAN}")
    users: Words | None = Field(None, description="All users it is for.")
    accounts: Words | None = Field(None, description="All accounts it is for.")
    flags: Flags | None = Field(None, description="Flags to have besides those it has.")
    partition: str | None = Field(None, description="The partition its nodes are of.")
    comment: str | None = Field(None, description="What it is for; Slurm keeps it from 23.02 on.")


@action("slurm.reservation.create", role=Role.OPERATOR, mutating=True, repeatable=False)
async def create(asked: ReservationCreate, call: Call) -> Change:
    """Make a reservation."""
    with asked_for():
        return await operator_of(call).reservations.create(asked.name, _plan(asked), dry_run=call.dry_run)


@action("slurm.reservation.update", role=Role.OPERATOR, mutating=True)
async def update(asked: ReservationUpdate, call: Call) -> Change:
    """Change a reservation. What is not given stays as it is."""
    with asked_for():
        return await operator_of(call).reservations.update(asked.name, _plan(asked), dry_run=call.dry_run)


class ReservationDelete(Parameters):
    """Parameters of ``slurm.reservation.delete``."""

    name: str = Field(min_length=1, max_length=128, description="Which one.")


@action("slurm.reservation.delete", role=Role.OPERATOR, mutating=True)
async def delete(asked: ReservationDelete, call: Call) -> Change:
    """Delete a reservation. Slurm refuses while jobs use it, but for version 20.11."""
    with asked_for():
        return await operator_of(call).reservations.delete(asked.name, dry_run=call.dry_run)


def _plan(asked: ReservationCreate | ReservationUpdate) -> ReservationPlan:
    return ReservationPlan(
        nodes=asked.nodes,
        node_count=asked.node_count if isinstance(asked, ReservationCreate) else None,
        start=asked.start_time,
        end=asked.end_time,
        duration=asked.duration,
        users=asked.users,
        accounts=asked.accounts,
        flags=asked.flags,
        partition=asked.partition,
        comment=asked.comment,
    )


ACTIONS: Final = (reserve, unreserve, list_, create, update, delete)
