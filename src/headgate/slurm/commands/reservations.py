"""scontrol: reservations.

Source: scontrol(1), ``src/scontrol/create_res.c`` and ``info_res.c``, 20.11 to 26.05. What is to be known of it:

- Nodes are set as a full list: ``+=`` and ``-=`` are refused up to 24.11, and an empty list makes Slurm choose *other*
  nodes.
- 20.11 exits 0 where it is to delete what is not there, and deletes what jobs use; they go on.
- ``Duration=infinite`` becomes a year.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headgate.model.hostlist import expand_hosts
from headgate.model.reservation import Reservation, ReservationFlag
from headgate.slurm.commands import blocks, words
from headgate.slurm.commands.node_updates import hostlist

_START: Final = re.compile(
    r"now(\+\d{1,9}(seconds?|minutes?|hours?|days?|weeks?)?)?|midnight|noon|teatime|today|tomorrow"
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?")
_SPAN: Final = re.compile(r"\d{1,7}(:\d{1,3}){0,2}|\d{1,5}-\d{1,3}(:\d{1,3}){0,2}|infinite|unlimited", re.IGNORECASE)
_EPOCH_FROM: Final = 100_000_000
"""Numbers from here on are seconds since the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationPlan:
    """What a reservation shall be. None: as it is, or Slurm's default; an empty list: none.

    ``start``, ``end``: ``now``, ``now+2hours``, ``2026-12-24T08:00`` (the cluster's time) or seconds since the epoch.
    ``duration``: minutes, ``[D-]HH:MM[:SS]`` or ``infinite``.
    """

    nodes: Sequence[str] | None = None
    node_count: int | None = None
    start: str | None = None
    end: str | None = None
    duration: str | None = None
    users: Sequence[str] | None = None
    accounts: Sequence[str] | None = None
    flags: Sequence[ReservationFlag] | None = None
    partition: str | None = None
    comment: str | None = None


def show_command() -> list[str]:
    """Return the arguments that show all reservations."""
    return ["scontrol", "--all", "--local", "show", "reservation"]


def create_command(name: str, plan: ReservationPlan) -> list[str]:
    """Return the arguments that make a reservation. Raises ValueError for what could not be one."""
    return ["scontrol", "create", "reservation", f"ReservationName={words.name(name)}", *_pairs(plan)]


def update_command(name: str, plan: ReservationPlan) -> list[str]:
    """Return the arguments that change a reservation. Raises ValueError for what could not be one, and for nothing."""
    pairs = _pairs(plan)
    if not pairs:
        raise ValueError("nothing is to be changed")
    return ["scontrol", "update", f"ReservationName={words.name(name)}", *pairs]


def delete_command(name: str) -> list[str]:
    """Return the arguments that delete a reservation."""
    return ["scontrol", "delete", f"ReservationName={words.name(name)}"]


def parse(text: str) -> dict[str, Reservation]:
    """Read all reservations, by name."""
    return {name: _reservation(name, fields) for name, fields in blocks.parse(text, "ReservationName").items()}


def _reservation(name: str, fields: dict[str, str]) -> Reservation:
    return Reservation(
        name=name,
        nodes=tuple(expand_hosts(fields.get("Nodes", "")) or ()),
        start=_seconds(fields.get("StartTime", "")),
        end=_seconds(fields.get("EndTime", "")),
        state=fields.get("State", ""),
        flags=tuple(blocks.items(fields.get("Flags", ""))),
        users=tuple(blocks.items(fields.get("Users", ""))),
        accounts=tuple(blocks.items(fields.get("Accounts", ""))),
        groups=tuple(blocks.items(fields.get("Groups", ""))),
        partition=blocks.plain(fields.get("PartitionName", "")),
        features=blocks.plain(fields.get("Features", "")),
        licenses=tuple(blocks.items(fields.get("Licenses", ""))),
        tres=blocks.plain(fields.get("TRES", "")),
        comment=fields.get("Comment", ""),
    )


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _pairs(plan: ReservationPlan) -> list[str]:
    pairs = []
    if plan.nodes is not None:
        pairs.append(f"Nodes={hostlist(plan.nodes)}")
    if plan.node_count is not None:
        pairs.append(f"NodeCnt={plan.node_count}")
    for key, text, read in (
        ("StartTime", plan.start, _time),
        ("EndTime", plan.end, _time),
        ("Duration", plan.duration, _span),
        ("PartitionName", plan.partition, words.name),
        ("Comment", plan.comment, words.value),
    ):
        if text is not None:
            pairs.append(f"{key}={read(text)}")
    for key, names in (("Users", plan.users), ("Accounts", plan.accounts)):
        if names is not None:
            pairs.append(f"{key}={words.names(names)}")
    if plan.flags is not None:
        pairs.append(f"Flags={','.join(flag.value for flag in plan.flags)}")
    return pairs


def _time(text: str) -> str:
    """Return a time as Slurm reads it, local; ValueError for what is none."""
    if text.isascii() and text.isdigit() and int(text) >= _EPOCH_FROM:
        return dt.datetime.fromtimestamp(int(text)).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    if not (_START.fullmatch(text) or _DATE.fullmatch(text)):
        raise ValueError(f"{text[:64]!a} is no time")
    return text


def _span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text[:64]!a} is no duration")
    return text
