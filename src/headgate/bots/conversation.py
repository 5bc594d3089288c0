"""The conversation: from what somebody said to what is answered, with everything that has to hold in between.

One conversation belongs to one connector's bot. How an answer comes about can be read in ``_decide``: who asks too much
is not answered, who is not alone gets help, may decide about executions of rules, and nothing else, who is not known
gets no further, and what the settings do not allow is not done. What is done for people whose account is known stands
in ``desk.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection

from headgate.bots import wording
from headgate.bots.acting import Acting, ActionDoor
from headgate.bots.chat import Answer, Incoming
from headgate.bots.commands import (
    Cancel,
    Command,
    ConfirmAction,
    Decide,
    Help,
    Jobs,
    LinkAccount,
    Mute,
    NotUnderstood,
    RunAction,
    ShowJob,
    ShowOutput,
    Unlink,
    read_command,
    verb_of,
)
from headgate.bots.deciding import Deciding, DecisionDoor
from headgate.bots.desk import Desk, Reply, SlurmDoor
from headgate.bots.rates import Allowance, Rates
from headgate.config.chat import BotSettings
from headgate.errors import HeadgateError
from headgate.model import trace
from headgate.model.person import Link
from headgate.model.text import one_line
from headgate.notify.output import OutputReader
from headgate.store import audit, links
from headgate.store.links import GuessLimits, Redeemed, Refusal
from headgate.store.store import Store
from headgate.telemetry.context import about

_log = structlog.get_logger(__name__)

COMMANDS = Counter("headgate_bot_commands", "Commands given to bots, by how they ended.", ["bot", "command", "outcome"])

_LONGEST_PLACE = 1024
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """What a bot answers: ``bot`` as configured, the bounds on codes, and commands a minute and person.

    ``linked_only``: whether the connector tells only people whose account is linked. ``output_lines``: how many lines
    of a job's output are shown.
    """

    bot: BotSettings
    guesses: GuessLimits
    per_minute: int = 20
    linked_only: bool = False
    output_lines: int = 20


_OWN = OutputReader()
"""Reads what Headgate's own account may."""


