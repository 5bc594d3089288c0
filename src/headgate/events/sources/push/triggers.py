"""Permanent triggers of ours in Slurm: each runs our program when something happens to a node.

They are set when the service starts and looked after from then on: somebody may remove them, and slurmctld keeps them
only over a restart. What is ours and is not wanted any more is removed. Only SlurmUser may do all that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import structlog

from headgate.errors import HeadgateError, NotFoundError, SlurmOutputError, SlurmRefusedError
from headgate.events.sources.push.install import NAME
from headgate.events.sources.standings import Standing
from headgate.model.change import Changes
from headgate.slurm.commands.triggers import Trigger, TriggerEvent, TriggerPlan

_log = structlog.get_logger(__name__)

EVENTS: Final = (TriggerEvent.DOWN, TriggerEvent.DRAINED, TriggerEvent.UP, TriggerEvent.FAIL)
"""What all versions of Slurm have triggers for; none of them fires again while nothing changes."""
NEWER_EVENTS: Final = (TriggerEvent.DRAINING, TriggerEvent.RESUME)
"""What strigger does not know before 23.02."""
_UNKNOWN: Final = "this version of Slurm has no triggers of"
"""How the refusal of an event that strigger does not know begins."""


class Triggers(Protocol):
    """Slurm's triggers, as SlurmUser: ``headgate.slurm.operating.triggers.TriggerOperator``."""

    async def list(self) -> list[Trigger]:
        """Return all triggers."""

    async def set(self, plan: TriggerPlan) -> int:
        """Set a trigger, or find the same one; return its number."""

    async def unset(self, numbers: Sequence[int], user: str | None = None, *, dry_run: bool = False) -> Changes:
        """Remove triggers of a user."""


class KeptTriggers:
    """Keeps our triggers set until it is stopped. They outlive the service: without it, they do nothing."""

    def __init__(self, triggers: Triggers, program: Path, standing: Standing, *, interval: float) -> None:
        """``program``: where ours is; ``interval``: seconds between two looks."""
        self._triggers = triggers
        self._program = program
        self._standing = standing
        self._interval = interval
        self._without: set[TriggerEvent] = set()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Keep them until ``stop``."""
        while not self._stop.is_set():
            try:
                await self.look()
            except (HeadgateError, ValueError) as error:
                why = error.message if isinstance(error, HeadgateError) else str(error)
                if self._standing.problem != why:
                    _log.warning("triggers.failed", error=why, again_seconds=self._interval)
                self._standing.failed(why)
            else:
                self._standing.well()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._stop.wait()

    async def look(self) -> None:
        """Set what is not set, and remove what is ours and not wanted. Raises HeadgateError, or ValueError."""
        kept = [await self._triggers.set(self._plan(event)) for event in EVENTS]
        kept += [number for event in NEWER_EVENTS if (number := await self._set_if_known(event)) is not None]
        await self._clear(frozenset(kept))

    def _plan(self, event: TriggerEvent) -> TriggerPlan:
        return TriggerPlan(program=f"{self._program} nodes", event=event, permanent=True)

    async def _set_if_known(self, event: TriggerEvent) -> int | None:
        if event in self._without:
            return None
        try:
            return await self._triggers.set(self._plan(event))
        except SlurmRefusedError as error:
            if not error.message.startswith(_UNKNOWN):
                raise
            self._without.add(event)
            return None

    async def _clear(self, kept: frozenset[int]) -> None:
        """Remove those that run our program, were set by the account that sets ours, and are not kept."""
        known = await self._triggers.list()
        owner = next((trigger.user for trigger in known if trigger.id in kept), None)
        if owner is None:
            raise SlurmOutputError("the triggers that were set just now are gone")
        stale = [trigger for trigger in known if is_ours(trigger) and trigger.user == owner and trigger.id not in kept]
        if not stale:
            return
        try:
            changes = await self._triggers.unset([trigger.id for trigger in stale], owner)
        except NotFoundError:
            return  # one of them fired at this moment; the next look sees to the others
        for trigger in stale:
            _log.info("triggers.removed", id=trigger.id, program=trigger.program, error=changes[str(trigger.id)].error)


def is_ours(trigger: Trigger) -> bool:
    """Say whether a trigger runs our program, wherever that is or was."""
    return trigger.program.partition(" ")[0].rpartition("/")[2] == NAME
