"""The Slack connector: one call of ``chat.postMessage``."""

from __future__ import annotations

import json
import re

from headgate.connectors.bounds import within
from headgate.connectors.buttons import buttons_for
from headgate.connectors.slack.blocks import Block
from headgate.connectors.slack.client import SlackClient
from headgate.connectors.slack.markup import escape
from headgate.connectors.slack.preview import page_of
from headgate.connectors.slack.rendering import BOUNDS, DIGEST_ROOM, payload_of
from headgate.connectors.slack.settings import SlackSettings
from headgate.connectors.templating import SiteTemplates
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition

_ID = re.compile(r"[UWCGD][A-Z0-9]{2,20}")
"""A person (``U``, ``W``), a channel (``C``, ``G``), a conversation of two (``D``)."""
_CHANNEL = re.compile(r"#[a-z0-9][a-z0-9_-]{0,79}")


class SlackConnector:
    """Posts messages. Raises ConnectorError when made with authorities or templates that cannot be used."""

    repeat_safe = False
    """Slack has no way to say a message once: a bot's ``client_msg_id`` is not looked at."""
    wants_events = False
    digest_room = DIGEST_ROOM

    def __init__(self, name: str, settings: SlackSettings) -> None:
        self.name = name
        self._bot = settings.bot
        self._templates = SiteTemplates(settings.templates, escape)
        self._client = SlackClient(settings)

    def check_target(self, target: str) -> str:
        """Return the target as it is. Raises RecipientError for what is no id of Slack's and no channel's name."""
        if not (_ID.fullmatch(target) or _CHANNEL.fullmatch(target)):
            raise RecipientError(f"{target[:64]!a} is no Slack id (U…, C…, D…) and no #channel")
        return target

    def render(self, envelope: Envelope) -> Rendition:
        """Return the arguments of the call. Raises RecipientError for a bad target."""
        payload = self._payload(self.check_target(envelope.target), envelope)
        return Rendition(json.dumps(payload, ensure_ascii=False, indent=2), ".json", page_of(payload))

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            payload = self._payload(self.check_target(envelope.target), envelope)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        await commit()
        return (await self._client.call("chat.postMessage", payload)).outcome

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _payload(self, target: str, envelope: Envelope) -> Block:
        message = within(envelope.message, BOUNDS)
        body = self._templates.body(message, target=target)
        payload = payload_of(message, channel=target, buttons=buttons_for(message, self._bot), body=body)
        # Slack does not look at it; it says in Slack's own tools which delivery a message was.
        payload["metadata"] = {"event_type": "headgate_message", "event_payload": {"key": envelope.key}}
        return payload
