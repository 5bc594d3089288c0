"""Every service that Headgate speaks to, on this machine: a real Synapse, a real RabbitMQ, and our strict fakes.

There are ada and ben in each of the chats, and a pull request on the played GitHub. Nothing leaves the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from types import TracebackType
from typing import Any, Final, Self

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from headgate.testing.discord.server import CHANNEL as DISCORD_CHANNEL
from headgate.testing.discord.server import TOKEN as DISCORD_TOKEN
from headgate.testing.discord.server import FakeDiscord
from headgate.testing.http.sink import HttpSink
from headgate.testing.matrix.person import Person as MatrixPerson
from headgate.testing.matrix.synapse import SERVER_NAME, SynapseServer
from headgate.testing.mattermost import Channel, FakeMattermost, User
from headgate.testing.msteams.flows import PlayedFlows
from headgate.testing.rabbitmq.broker import RabbitBroker
from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN
from headgate.testing.telegram.chats import Chat
from headgate.testing.telegram.chats import Person as TelegramPerson
from headgate.testing.telegram.server import TelegramServer
from scripts.demo.got import Got
from scripts.demo.hub import Hub

QUEUE: Final = "jobs"
SLACK_CHANNEL: Final = "C0GENERAL"
TELEGRAM: Final = {"ada": 1001, "ben": 1002}
"""Who has which chat with the bot."""
_FLOW, _SIG = "a1", "key-of-the-flow"
_BOT: Final = f"@headgate:{SERVER_NAME}"
Tables = dict[str, dict[str, Any]]


class Services:
    """All of them; use it as an async context manager. It takes some ten seconds to start."""

    def __init__(self) -> None:
        self.slack, self.mattermost, self.telegram = FakeSlack(), FakeMattermost(), TelegramServer()
        self.discord, self.teams, self.hooks = FakeDiscord(), PlayedFlows(), HttpSink()
        self.synapse, self.broker, self.hub = SynapseServer(), RabbitBroker(), Hub()
        self.room = ""
        self._token = ""
        self._room_of: MatrixPerson
        self._channel: Channel
        self._people: dict[str, User] = {}
        self._queued: list[dict[str, Any]] = []
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start them all, and let ada and ben in."""
        try:
            starting = [asyncio.to_thread(real.__enter__) for real in (self.synapse, self.broker)]
            self._stack.callback(self.synapse.close)
            self._stack.push(self.broker)
            await asyncio.wait(started := [asyncio.ensure_future(start) for start in starting])
            for one in started:
                one.result()
            self.teams.add(_FLOW, _SIG)
            for fake in (self.slack, self.mattermost, self.telegram, self.discord, self.teams, self.hooks):
                await self._stack.enter_async_context(fake)
            self._stack.push_async_callback(self.hub.stop)
            await self.hub.start()
            await self._settle()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them all."""
        await self._stack.aclose()

    async def _settle(self) -> None:
        world = self.mattermost.world
        self._people = {name: world.add_user(name) for name in TELEGRAM}
        self._channel = world.add_channel("science", "jobs", world.bot, *self._people.values())
        for name, number in TELEGRAM.items():
            self.telegram.telegram.add(Chat(number, title=name.title()))
        self._token, ada = [await asyncio.to_thread(self.synapse.register, name) for name in ("headgate", "ada")]
        self._room_of = MatrixPerson(self.synapse.url, f"@ada:{SERVER_NAME}", ada)
        await self._stack.enter_async_context(self._room_of)
        self.room = await self._room_of.make_room(_BOT)
        async with MatrixPerson(self.synapse.url, _BOT, self._token) as bot:
            await bot.join(self.room)
        connection = await aio_pika.connect(self.broker.url)
        self._stack.push_async_callback(connection.close)
        queue = await (await connection.channel()).declare_queue(QUEUE, durable=True)
        await queue.consume(self._take, no_ack=True)

    async def _take(self, message: AbstractIncomingMessage) -> None:
        moment = message.timestamp
        properties = {
            "message_id": message.message_id,
            "timestamp": int(moment.timestamp()) if moment is not None else 0,
            "headers": dict(message.headers),
        }
        place = {"exchange": message.exchange or "", "routing_key": message.routing_key or ""}
        self._queued.append({**place, "properties": properties, "body": json.loads(message.body)})

    def tables(self) -> Tables:
        """Return the tables of Headgate's configuration for all chats; bots are on where a fake can speak to one."""
        return {
            "connectors.slack": {"base_url": self.slack.base_url, "token": BOT_TOKEN},
            "connectors.slack.bot": {"enabled": True, "app_token": APP_TOKEN},
            "connectors.mattermost": {"url": self.mattermost.url, "token": self.mattermost.token},
            "connectors.mattermost.bot": {"enabled": True},
            "connectors.matrix": {"homeserver": self.synapse.url, "token": self._token},
            "connectors.matrix.bot": {"enabled": True},
            "connectors.telegram": {"base_url": self.telegram.url, "token": self.telegram.telegram.token},
            "connectors.telegram.lookup": {"chain": ["links"]},
            "connectors.telegram.bot": {"enabled": True},
            "connectors.discord": {"url": self.discord.url, "token": DISCORD_TOKEN},
            "connectors.msteams.urls": {"general": self.teams.url(_FLOW)},
            "connectors.rabbitmq": {"url": self.broker.url},
            "connectors.rabbitmq.destinations.jobs": {"queue": QUEUE, "declare": True},
            "connectors.apprise.targets.desk": {"url": f"{self.hooks.url.replace('http', 'json', 1)}/apprise"},
            "connectors.webhook.endpoints.site": {"url": f"{self.hooks.url}/webhook"},
        }

    @property
    def receivers(self) -> dict[str, str]:
        """Service -> the target that a job names."""
        return {
            "slack": SLACK_CHANNEL,
            "mattermost": self._channel.id,
            "matrix": self.room,
            "telegram": str(TELEGRAM["ada"]),
            "discord": DISCORD_CHANNEL,
            "msteams": "general",
            "rabbitmq": "jobs",
            "apprise": "desk",
            "webhook": "site",
        }

    async def got(self) -> list[Got]:
        """Return what each service took so far, service by service, oldest first."""
        events = await self._room_of.events(self.room, of=_BOT)
        hooks = [(request.path, request.json) for request in self.hooks.requests]
        return [
            *(Got("slack", post.channel, dict(post.arguments)) for post in self.slack.workspace.posts),
            *(Got("mattermost", post["channel_id"], post) for post in self.mattermost.posts),
            *(Got("matrix", self.room, event["content"]) for event in events),
            *(Got("telegram", str(sent.chat), sent.body) for sent in self.telegram.telegram.sent),
            *(Got("discord", taken.channel, taken.payload) for taken in self.discord.messages),
            *(Got("msteams", "general", run.body) for run in self.teams.posted),
            *(Got("rabbitmq", "jobs", queued) for queued in self._queued),
            *(Got("apprise", "desk", body) for path, body in hooks if path == "/apprise"),
            *(Got("webhook", "site", body) for path, body in hooks if path == "/webhook"),
        ]

    def refused(self) -> list[str]:
        """Return what the fakes refused, or took only to find something wrong with it; a text for each."""
        slack, telegram = self.slack.workspace, self.telegram
        posts = sum(call.startswith("chat.post") for call in slack.calls) - len(slack.posts)
        sent = sum(method == "sendMessage" for method, _ in telegram.calls) - len(telegram.telegram.sent)
        asked = sum(request.path.endswith("/messages") for request in self.discord.sink.requests)
        counts = {"slack": posts, "telegram": sent, "discord": asked - len(self.discord.messages)}
        return [
            *(f"{service} refused {count} messages" for service, count in counts.items() if count),
            *(f"slack was sent by its socket: {mistake}" for mistake in self.slack.mistakes),
            *(f"github: {fault}" for fault in self.hub.github.faults),
            *(f"msteams found wrong: {', '.join(run.faults)}" for run in self.teams.runs if run.faults),
        ]

    async def say(self, service: str, who: str, text: str) -> None:
        """Have ada or ben say something to a bot: in private, but on Matrix in the room."""
        match service:
            case "telegram":
                chat = self.telegram.telegram.chats[TELEGRAM[who]]
                self.telegram.telegram.updates.say(chat, TelegramPerson(TELEGRAM[who], who.title()), text)
            case "slack":
                await self.slack.say(f"U0{who.upper()}", text)
            case "mattermost":
                user = self._people[who]
                await self.mattermost.say(
                    user, self.mattermost.world.direct_channel(user, self.mattermost.world.bot), text
                )
            case _:
                await self._room_of.say(self.room, text)
