"""Executions: the states that a run of a rule, and a try of one of its steps, can be in."""

from __future__ import annotations

import enum


class ExecutionState(enum.StrEnum):
    """Where a run of a rule stands."""

    HOLDING = "holding"
    """Waits until the state that began it has lasted as long as the rule says."""
    APPROVAL = "approval"
    """Waits for somebody to approve it."""
    WAITING = "waiting"
    """Waits for its next step: a delay, a retry, quiet hours, or a bound on how much is done at a time."""
    RUNNING = "running"
    """A step is being done."""
    ASKING = "asking"
    """Headgate ended in the middle of a step that is not to be done twice unasked; somebody has to look."""
    DONE = "done"
    """Came to its end."""
    FAILED = "failed"
    """A step failed, and the rule does not say how to go on."""
    CANCELLED = "cancelled"
    """Somebody cancelled it, nobody approved it in time, or the state that began it did not last."""
    SKIPPED = "skipped"
    """Was not begun: over the rule's rate, in quiet hours, or because the rule had triggered itself."""

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self in _OVER


_OVER = frozenset({ExecutionState.DONE, ExecutionState.FAILED, ExecutionState.CANCELLED, ExecutionState.SKIPPED})


class TryState(enum.StrEnum):
    """Where a try of a step stands."""

    RUNNING = "running"
    """Begun, and nobody knows yet what came of it."""
    DONE = "done"
    """Did what it should."""
    FAILED = "failed"
    """Failed, or did only some of it."""
    INTERRUPTED = "interrupted"
    """Headgate ended in the middle of it."""
