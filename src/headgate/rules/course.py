"""What an execution does next, once it is known what came of a step. Decided without I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.model.event import JSON
from headgate.model.execution import ExecutionState, TryState
from headgate.rules.rule import Plan, Step
from headgate.store.executions import Change, Execution

MOST_STEPS: Final = 100
"""Steps of one execution: steps that lead to each other in a circle end here."""
_LONGEST_WAIT: Final = 7 * 86400.0
_MOST_RESULT: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try of a step. ``again``: whether another try may help."""

    ok: bool
    result: JSON = None
    error: str = ""
    again: bool = True

    @property
    def state(self) -> TryState:
        """The state of the try."""
        return TryState.DONE if self.ok else TryState.FAILED

    def bounded(self) -> JSON:
        """Return the result, or what stands for one that is too large to be kept."""
        size = len(json.dumps(self.result, default=str))
        return self.result if size <= _MOST_RESULT else {"left_out": f"a result of {size} characters"}


def after_try(execution: Execution, plan: Plan, outcome: Outcome, now: float) -> Change:
    """Return what becomes of an execution after a try of its step."""
    step = plan.step(execution.step)
    if step is None:
        return over(ExecutionState.FAILED, f"there is no step {execution.step}", now)
    if not outcome.ok and outcome.again and execution.attempts < step.retry.count:
        wait = min(step.retry.delay * step.retry.factor**execution.attempts, _LONGEST_WAIT)
        reason = f"{step.name} failed, and is tried again: {outcome.error}"
        return Change(ExecutionState.WAITING, reason, now + wait, attempts=execution.attempts + 1)
    results = _with_result(execution.results, step, outcome)
    following = plan.after(step, succeeded=outcome.ok)
    if following is None:
        state = ExecutionState.DONE if outcome.ok or step.on_failure else ExecutionState.FAILED
        reason = "" if outcome.ok else f"{step.name} failed: {outcome.error}"
        return over(state, reason, now, results)
    if _steps_done(results) >= MOST_STEPS:
        return over(ExecutionState.FAILED, f"more than {MOST_STEPS} steps: do they lead in a circle?", now, results)
    reason = "" if outcome.ok else f"{step.name} failed: {outcome.error}"
    return Change(
        ExecutionState.WAITING, reason, now + following.delay, step=following.name, attempts=0, results=results
    )


def over(state: ExecutionState, reason: str, now: float, results: Mapping[str, JSON] | None = None) -> Change:
    """Return the end of an execution."""
    return Change(state, reason, results=results, finished_at=now)


def _with_result(results: Mapping[str, JSON], step: Step, outcome: Outcome) -> dict[str, JSON]:
    before = results.get(step.name)
    times = before.get("times", 0) if isinstance(before, dict) else 0
    made: JSON = {
        "ok": outcome.ok,
        "result": outcome.bounded(),
        "error": outcome.error,
        "times": (times if isinstance(times, int) else 0) + 1,
    }
    return {**results, step.name: made}


def _steps_done(results: Mapping[str, JSON]) -> int:
    counts = (one.get("times", 1) for one in results.values() if isinstance(one, dict))
    return sum(count for count in counts if isinstance(count, int))
