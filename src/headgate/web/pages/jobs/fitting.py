"""Whether something makes sense to be done to a job as it is now. Slurm decides; this is what is offered before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headgate.model.change import Facts
from headgate.model.states import JobState, read_state
from headgate.web.pages.jobs.reach import number, words

_BY_ADMIN: Final = "JobHeldAdmin"
_HELD: Final = frozenset({"JobHeldUser", _BY_ADMIN, "JobHoldMaxRequeue"})
"""Slurm's reasons of jobs that wait to be released; those of failed launches say "held" in more words."""


def unfit(order: str, records: Sequence[Facts], *, own: bool) -> str:
    """Return why an order makes no sense for a job, in words for people; empty if it does.

    ``records``: what is known of it by PySlurm's keys, of an array one for each task; what is not known keeps nothing
    from being tried. ``own``: whether it is to be done as the job's owner.
    """
    match order:
        case "hold":
            return _hold(records)
        case "release":
            return _release(records, own)
        case "requeue":
            return _requeue(records)
        case _:
            return ""


def _hold(records: Sequence[Facts]) -> str:
    waiting = [one for one in records if _waits(one)]
    if not waiting:
        return "does not wait any more"
    return "is held already" if all(_held(one) for one in waiting) else ""


def _release(records: Sequence[Facts], own: bool) -> str:
    waiting = [one for one in records if _waits(one)]
    if not waiting:
        return "does not wait any more"
    unsure = [one for one in waiting if "state_reason" not in one]
    held = [one for one in waiting if _held(one)]
    if not held and not unsure:
        return "is not held"
    if own and not unsure and all(words(one, "state_reason") == _BY_ADMIN for one in held):
        return "was held by an administrator, who alone can release it"
    return ""


def _requeue(records: Sequence[Facts]) -> str:
    begun = [one for one in records if not _waits(one)]
    if not begun:
        return "waits already"
    return "was submitted not to be requeued" if all(one.get("requeue") is False for one in begun) else ""


def _waits(record: Facts) -> bool:
    reading = read_state(words(record, "job_state"))
    return reading is not None and reading.state is JobState.PENDING


def _held(record: Facts) -> bool:
    reason = words(record, "state_reason")
    return reason in _HELD or "held" in reason or number(record, "priority") == 0
