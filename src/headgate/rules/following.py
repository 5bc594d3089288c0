"""From new events to executions, in the transaction that moves the cursor on: all of it is kept, or nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from headgate.model.execution import ExecutionState
from headgate.model.role import Role
from headgate.rules.matching import Match, Names, compare, matching
from headgate.rules.rule import FIRST, Plan, Rate, Rule
from headgate.rules.triggers import cluster_of, node_of, triggers_of
from headgate.store import audit, executions, journal, rules
from headgate.store.executions import Change, NewExecution
from headgate.store.journal import Recorded
from headgate.store.store import once_kept

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoopBound:
    """When a rule counts as triggering itself: so many of its executions, each begun by what the one before did.

    ``settle``: seconds after a step in which an event about the same thing counts as its doing.
    """

    most: int = 3
    settle: float = 30.0


@dataclass(frozen=True, slots=True)
class Followed:
    """What a batch of events brought about: numbers of executions, and why rules were stopped."""

    begun: tuple[int, ...] = ()
    stopped: Mapping[str, str] | None = None


class Follower:
    """Follows the journal."""

    def __init__(self, names: Names, bound: LoopBound, clock: Callable[[], float], most: Role = Role.ADMIN) -> None:
        """``most``: the role that no rule goes beyond."""
        self._most = most
        self._names = names
        self._bound = bound
        self._clock = clock

    def matches(self, rules_on: Sequence[Rule], recorded: Sequence[Recorded]) -> list[tuple[Recorded, list[Match]]]:
        """Compare events with the rules that are on."""
        now = self._clock()
        return [(item, matching(rules_on, item.event, self._names, now)) for item in recorded]

    def follow(self, connection: Connection, compared: Sequence[tuple[Recorded, list[Match]]]) -> Followed:
        """Write what follows from events that were compared."""
        begun: list[int] = []
        stopped: dict[str, str] = {}
        for item, found in compared:
            self._end_held(connection, item)
            for match in found:
                if match.rule.ref in stopped:
                    continue
                number = self._begin(connection, item, match, stopped)
                if number is not None:
                    begun.append(number)
        return Followed(tuple(begun), stopped)

    def _end_held(self, connection: Connection, item: Recorded) -> None:
        """End the executions whose state was to last and did not."""
        kinds = {trigger.type for trigger in triggers_of(item.event)}
        for execution in executions.in_state(connection, ExecutionState.HOLDING):
            plan = Plan.model_validate_json(execution.plan)
            same = (execution.subject, cluster_of(execution.payload)) == (item.event.subject, item.event.cluster)
            if not same or execution.event_id >= item.id or not kinds & set(plan.until):
                continue
            reason = f"it did not last: {item.event.kind.value}"
            ended = Change(ExecutionState.CANCELLED, reason, finished_at=self._clock())
            executions.change(connection, execution.id, ExecutionState.HOLDING, ended)

    def _begin(self, connection: Connection, item: Recorded, match: Match, stopped: dict[str, str]) -> int | None:
        rule, event, per, now = match.rule, item.event, match.per(item.event), self._clock()
        if rule.repeated is not None and not self._repeated(connection, item, match, rule.repeated, per):
            return None
        if rule.held and executions.has_open(connection, rule.ref, per, ExecutionState.HOLDING):
            return None
        chain = executions.causes(
            connection, event.subject, node_of(event), event.time, self._bound.settle, cluster=event.cluster
        )
        depth = sum(1 for one in chain if one.rule == rule.ref)
        state, not_before, reason = ExecutionState.WAITING, now + rule.plan.steps[0].delay, ""
        if rule.held:
            state, not_before = ExecutionState.HOLDING, event.time + rule.held
        if rule.rate is not None and _count(connection, rule, per, rule.rate, now) >= rule.rate.count:
            state, reason = ExecutionState.SKIPPED, f"more than {rule.rate.count} in {rule.rate.within:g} s"
        if depth >= self._bound.most:
            via = " -> ".join(dict.fromkeys(one.rule for one in reversed(chain)))
            reason = f"{rule.ref} triggers itself at {event.subject} ({via}): it was stopped"
            state = ExecutionState.SKIPPED
        number = executions.add(
            connection,
            NewExecution(
                key=f"{rule.ref}:{event.key}",
                rule=rule.ref,
                event_id=item.id,
                subject=event.subject,
                per=per,
                state=state,
                not_before=not_before,
                step=FIRST,
                plan=rule.plan.model_dump_json(),
                payload=dict(match.trigger.payload),
                role=(rule.role if self._most.covers(rule.role) else self._most).value,
                reason=reason,
                cause=chain[0].id if chain else None,
                depth=depth,
            ),
            now,
        )
        if number is not None:
            told = {"execution": number, "rule": rule.ref, "event_id": item.id, "trace": event.trace}
            once_kept(connection, functools.partial(_log.info, "execution.begun", state=state.value, **told))
        if number is not None and depth >= self._bound.most:
            stopped[rule.ref] = reason
            self._stop(connection, rule, reason, now)
        return number

    def _stop(self, connection: Connection, rule: Rule, reason: str, now: float) -> None:
        rules.stop(connection, rule.ref, reason, now)
        audit.record(
            connection,
            user="",
            via="rules",
            action="rule.stop",
            subject=rule.ref,
            outcome="stopped",
            detail=reason,
            now=now,
        )
        _log.error("rule.stopped", rule=rule.ref, reason=reason)

    def _repeated(self, connection: Connection, item: Recorded, match: Match, rate: Rate, per: str) -> bool:
        """Say whether this event is the last of so many within the time, since the rule matched last."""
        after = executions.last_event(connection, match.rule.ref, per)
        numbers = executions.events_like(connection, item.id, item.event.time - rate.within, after)
        count = 0
        for other in journal.get_many(connection, numbers):
            known = compare(match.rule, other.event, self._names, self._clock())
            if known is not None and known.matches and known.per(other.event) == per:
                count += 1
        return count >= rate.count


def _count(connection: Connection, rule: Rule, per: str, rate: Rate, now: float) -> int:
    return executions.count_since(connection, rule.ref, per, now - rate.within)
