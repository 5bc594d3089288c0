"""Executions of rules over REST: which there are, how each stands, and approving, refusing and cancelling one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from headgate.rules.approval import Decision
from headgate.web.api.actions import TheCaller, TheDesk
from headgate.web.api.asking import At
from headgate.web.executions import Number, ShownExecution, Wanted, WholeExecution, decided, listed, whole

router = APIRouter(prefix="/executions", tags=["executions"])


@router.get("")
async def list_executions(
    caller: TheCaller,
    at: At,
    wanted: Wanted,
    limit: Annotated[int, Query(ge=1, le=1000, description="The newest so many.")] = 100,
) -> list[ShownExecution]:
    """List what rules have begun, oldest first. Takes a role."""
    return await listed(at.store, caller, wanted, limit=limit)


@router.get("/{number}")
async def show_execution(number: Number, caller: TheCaller, at: At, desk: TheDesk) -> WholeExecution:
    """Show an execution, with every try of every step. Takes a role."""
    return await whole(at.store, desk, caller, number)


@router.post("/{number}/approve")
async def approve_execution(number: Number, caller: TheCaller, at: At) -> ShownExecution:
    """Let an execution go on that wants approval, or that asks whether to do a step again.

    It takes the role that the rule says. What waits for nobody, or not any more, is a conflict.
    """
    return await decided(at.store, caller, number, Decision.APPROVE)


@router.post("/{number}/refuse")
async def refuse_execution(number: Number, caller: TheCaller, at: At) -> ShownExecution:
    """End an execution that wants approval, or that asks whether to do a step again. It takes the same role."""
    return await decided(at.store, caller, number, Decision.REFUSE)


@router.post("/{number}/cancel")
async def cancel_execution(number: Number, caller: TheCaller, at: At) -> ShownExecution:
    """End an execution, whatever it waits for; what was done stays done. It takes the same role."""
    return await decided(at.store, caller, number, Decision.CANCEL)
