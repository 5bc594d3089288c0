"""What was decided about rules beside their files: switched on or off, or stopped because they triggered themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from headgate.store.dialect import insert_new
from headgate.store.signals import Topic
from headgate.store.store import ring
from headgate.store.tables import rules


@dataclass(frozen=True, slots=True)
class RuleDecision:
    """What was decided about one rule. ``enabled``: None leaves it to the file."""

    ref: str
    enabled: bool | None
    stopped: str
    """Why Headgate stopped it; empty if it did not."""
    changed_at: float
    changed_by: str

    def is_on(self, in_file: bool) -> bool:
        """Whether the rule is on, given what its file says."""
        return not self.stopped and (in_file if self.enabled is None else self.enabled)


def decisions(connection: Connection) -> dict[str, RuleDecision]:
    """Read what was decided, by rule."""
    return {row.ref: RuleDecision(**row._mapping) for row in connection.execute(select(rules))}  # noqa: SLF001


def switch(connection: Connection, ref: str, *, enabled: bool, by: str, now: float) -> None:
    """Switch a rule on or off, whatever its file says; one that was stopped is not any more."""
    _keep(connection, RuleDecision(ref, enabled, "", now, by))


def stop(connection: Connection, ref: str, why: str, now: float) -> None:
    """Stop a rule until somebody switches it on again."""
    before = decisions(connection).get(ref)
    _keep(connection, RuleDecision(ref, None if before is None else before.enabled, why, now, "headgate"))


def _keep(connection: Connection, decision: RuleDecision) -> None:
    values = {
        "ref": decision.ref,
        "enabled": decision.enabled,
        "stopped": decision.stopped,
        "changed_at": decision.changed_at,
        "changed_by": decision.changed_by,
    }
    statement = insert_new(connection, rules).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["ref"], set_=values))
    ring(connection, Topic.EXECUTIONS)