class Conversation:
    """Answers whoever speaks to the bot of the connector ``name``. Calling it raises nothing but CancelledError."""

    def __init__(
        self,
        store: Store,
        name: str,
        settings: ConversationSettings,
        slurm: SlurmDoor,
        *,
        outputs: OutputReader = _OWN,
        actions: ActionDoor | None = None,
        decisions: DecisionDoor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._name = name
        self._settings = settings
        self._clock = clock
        self._rates = Rates(settings.per_minute, clock=clock)
        self._acting = None if actions is None else Acting(actions, name, settings.bot, clock=clock)
        self._deciding = None if decisions is None else Deciding(decisions)
        self._desk = Desk(store, name, settings.bot, slurm, lines=settings.output_lines, outputs=outputs, clock=clock)

    async def __call__(self, incoming: Incoming) -> Answer | None:
        """Answer, or say nothing."""
        allowance = self._rates.ask(incoming.identity)
        if allowance is Allowance.SILENCE:
            return None
        with about(trace.new(), bot=self._name):
            return await self._answer(incoming, allowance)

    async def _answer(self, incoming: Incoming, allowance: Allowance) -> Answer | None:
        command = read_command(incoming.text)
        if allowance is Allowance.SAY_SO:
            reply = Reply(Answer(wording.SLOW_DOWN, discreet=not incoming.private), "too many")
        else:
            reply = await self._safely(command, incoming)
        COMMANDS.labels(self._name, verb_of(command), reply.outcome).inc()
        _log.info("bot.command", command=verb_of(command), outcome=reply.outcome)
        if not reply.recorded:
            await self._record(command, incoming, reply)
        return reply.answer

    async def _safely(self, command: Command, incoming: Incoming) -> Reply:
        try:
            return await self._decide(command, incoming)
        except HeadgateError as error:
            _log.warning("bot.answer_failed", bot=self._name, command=verb_of(command), error=error.message)
        except Exception as error:  # noqa: BLE001 - one mistake of ours must not end the bot for everybody
            _log.error("bot.answer_broke", bot=self._name, command=verb_of(command), error=type(error).__name__)
        return Reply(Answer(wording.BROKEN, discreet=not incoming.private), "failed")

    async def _decide(self, command: Command, incoming: Incoming) -> Reply:
        if isinstance(command, Decide) or not incoming.private:
            return await self._among_others(command, incoming)
        if isinstance(command, LinkAccount):
            return await self._link(command, incoming)
        link = await self._store.read(lambda c: links.link_of(c, self._name, incoming.identity))
        if isinstance(command, Help | NotUnderstood):
            return self._explain(command, incoming, link)
        if link is None:
            return Reply(wording.stranger(self._name), "refused")
        if not isinstance(command, Unlink) and verb_of(command) not in self._settings.bot.commands:
            return Reply(Answer(wording.NOT_HERE), "refused", user=link.user)
        work = (
            self._act(command, link) if isinstance(command, RunAction | ConfirmAction) else self._serve(command, link)
        )
        return await work

    async def _decide_execution(self, command: Decide, incoming: Incoming) -> Reply:
        """Approve or refuse, also where others read: that is where it was asked. Who may not is told so alone."""
        link = await self._store.read(lambda c: links.link_of(c, self._name, incoming.identity))
        if link is None:
            return Reply(replace(wording.stranger(self._name), discreet=not incoming.private), "refused")
        if self._deciding is None or verb_of(command) not in self._settings.bot.commands:
            return Reply(Answer(wording.NOT_HERE, discreet=not incoming.private), "refused", user=link.user)
        return await self._deciding.decide(link, command, incoming)

    async def _act(self, command: RunAction | ConfirmAction, link: Link) -> Reply:
        if self._acting is None:
            return Reply(Answer(wording.NOT_HERE), "refused", user=link.user)
        if isinstance(command, RunAction):
            return await self._acting.run(link, command)
        return await self._acting.confirm(link, command)

    async def _serve(self, command: Jobs | ShowJob | ShowOutput | Cancel | Mute | Unlink, link: Link) -> Reply:
        match command:
            case Jobs():
                return await self._desk.jobs(link)
            case ShowJob(job):
                return await self._desk.job(link, job)
            case ShowOutput(job):
                return await self._desk.output(link, job)
            case Cancel(job, token):
                return await self._desk.cancel(link, job, token)
            case Mute(seconds):
                return await self._desk.mute(link, seconds)
            case Unlink():
                return await self._desk.unlink(link)

    async def _among_others(self, command: Command, incoming: Incoming) -> Reply:
        """Answer where others read, or may: nothing here tells who anybody is or what they have."""
        if isinstance(command, Decide):
            return await self._decide_execution(command, incoming)
        if isinstance(command, Help):
            return Reply(self._invite(incoming), "done")
        if isinstance(command, LinkAccount):
            await self._store.write(lambda c: links.burn(c, command.code))
            return Reply(Answer(wording.BURNT_CODE.format(name=self._name), discreet=True), "refused")
        return Reply(Answer(wording.IN_PRIVATE, discreet=True), "refused")

    def _explain(self, command: Help | NotUnderstood, incoming: Incoming, link: Link | None) -> Reply:
        if isinstance(command, NotUnderstood):
            return Reply(wording.not_understood(command), "not understood", user=link.user if link else "")
        if link is not None:
            # Where only links count, another private room of the same person would be refused as a target.
            place = "" if self._settings.linked_only else _place(incoming)
            answer = wording.welcome(self._name, place, link, self._settings.bot.commands)
            return Reply(answer, "done", user=link.user)
        return Reply(self._invite(incoming), "done")

    def _invite(self, incoming: Incoming) -> Answer:
        if self._settings.linked_only:
            return wording.only_linked(self._name)
        return wording.greeting(self._name, _place(incoming), private=incoming.private)

    async def _link(self, command: LinkAccount, incoming: Incoming) -> Reply:
        if not incoming.identity:
            return Reply(wording.stranger(self._name), "refused")
        name = one_line(incoming.name, _LONGEST_NAME)
        offered = Link(self._name, incoming.identity, "", _place(incoming), name, self._clock())

        def work(connection: Connection) -> Redeemed:
            redeemed = links.redeem(connection, offered, command.code, self._settings.guesses)
            why = redeemed.refusal.name.lower().replace("_", " ") if redeemed.refusal else ""
            reply = Reply(None, "refused" if why else "done", user=redeemed.owner, detail=why)
            self._write(connection, "link", incoming, reply)
            return redeemed

        redeemed = await self._store.write(work)
        if redeemed.link is not None:
            _log.info("bot.linked", bot=self._name, user=redeemed.link.user)
            return Reply(wording.linked(self._name, redeemed.link), "done", recorded=True)
        answer = Answer(wording.REFUSED_CODE.format(name=self._name))
        if redeemed.refusal is Refusal.LINKED_ELSEWHERE:
            answer = wording.belongs(redeemed.owner)
        elif redeemed.refusal is Refusal.TOO_MANY:
            answer = Answer(wording.TOO_MANY_CODES)
        return Reply(answer, "refused", recorded=True)

    async def _record(self, command: Command, incoming: Incoming, reply: Reply) -> None:
        verb = verb_of(command)
        try:
            await self._store.write(lambda c: self._write(c, verb, incoming, reply))
        except HeadgateError as error:
            _log.error("bot.audit_failed", bot=self._name, command=verb, error=error.message)

    def _write(self, connection: Connection, action: str, incoming: Incoming, reply: Reply) -> None:
        who = incoming.identity if incoming.private else f"{incoming.identity} in {incoming.place}"
        audit.record(
            connection,
            user=reply.user,
            via=f"bot {self._name}",
            action=action,
            outcome=reply.outcome,
            subject=reply.subject,
            detail=f"{who}: {reply.detail}" if reply.detail else who,
            now=self._clock(),
        )


def _place(incoming: Incoming) -> str:
    return one_line(incoming.place, _LONGEST_PLACE)
