"""What operators do to nodes: each order with its action, what its form asks, and how that becomes parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from headgate.model.event import JSON
from headgate.web.pages.forms import Form

Parameters = dict[str, JSON]


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a form. ``kind``: ``text``, ``box`` (to be ticked) or a choice among ``choices``."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    needed: bool = False
    longest: int = 1000
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One order: ``read`` makes the action's parameters of the nodes and the form."""

    word: str
    label: str
    done: str
    """What nodes are that it was done to: ``drained``."""
    means: str
    action: str
    asks: tuple[Asked, ...]
    read: Callable[[Sequence[str], Form], Parameters] = field(repr=False)
    danger: bool = False

    def given(self, form: Form) -> dict[str, str]:
        """Return what a form holds of the fields, to be carried on."""
        return {one.name: form.get(one.name) for one in self.asks if form.get(one.name)}


_REASON: Final = Asked("reason", "Reason", "Everybody sees it with the node, and the audit log keeps it.", needed=True)
_WHY: Final = Asked("why", "Why", "For the audit log.", longest=300)
_FORCE: Final = Asked("force", "Also nodes that somebody else took out of service", kind="box")
_NAME: Final = Asked("name", "Name of the reservation", needed=True, longest=128)
_RESERVED: Final = (
    _NAME,
    Asked(
        "start", "Begins", "now, now+2hours, 2026-12-24T08:00 (the cluster's time)",
        needed=True, longest=40, default="now",
    ),
    Asked("duration", "Lasts", "minutes, HH:MM:SS, D-HH:MM:SS or infinite", needed=True, longest=40),
    Asked("users", "For users", "names between commas; users or accounts are needed"),
    Asked("accounts", "For accounts", "names between commas"),
    Asked("maint", "As maintenance (MAINT)", kind="box"),
    Asked("ignore_jobs", "Although jobs run there (IGNORE_JOBS)", kind="box"),
    _WHY,
)  # fmt: skip


def _with_reason(nodes: Sequence[str], form: Form) -> Parameters:
    return {"nodes": list(nodes), "reason": form.get("reason"), "force": form.ticked("force")}


def _with_force(nodes: Sequence[str], form: Form) -> Parameters:
    return {"nodes": list(nodes), "force": form.ticked("force")}


def _undrain(nodes: Sequence[str], form: Form) -> Parameters:
    return {**_with_force(nodes, form), "infos": {"state": "UNDRAIN"}}


def _reboot(nodes: Sequence[str], form: Form) -> Parameters:
    after = form.get("next_state")
    more: Parameters = {"asap": form.ticked("asap"), "next_state": after or None}
    return {**_with_reason(nodes, form), **more}


def _reserve(nodes: Sequence[str], form: Form) -> Parameters:
    flags: list[JSON] = [word.upper() for word in ("maint", "ignore_jobs") if form.ticked(word)]
    made: Parameters = {
        "name": form.get("name"),
        "nodes": list(nodes),
        "start_time": form.get("start") or "now",
        "duration": form.get("duration"),
    }
    given: Parameters = {"users": form.get("users"), "accounts": form.get("accounts"), "flags": flags}
    return {**made, **{name: value for name, value in given.items() if value}}


def _in_reservation(nodes: Sequence[str], form: Form) -> Parameters:
    return {"nodes": list(nodes), "reservation_name": form.get("name")}


_ALL: Final = (
    Order(
        "drain", "Drain", "draining", "They take no new jobs; those on them go on.", "slurm.node.drain",
        (_REASON, _FORCE), _with_reason,
    ),
    Order(
        "resume", "Resume", "in service", "They are put back into service.", "slurm.node.resume",
        (_WHY, _FORCE), _with_force,
    ),
    Order(
        "undrain", "Undrain", "not draining any more", "Their drain is taken back; one that is down stays so.",
        "slurm.node.update", (_WHY, _FORCE), _undrain,
    ),
    Order(
        "down", "Set down", "down", "They are out of service at once; jobs on them are ended, or requeued.",
        "slurm.node.down", (_REASON, _FORCE), _with_reason, danger=True,
    ),
    Order(
        "reboot", "Reboot", "to be rebooted", "They reboot as soon as they have no job.", "slurm.node.reboot",
        (
            _REASON,
            Asked("asap", "Take no new jobs until then", kind="box"),
            Asked("next_state", "Afterwards", kind="choice",
                  choices=(("", "as Slurm has it"), ("RESUME", "in service"), ("DOWN", "down"))),
            _FORCE,
        ),
        _reboot, danger=True,
    ),
    Order(
        "reserve", "Reserve", "reserved", "They are kept for some users or accounts, for a time.",
        "slurm.reservation.create", _RESERVED, _reserve,
    ),
    Order(
        "release", "Take out of a reservation", "out of the reservation",
        "They leave a reservation; with its last node it is deleted.", "slurm.node.unreserve",
        (_NAME, _WHY), _in_reservation,
    ),
)  # fmt: skip
ORDERS: Final[Mapping[str, Order]] = {order.word: order for order in _ALL}
