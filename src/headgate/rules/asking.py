"""Telling those who may decide that an execution waits for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy import Connection

from headgate.actions.registry import Actions
from headgate.errors import StoreError
from headgate.model.durations import show_duration
from headgate.model.execution import ExecutionState
from headgate.model.message import Fact, Message, Outcome
from headgate.model.text import one_line
from headgate.notify.notices import Notice
from headgate.rules.approval import role_for
from headgate.rules.rule import Plan
from headgate.store import executions, journal
from headgate.store.executions import Execution

_log = structlog.get_logger(__name__)
_TITLE: Final = 200
_TEXT: Final = 1000
_ABOUT: Final = 200


class Asking:
    """Tells them: once for each time that an execution waits, however often it is asked to."""

    def __init__(self, actions: Actions, clock: Callable[[], float]) -> None:
        self._context = actions.context
        self._clock = clock

    async def tell(self, execution: Execution) -> None:
        """Tell those whom the rule names. That somebody could not be told keeps nobody from deciding."""
        approval = Plan.model_validate_json(execution.plan).approval
        if approval is None or not approval.ask:
            return
        try:
            refused = await self._context.store.write(lambda connection: self._write(connection, execution))
        except StoreError as error:
            _log.error("approval.not_told", execution=execution.id, rule=execution.rule, error=error.message)
            return
        for why in refused:
            _log.error("approval.not_told", execution=execution.id, rule=execution.rule, error=why)

    def _write(self, connection: Connection, execution: Execution) -> list[str]:
        """Write the notice; return who cannot be told, and why."""
        plan = Plan.model_validate_json(execution.plan)
        to = plan.approval.ask if plan.approval is not None else ()
        key = f"approval-{execution.id}"
        if execution.state is ExecutionState.ASKING:
            key = f"asking-{execution.id}-{len(executions.tries_of(connection, execution.id))}"
        about = one_line(execution.subject, _ABOUT)
        notice = Notice(key, to, notice_of(execution, self._clock()), about)
        known = journal.traces(connection, [execution.event_id])
        event = notice.event().traced(known.get(execution.event_id))
        self._context.journal.append(connection, [event])
        return self._context.notices.refusals(connection, to)


def notice_of(execution: Execution, now: float) -> Message:
    """Return what is said about an execution that waits for somebody's decision."""
    number, approval = execution.id, Plan.model_validate_json(execution.plan).approval
    facts = [
        Fact(label="About", value=one_line(execution.subject, _ABOUT)),
        Fact(label="Takes the role", value=role_for(execution).value),
    ]
    title = f"{execution.rule} asks what to do (execution {number})"
    if execution.state is not ExecutionState.ASKING:
        title = f"{execution.rule} wants approval (execution {number})"
        if approval is not None:
            facts.append(Fact(label="Within", value=f"{show_duration(approval.within)}, or it is not done"))
    facts += [
        Fact(label="To approve", value=f"headgate execution approve {number}"),
        Fact(label="To refuse", value=f"headgate execution refuse {number}"),
    ]
    return Message(
        title=one_line(title, _TITLE),
        outcome=Outcome.WARNING,
        time=now,
        summary=one_line(f"Execution {number} {execution.reason}", _TEXT),
        facts=tuple(facts),
        execution=number,
    )
