"""The Mattermost bot: listens on the web socket, and answers by posts."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import aiohttp
import structlog

from headgate.bots.chat import Answer, Converse, Memory
from headgate.connectors.mattermost.answering import answer_post
from headgate.connectors.mattermost.client import MattermostClient, RefusedError
from headgate.connectors.mattermost.directory import Directory
from headgate.connectors.mattermost.hearing import Heard, Self, heard
from headgate.connectors.mattermost.settings import MattermostSettings
from headgate.connectors.mattermost.targets import is_id
from headgate.connectors.tls import tls_context
from headgate.errors import BotError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, TryAgain

_log = structlog.get_logger(__name__)
_HEARTBEAT = 30.0
"""Seconds between pings; a server that does not answer one within half of that is lost."""
_MAX_EVENT = 8 * 1024 * 1024
_AT_ONCE = 8
"""Answers under way at the same time."""
_PER_PERSON = 3
"""Answers one person may have under way or waiting; what they say beyond that is overheard."""
_WAITING = 100
"""Answers under way or waiting, of all people together."""


def listen(name: str, settings: MattermostSettings, memory: Memory) -> MattermostListener:
    """Make the bot of a connector. It keeps no place: what is said while it is away stays unanswered."""
    del memory
    return MattermostListener(name, settings)


class MattermostListener:
    """Answers whoever addresses the bot. Raises ConnectorError when made with authorities that cannot be read."""

    def __init__(self, name: str, settings: MattermostSettings) -> None:
        self._name = name
        self._settings = settings
        self._tls = tls_context(settings.ca_file)
        self._busy: Counter[str] = Counter()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def run(self, converse: Converse) -> None:
        """Connect and answer until cancelled. Raises BotError; not transient if the token is refused."""
        client = MattermostClient(self._settings)
        directory = Directory(client)
        try:
            bot = await _who(client)
            async with aiohttp.ClientSession() as session:
                await self._listen(session, bot, directory, client, converse)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BotError(client.hide(f"{type(error).__name__}: {error}")) from None
        finally:
            await client.aclose()

    async def _listen(
        self,
        session: aiohttp.ClientSession,
        bot: Self,
        directory: Directory,
        client: MattermostClient,
        converse: Converse,
    ) -> None:
        url = f"ws{self._settings.url.removeprefix('http')}/api/v4/websocket"
        async with asyncio.timeout(self._settings.timeout):
            socket = await session.ws_connect(url, heartbeat=_HEARTBEAT, max_msg_size=_MAX_EVENT, ssl=self._tls)
        lost: BotError
        async with socket, asyncio.TaskGroup() as answers:
            token = self._settings.token.get_secret_value()
            await socket.send_json({"seq": 1, "action": "authentication_challenge", "data": {"token": token}})
            events = _Events(socket, self._settings.timeout)
            while True:
                try:
                    event = await events.next()
                except BotError as error:
                    lost = error
                    break
                said = heard(event, bot, self._settings.bot.trigger)
                if said is not None and self._has_room(said.incoming.identity):
                    self._busy[said.incoming.identity] += 1
                    answers.create_task(self._answer(said, directory, client, converse), name=f"{self._name} answers")
        raise lost

    def _has_room(self, person: str) -> bool:
        room = self._busy[person] < _PER_PERSON and self._busy.total() < _WAITING
        if not room:
            _log.debug("mattermost.overheard", connector=self._name)
        return room

    async def _answer(self, said: Heard, directory: Directory, client: MattermostClient, converse: Converse) -> None:
        person = said.incoming.identity
        try:
            async with self._turn:
                answer = await converse(said.incoming)
                if answer is not None:
                    await self._say(answer, said, directory, client)
        except RefusedError as error:
            _log.warning("mattermost.unanswered", connector=self._name, said=error.message)
        except Exception as error:  # noqa: BLE001 - one failing answer must not end the bot for everybody
            _log.error("mattermost.answer_failed", connector=self._name, kind=type(error).__name__)
        finally:
            self._busy[person] -= 1
            if not self._busy[person]:
                del self._busy[person]

    async def _say(self, answer: Answer, said: Heard, directory: Directory, client: MattermostClient) -> None:
        """Answer where it was said, under it; in the person's direct channel what is for them alone."""
        channel, thread = said.incoming.place, "" if said.incoming.private else said.thread
        if answer.discreet and not said.incoming.private:
            channel, thread = await directory.direct_channel(said.incoming.identity), ""
        longest = self._settings.max_length
        post = answer_post(answer, channel=channel, thread=thread, key=said.post, longest=longest)
        outcome = await client.post(post)
        if not isinstance(outcome, Delivered):
            raise RefusedError(outcome)


class _Events:
    """The events of one web socket, in order and without gaps."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, timeout: float) -> None:
        self._socket = socket
        self._timeout: float | None = timeout
        self._expected: int | None = None

    async def next(self) -> object:
        """Return the next event. Raises BotError when the connection is lost, or an event is missing.

        Until the server has said anything, it has as long as for any other request; then it may be silent.
        """
        while True:
            try:
                message = await self._socket.receive(self._timeout)
            except TimeoutError:
                raise BotError("the server does not answer on the web socket") from None
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BotError("the web socket was closed")
            self._timeout = None
            try:
                said = json.loads(message.data)
            except (ValueError, RecursionError):
                raise BotError("the server says what is no JSON on the web socket") from None
            if not isinstance(said, dict):
                continue
            if said.get("status") == "FAIL":
                raise BotError("the server refuses the web socket")
            if "event" in said:
                self._count(said.get("seq"))
                return said

    def _count(self, number: object) -> None:
        if not isinstance(number, int) or number != (number if self._expected is None else self._expected):
            raise BotError("events were lost on the web socket")
        self._expected = number + 1


async def _who(client: MattermostClient) -> Self:
    """Return who the bot is. The web socket does not say why it closes, so a refused token is found out here."""
    try:
        user = await client.ask("GET", "users/me")
    except RefusedError as error:
        refused = isinstance(error.outcome, TryAgain) and error.outcome.reason is Reason.NOT_AUTHORISED
        raise BotError(error.message, transient=not refused) from None
    name = user.get("username")
    if not is_id(user.get("id")) or not isinstance(name, str):
        raise BotError("the server does not say who the bot is")
    return Self(str(user["id"]), name)
