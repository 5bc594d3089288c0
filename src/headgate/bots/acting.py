"""Actions in a chat: of one that changes something it is said first what it would do, and asked whether it shall."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from headgate.bots.chat import Answer, Button
from headgate.bots.commands import ConfirmAction, RunAction
from headgate.bots.desk import Reply
from headgate.bots.questions import Questions
from headgate.config.chat import BotSettings
from headgate.errors import HeadgateError
from headgate.model.person import Link
from headgate.model.text import one_line

_COMPLAINT: Final = 500
_SHOWN: Final = 2500
"""Characters of a result that are shown."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of a call. ``asks``: nothing was changed; it is what would be done. ``error``: why it is not well."""

    result: str
    asks: bool = False
    error: str = ""
    recorded: bool = False
    """Whether the audit log has it."""


class ActionDoor(Protocol):
    """Runs actions for people."""

    async def run(self, user: str, identity: str, name: str, given: Mapping[str, str], *, surely: bool) -> Acted:
        """Run an action with parameters as texts; without ``surely``, what changes something is only tried.

        Raises HeadgateError, whose message is for who asked.
        """


class Acting:
    """Runs actions for linked people of one connector."""

    def __init__(
        self, door: ActionDoor, name: str, bot: BotSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._door = door
        self._name = name
        self._bot = bot
        self._questions = Questions(clock=clock)

    async def run(self, link: Link, command: RunAction) -> Reply:
        """Run an action that changes nothing; of any other say what it would do, and ask."""
        try:
            acted = await self._call(link, command, surely=False)
        except HeadgateError as error:
            return _refused(link, command, error)
        if not acted.asks:
            return _done(link, command, acted)
        said = f"action yes {self._questions.ask(link.identity, command)}"
        problem = f"\nIt would not all be done: {one_line(acted.error, _COMPLAINT)}" if acted.error else ""
        text = f"This is what {command.name} would do.{problem}\nShall I? Within two minutes, say: {said}"
        buttons = (Button("Do it", said, danger=True),) if self._bot.buttons else ()
        return Reply(Answer(text, code=_shown(acted), buttons=buttons), "asked", user=link.user, subject=command.name)

    async def confirm(self, link: Link, command: ConfirmAction) -> Reply:
        """Run the action that somebody was asked about."""
        asked = self._questions.taken(link.identity, command.token)
        if not isinstance(asked, RunAction):
            text = "I asked you nothing, or it is too long ago. Say the action once more."
            return Reply(Answer(text), "refused", user=link.user, detail="no such question")
        try:
            return _done(link, asked, await self._call(link, asked, surely=True))
        except HeadgateError as error:
            return _refused(link, asked, error)

    async def _call(self, link: Link, command: RunAction, *, surely: bool) -> Acted:
        return await self._door.run(link.user, link.identity, command.name, dict(command.parameters), surely=surely)


def _done(link: Link, command: RunAction, acted: Acted) -> Reply:
    text = f"{command.name}: done." if not acted.error else f"{command.name}: {one_line(acted.error, _COMPLAINT)}"
    outcome = "failed" if acted.error else "done"
    answer = Answer(text, code=_shown(acted))
    return Reply(answer, outcome, user=link.user, subject=command.name, recorded=acted.recorded)


def _refused(link: Link, command: RunAction, error: HeadgateError) -> Reply:
    why = one_line(error.message, _COMPLAINT)
    return Reply(Answer(f"That was not done: {why}"), "refused", user=link.user, subject=command.name, detail=why)


def _shown(acted: Acted) -> str:
    return acted.result if len(acted.result) <= _SHOWN else f"{acted.result[:_SHOWN]}…"
