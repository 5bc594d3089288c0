"""Decisions about executions, for people in a chat of one connector."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.actions.desk import Desk
from headgate.rules.approval import Decision, Decisions


@dataclass(frozen=True, slots=True)
class ChatDecisions:
    """Takes decisions of linked people. ``desk`` knows their roles. ``bot``: the connector's name."""

    decisions: Decisions
    desk: Desk
    bot: str

    async def decide(self, user: str, identity: str, number: int, *, approve: bool) -> str:
        """Approve or refuse an execution; return which one it is, in words. Raises HeadgateError."""
        caller = await self.desk.in_chat(user, self.bot, identity)
        decision = Decision.APPROVE if approve else Decision.REFUSE
        execution = await self.decisions.decide(number, decision, caller)
        return f"{execution.rule}, for {execution.subject}"
