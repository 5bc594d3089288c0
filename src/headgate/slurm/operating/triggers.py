"""Operating triggers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, replace

from headgate.errors import NotFoundError, SlurmOutputError, SlurmRefusedError
from headgate.model.change import Change, Changes, Facts
from headgate.slurm.commands import triggers
from headgate.slurm.commands.triggers import Trigger, TriggerPlan
from headgate.slurm.operating.administration import Administration


class TriggerOperator:
    """Sets and removes triggers, as SlurmUser: only that account may, so this process must be root or SlurmUser.

    Methods raise ValueError for a trigger that cannot be, NotFoundError for one, or a node, that is not there,
    SlurmRefusedError where Slurm refuses, and other SlurmError if it does not answer.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    async def list(self) -> list[Trigger]:
        """Return all triggers, whoever set them."""
        return triggers.parse(await self._administration.ask(triggers.list_command()))

    async def set(self, plan: TriggerPlan) -> int:
        """Set a trigger and return its number; that of the same one, if it is set already."""
        plan = await self._checked(plan)
        user, _ = await self._administration.slurm_user()
        known = await self.list()
        for trigger in known:
            if triggers.is_same(trigger, plan, user):
                return trigger.id
        try:
            await self._ask(triggers.set_command(plan))
        except SlurmRefusedError as error:
            if "unrecognized option" in error.message:
                raise SlurmRefusedError(f"this version of Slurm has no triggers of {plan.event.value}") from error
            raise
        before = {trigger.id for trigger in known}
        for trigger in await self.list():
            if trigger.id not in before and triggers.is_same(trigger, plan, user):
                return trigger.id
        raise SlurmOutputError("the trigger was set and is gone already: it fired, or somebody removed it")

    async def check(self, plan: TriggerPlan) -> int | None:
        """Return the number of the same trigger if it is set; raise what ``set`` would before it sets one."""
        plan = await self._checked(plan)
        user, _ = await self._administration.slurm_user()
        return next((trigger.id for trigger in await self.list() if triggers.is_same(trigger, plan, user)), None)

    async def unset(self, numbers: Sequence[int], user: str | None = None, *, dry_run: bool = False) -> Changes:
        """Remove triggers that this user set; by default SlurmUser."""
        owner = user or (await self._administration.slurm_user())[0]
        known = {trigger.id: trigger for trigger in await self.list()}
        wrong = [number for number in numbers if number not in known or known[number].user != owner]
        if wrong:
            raise NotFoundError(f"{owner} has no trigger {wrong[0]}; nothing was done")
        changes: Changes = {}
        for number in dict.fromkeys(numbers):
            error = None
            if not dry_run:
                try:
                    await self._ask(triggers.clear_command(number))
                except SlurmRefusedError as refused:
                    error = refused.message
            before = _facts(known[number])
            changes[str(number)] = Change(before, before if error else None, changed=error is None, error=error)
        return changes

    async def _checked(self, plan: TriggerPlan) -> TriggerPlan:
        triggers.check(plan)
        if plan.nodes is None:
            return plan
        plan = replace(plan, nodes=tuple(await self._administration.nodes(plan.nodes, bounded=False)))
        triggers.check(plan)
        return plan

    async def _ask(self, words: Sequence[str]) -> None:
        try:
            await self._administration.ask_as_slurm_user(words)
        except SlurmRefusedError as error:
            name, uid = await self._administration.slurm_user()
            if "denied" not in error.message or os.geteuid() in (0, uid):
                raise
            raise SlurmRefusedError(
                f"only SlurmUser ({name}) may set triggers, and Headgate runs as neither root nor {name}"
            ) from error


def _facts(trigger: Trigger) -> Facts:
    return dict(asdict(trigger))
