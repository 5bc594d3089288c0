"""The Discord connector: one message to a channel, or to a person in private."""

from __future__ import annotations

import json
from collections import OrderedDict

import structlog

from headgate.connectors.bounds import within
from headgate.connectors.buttons import buttons_for
from headgate.connectors.discord.client import DiscordClient
from headgate.connectors.discord.markup import escape
from headgate.connectors.discord.preview import page_of
from headgate.connectors.discord.rendering import BOUNDS, DIGEST_ROOM, PICTURE, message_of
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.discord.targets import Target, read_target
from headgate.connectors.picture import efficiency_picture
from headgate.connectors.templating import SiteTemplates
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Commit, Delivered, Envelope, GiveUp, Outcome, Rendition, TryAgain

_log = structlog.get_logger(__name__)
_MOST = 10_000
"""Private channels remembered; a forgotten one is asked for again, and is the same."""


class DiscordConnector:
    """Sends messages. Raises ConnectorError when made with templates that cannot be used."""

    repeat_safe = False
    """Discord knows an enforced nonce again for "the past few minutes" only; a crash or an outage may last longer."""
    wants_events = False
    digest_room = DIGEST_ROOM

    def __init__(self, name: str, settings: DiscordSettings) -> None:
        self.name = name
        self._bot = settings.bot
        self._picture = settings.picture
        self._templates = SiteTemplates(settings.templates, escape)
        self._client = DiscordClient(settings)
        self._private: OrderedDict[str, str] = OrderedDict()

    def check_target(self, target: str) -> str:
        """Return the target. Raises RecipientError for what no channel or person of Discord's is called."""
        return str(read_target(target))

    def render(self, envelope: Envelope) -> Rendition:
        """Return the message that would be sent. Raises RecipientError."""
        target = read_target(envelope.target)
        message = within(envelope.message, BOUNDS)
        image = self._image(message)
        payload = self._payload(message, target, envelope.key, picture=image is not None)
        return Rendition(
            payload=json.dumps(payload, ensure_ascii=False, indent=2),
            suffix=".json",
            html=page_of(payload, image),
            pictures={PICTURE: image} if image else {},
        )

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Send once and say how it went."""
        try:
            target = read_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        message = within(envelope.message, BOUNDS)
        channel = await self._channel_of(target)
        if not isinstance(channel, str):
            return channel
        image = self._image(message)
        payload = self._payload(message, target, envelope.key, picture=image is not None)
        await commit()
        outcome = await self._client.post(channel, payload, image)
        if image is not None and isinstance(outcome, GiveUp):
            # Refused for good, so nothing was sent: perhaps the bot may not attach files there.
            _log.warning("discord.picture_refused", connector=self.name, said=outcome.detail)
            outcome = await self._client.post(channel, self._payload(message, target, envelope.key, picture=False))
        if isinstance(outcome, GiveUp) and outcome.reason is Reason.TARGET_REFUSED:
            self._private.pop(target.id, None)
        return outcome

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _channel_of(self, target: Target) -> str | Outcome:
        """Return the channel to write to; for a person whom it cannot be opened with, what that means."""
        if not target.person:
            return target.id
        if (known := self._private.get(target.id)) is not None:
            self._private.move_to_end(target.id)
            return known
        outcome = await self._client.open_private(target.id)
        if not isinstance(outcome, Delivered):
            return outcome
        if not outcome.reference:
            return TryAgain(Reason.BAD_ANSWER, "the answer names no private channel")
        self._private[target.id] = outcome.reference
        if len(self._private) > _MOST:
            self._private.popitem(last=False)
        return outcome.reference

    def _image(self, message: Message) -> bytes | None:
        return efficiency_picture(message) if self._picture else None

    def _payload(self, message: Message, target: Target, key: str, *, picture: bool) -> dict[str, object]:
        return message_of(
            message,
            key=key,
            buttons=buttons_for(message, self._bot),
            body=self._templates.body(message, target=str(target)),
            picture=picture,
        )
