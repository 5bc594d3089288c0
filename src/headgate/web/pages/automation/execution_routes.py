"""Executions: the list, one step by step, and deciding about one."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection

from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.errors import NotFoundError
from headgate.model.execution import ExecutionState
from headgate.model.right import Right
from headgate.rules.approval import Decision, DecisionError, Decisions, done_word, role_for
from headgate.store import executions, journal
from headgate.store.executions import Execution, ExecutionFilter
from headgate.store.journal import Recorded
from headgate.web.executions import ShownTry, whole
from headgate.web.pages.automation.shown import as_text
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter()
_IN_LIST: Final = 50
_MOST_CAUSES: Final = 20
_MOST_WHY: Final = 300
_WAITS: Final = frozenset({ExecutionState.APPROVAL, ExecutionState.ASKING})
_Word = Annotated[str, Query(max_length=300, pattern=r"^[^\x00]*$")]
_Number = Annotated[int | None, Query(ge=1, lt=10**15)]


def _wanted(rule: _Word = "", state: _Word = "", about: _Word = "", before: _Number = None) -> ExecutionFilter:
    try:
        wanted = ExecutionState(state) if state not in ("", "open") else None
    except ValueError:
        raise ParametersError("there is no such state") from None
    return ExecutionFilter(rule.strip() or None, wanted, about.strip() or None, state == "open", before=before)


@router.get("/automation/executions")
async def listed(
    request: Request, site: TheSite, visitor: TheVisitor, wanted: Annotated[ExecutionFilter, Depends(_wanted)]
) -> Response:
    """Show executions, newest first."""
    visitor.require(Right.SEE_AUTOMATION)
    found = await site.store.read(lambda connection: executions.find(connection, wanted, limit=_IN_LIST + 1))
    shown = found[::-1][:_IN_LIST]
    state = "open" if wanted.open else "" if wanted.state is None else wanted.state.value
    return await page(
        request,
        site,
        visitor,
        "automation/executions.html",
        executions=shown,
        states=[one.value for one in ExecutionState],
        query={"rule": wanted.rule or "", "state": state, "about": wanted.subject or ""},
        first=wanted.before is None,
        older=shown[-1].id if len(found) > _IN_LIST else None,
    )


@router.get("/automation/executions/{number}")
async def one_execution(request: Request, site: TheSite, visitor: TheVisitor, number: int) -> Response:
    """Show one execution, step by step."""
    visitor.require(Right.SEE_AUTOMATION)
    shown = await whole(site.store, site.desk, visitor.caller, number)

    def work(connection: Connection) -> tuple[Execution | None, Recorded | None, list[Execution]]:
        one = executions.get(connection, number)
        event = None if one is None else journal.get(connection, one.event_id)
        return one, event, _causes(connection, one)

    raw, event, causes = await site.store.read(work)
    if raw is None:
        raise NotFoundError(f"there is no execution {number}")
    may = visitor.caller.may(role_for(raw))
    return await page(
        request,
        site,
        visitor,
        "automation/execution.html",
        one=shown,
        raw=raw,
        tries=[(one, _text(one.parameters), _text(one.result)) for one in shown.tries],
        event=event,
        event_data="" if event is None else as_text(dict(event.event.data)),
        causes=causes,
        role=role_for(raw).value,
        may=may,
        may_approve=may and raw.state in _WAITS,
        may_cancel=may and not raw.state.over and raw.state is not ExecutionState.RUNNING,
        waits=raw.state in _WAITS,
        hidden=any(_is_hidden(one) for one in shown.tries),
    )


@router.post("/automation/executions/{number}/decide")
async def decide(site: TheSite, visitor: TheVisitor, form: TheForm, number: int) -> Response:
    """Approve, refuse or cancel an execution."""
    visitor.require(Right.SEE_AUTOMATION)
    try:
        decision = Decision(form.get("decision"))
    except ValueError:
        raise ParametersError("there is no such decision") from None
    back = "/automation" if form.get("back") == "rules" else f"/automation/executions/{number}"
    try:
        await Decisions(site.store).decide(number, decision, visitor.caller, why=form.get("why")[:_MOST_WHY])
    except NotPermittedError:
        raise
    except DecisionError as error:
        return await go_on(site, visitor, back, f"{error.message[:1].upper()}{error.message[1:]}.", kind="failed")
    return await go_on(site, visitor, back, f"Execution {number} is {done_word(decision)}.")


def _causes(connection: Connection, one: Execution | None) -> list[Execution]:
    """Return the executions that brought about an execution's event, nearest first."""
    found: list[Execution] = []
    while one is not None and one.cause is not None and len(found) < _MOST_CAUSES:
        one = executions.get(connection, one.cause)
        found += [one] if one is not None else []
    return found


def _text(value: object) -> str:
    return "" if value in (None, {}, []) else as_text(value)  # type: ignore[arg-type]


def _is_hidden(one: ShownTry) -> bool:
    return one.parameters is None
