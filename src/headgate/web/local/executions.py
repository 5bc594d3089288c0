"""Decisions about executions of rules on the local socket: for users of this host who have the role."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from headgate.rules.approval import Decision
from headgate.web.executions import Number, ShownExecution, decided
from headgate.web.local.actions import TheCaller
from headgate.web.local.desk import LocalDesk, desk_of

router = APIRouter(prefix="/executions")


@router.post("/{number}/{decision}")
async def decide_execution(
    number: Number, decision: Decision, caller: TheCaller, at: Annotated[LocalDesk, Depends(desk_of)]
) -> ShownExecution:
    """Approve, refuse or cancel an execution."""
    return await decided(at.store, caller, number, decision)
