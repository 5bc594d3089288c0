"""Approving and refusing executions of rules in a chat, also where others read."""

from __future__ import annotations

from typing import Final, Protocol

from headgate.bots.chat import Answer, Incoming
from headgate.bots.commands import Decide
from headgate.bots.desk import Reply
from headgate.errors import HeadgateError
from headgate.model.person import Link
from headgate.model.text import one_line

_COMPLAINT: Final = 500
_SAID: Final = 300
_NAME: Final = 80


class DecisionDoor(Protocol):
    """Takes decisions of people."""

    async def decide(self, user: str, identity: str, number: int, *, approve: bool) -> str:
        """Approve or refuse an execution, and write down who did; return which one it is, in words.

        Raises HeadgateError, whose message is for who asked.
        """


class Deciding:
    """Takes decisions of linked people of one connector."""

    def __init__(self, door: DecisionDoor) -> None:
        self._door = door

    async def decide(self, link: Link, command: Decide, incoming: Incoming) -> Reply:
        """Approve or refuse an execution; everybody there reads that it was done, and who is refused alone why."""
        number, approves = command.execution, command.approve
        subject = f"execution {number}"
        try:
            which = await self._door.decide(link.user, link.identity, number, approve=approves)
        except HeadgateError as error:
            why = one_line(error.message, _COMPLAINT)
            answer = Answer(f"That was not done: {why}", discreet=not incoming.private)
            return Reply(answer, "refused", user=link.user, subject=subject, detail=why, recorded=True)
        name = "" if incoming.private else one_line(incoming.name, _NAME)
        by = f" by {name}" if name else ""
        text = f"Execution {number} ({one_line(which, _SAID)}) is {'approved' if approves else 'refused'}{by}."
        return Reply(Answer(text), "done", user=link.user, subject=subject, recorded=True)
