"""The bot in Slack: listens by Socket Mode, answers by the Web API."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import aiohttp
import structlog

from headgate.bots.chat import Converse, Memory
from headgate.connectors.slack.answering import Answering
from headgate.connectors.slack.client import SlackClient
from headgate.connectors.slack.events import Envelope, Heard, heard
from headgate.connectors.slack.settings import SlackSettings
from headgate.connectors.slack.socket import SocketMode, envelopes
from headgate.errors import BotError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered

_log = structlog.get_logger(__name__)
_REMEMBERED = 2000
"""Things heard that are known again when Slack tells them again."""
_DRAIN = 30.0
"""Seconds an old connection is still listened to beside its successor."""


class SlackListener:
    """Answers who writes to the app, mentions it, begins with its trigger, or presses a button of its."""

    def __init__(self, name: str, settings: SlackSettings, memory: Memory) -> None:
        """``memory`` is not used: Slack itself tells again what was not acknowledged."""
        del memory
        self._name = name
        self._settings = settings
        self._bot = ""
        self._known: OrderedDict[str, None] = OrderedDict()

    async def run(self, converse: Converse) -> None:
        """Connect, and answer until cancelled. Raises BotError when a connection ends without a successor."""
        client = SlackClient(self._settings)
        try:
            self._bot = await _introduce(client)
            async with (
                SocketMode(self._settings, client) as sockets,
                Answering(self._name, client, converse) as answers,
            ):
                await self._serve(sockets, answers)
        finally:
            await client.aclose()

    async def _serve(self, sockets: SocketMode, answers: Answering) -> None:
        """Listen on one connection after the other; each new one is opened before the old one ends."""
        tasks: set[asyncio.Task[None]] = set()
        try:
            while True:
                socket = await sockets.connect()
                _log.info("slack.listening", connector=self._name)
                ending = asyncio.Event()
                task = asyncio.create_task(self._listen(socket, ending, answers), name=f"{self._name} socket")
                tasks.add(task)
                task.add_done_callback(lambda done: _forget(done, tasks))
                await _either(task, ending)
                if task.done():
                    task.result()
                if not ending.is_set():
                    raise BotError("Slack closed the connection")
        finally:
            left = list(tasks)
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse, ending: asyncio.Event, answers: Answering) -> None:
        """Hear one connection to its end; ``ending`` is set when Slack says that it is going to end it."""
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None) as limit:
                async for envelope in envelopes(socket):
                    if envelope.kind == "disconnect":
                        if envelope.reason == "link_disabled":
                            raise BotError("Socket Mode is switched off in the app's settings", transient=False)
                        limit.reschedule(min(limit.when() or clock() + _DRAIN, clock() + _DRAIN))
                        ending.set()
                    elif (what := self._new(envelope)) is not None:
                        answers.begin(what)
        except TimeoutError:
            _log.debug("slack.old_connection_closed", connector=self._name)
        finally:
            await socket.close()

    def _new(self, envelope: Envelope) -> Heard | None:
        """Return what was said to the bot, unless it was heard before."""
        what = heard(envelope, bot=self._bot, trigger=self._settings.bot.trigger)
        if what is None or what.key in self._known:
            return None
        self._known[what.key] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return what


def _forget(task: asyncio.Task[None], tasks: set[asyncio.Task[None]]) -> None:
    """Let an ended connection go; what ended one that has a successor is of no interest."""
    tasks.discard(task)
    if not task.cancelled():
        task.exception()


async def _introduce(client: SlackClient) -> str:
    """Return the bot's own user id. Raises BotError."""
    called = await client.call("auth.test", {})
    if not isinstance(called.outcome, Delivered):
        refused = called.outcome.reason is Reason.NOT_AUTHORISED
        raise BotError(f"auth.test: {called.outcome.detail}", transient=not refused)
    own = called.data.get("user_id")
    if not isinstance(own, str) or not own:
        raise BotError("auth.test says no user_id")
    return own


async def _either(task: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait until the task is done or the event is set."""
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
