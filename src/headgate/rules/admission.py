"""Whether an execution may go on now: its rule's guards, asked in turn, before its first step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from headgate.actions.refusals import ParametersError
from headgate.actions.registry import Actions, parameters_shown, read_parameters
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.execution import ExecutionState
from headgate.model.node import Node
from headgate.rules.course import over
from headgate.rules.guards import GuardError, busy, drained_enough, quiet_until
from headgate.rules.running import Ready
from headgate.store import executions
from headgate.store.executions import Change
from headgate.store.store import Store

_AGAIN: Final = 30.0
"""Seconds until nodes are looked at again."""
_SOON: Final = 5.0
"""Seconds until it is looked again whether another execution of the rule is over."""
AskNodes = Callable[[str], Awaitable[Sequence[Node]]]
"""Reads all nodes of a cluster, by its name; empty: of the default one. Raises HeadgateError."""


@dataclass(frozen=True, slots=True)
class Held:
    """Why an execution does not go on, and what becomes of it."""

    change: Change


class Admission:
    """Asks the guards."""

    def __init__(self, store: Store, actions: Actions, nodes: AskNodes | None, clock: Callable[[], float]) -> None:
        self._store = store
        self._actions = actions
        self._nodes = nodes
        self._clock = clock

    async def ask(self, ready: Ready) -> Held | None:
        """Say why an execution has to wait, or None if it may go on. Raises StoreError."""
        if not ready.first:
            return None
        return self._quiet(ready) or await self._others(ready) or self._unapproved(ready) or await self._at_nodes(ready)

    def _quiet(self, ready: Ready) -> Held | None:
        quiet = ready.plan.quiet
        until = None if quiet is None else quiet_until(quiet, self._clock())
        if quiet is None or until is None:
            return None
        if quiet.skip:
            return Held(over(ExecutionState.SKIPPED, "it fell into quiet hours", self._clock()))
        return Held(Change(ExecutionState.WAITING, "quiet hours", until))

    async def _others(self, ready: Ready) -> Held | None:
        most, rule = ready.plan.concurrency, ready.execution.rule
        if most is None:
            return None
        running = await self._store.read(lambda connection: executions.begun_of(connection, rule))
        if running < most:
            return None
        reason = f"{running} other{'s' if running > 1 else ''} of this rule {'are' if running > 1 else 'is'} not over"
        return Held(Change(ExecutionState.WAITING, reason, self._clock() + _SOON))

    def _unapproved(self, ready: Ready) -> Held | None:
        approval = ready.plan.approval
        if approval is None or ready.execution.approved_by is not None:
            return None
        what = f"{ready.step.ref} {self._shown(ready)}".strip()
        reason = f"wants the approval of the role {approval.role.value}: {what}"[:1000]
        return Held(Change(ExecutionState.APPROVAL, reason, self._clock() + approval.within))

    def _shown(self, ready: Ready) -> str:
        """Return the parameters in one line, with secrets hidden; nothing where they do not fit the action."""
        try:
            return parameters_shown(read_parameters(self._actions.catalogue.get(ready.step.ref), ready.parameters))
        except (NotFoundError, ParametersError):
            return ""

    async def _at_nodes(self, ready: Ready) -> Held | None:
        plan = ready.plan
        if plan.drained is None and not plan.only_when_empty:
            return None
        again = self._clock() + _AGAIN
        if self._nodes is None:
            return Held(
                over(ExecutionState.FAILED, "there is no cluster whose nodes could be looked at", self._clock())
            )
        try:
            # First what is being done, then what is so: a node that is being drained is in one of them, or both.
            cluster = ready.cluster
            under_way = await self._store.read(lambda connection: executions.nodes_under_way(connection, cluster))
            nodes = await self._nodes(cluster)
            why = drained_enough(plan.drained, ready.nodes, nodes, under_way) if plan.drained is not None else ""
            why = why or (busy(ready.nodes, nodes) if plan.only_when_empty else "")
        except (GuardError, NotFoundError) as error:
            return Held(over(ExecutionState.FAILED, str(error), self._clock()))
        except HeadgateError as error:
            return Held(Change(ExecutionState.WAITING, f"the nodes cannot be looked at: {error.message}", again))
        return Held(Change(ExecutionState.WAITING, why, again)) if why else None
