"""The Telegram connector: one ``sendMessage`` by a bot."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import structlog

from headgate.connectors.bounds import within
from headgate.connectors.buttons import buttons_for
from headgate.connectors.http import outcome_of_error
from headgate.connectors.samples import SAMPLES
from headgate.connectors.telegram.answers import is_about_form, outcome_of
from headgate.connectors.telegram.api import BotApi
from headgate.connectors.telegram.markup import Markup, escape
from headgate.connectors.telegram.plain_text import without_markup
from headgate.connectors.telegram.preview import preview
from headgate.connectors.telegram.rendering import BOUNDS, DIGEST_ROOM, room_for_body, send_message
from headgate.connectors.telegram.settings import TelegramSettings
from headgate.connectors.telegram.site_markup import WrongMarkupError, read_markup
from headgate.connectors.telegram.targets import read_target
from headgate.connectors.templating import SiteTemplates
from headgate.connectors.web_client import FAILURES
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition, Scope, TryAgain

_log = structlog.get_logger(__name__)


class TelegramConnector:
    """Sends messages as a bot. Raises ConnectorError when made with templates or authorities that cannot be used."""

    repeat_safe = False
    """The Bot API has no way to tell a repeated message from a new one."""
    wants_events = False
    digest_room = DIGEST_ROOM

    def __init__(self, name: str, settings: TelegramSettings) -> None:
        self.name = name
        self._bot = settings.bot
        self._templates = SiteTemplates(settings.templates, escape)
        for sample in SAMPLES.values():
            self._site_body(within(sample, BOUNDS), "123", strict=True)
        self._api = BotApi(settings)
        self._limited: tuple[str, float] = ("", 0.0)

    def check_target(self, target: str) -> str:
        """Return the target in the form it is kept in. Raises RecipientError for what is no chat."""
        return str(read_target(target))

    def render(self, envelope: Envelope) -> Rendition:
        """Return what ``send`` would hand over."""
        body = self._body(envelope)
        return Rendition(json.dumps(body, ensure_ascii=False, indent=2), ".json", preview(body))

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Send once and say how it went."""
        try:
            body = self._body(envelope)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        await commit()
        try:
            answered = await self._api.send_message(body, key=envelope.key)
            if is_about_form(answered):
                _log.error("telegram.form_refused", connector=self.name, said=self._api.hide(repr(answered)))
                answered = await self._api.send_message(without_markup(body), key=envelope.key)
        except FAILURES as error:
            return self._widened(outcome_of_error(error, self._api.hide), envelope.target)
        return self._widened(outcome_of(answered, self._api.hide), envelope.target)

    async def aclose(self) -> None:
        """Close connections."""
        await self._api.aclose()

    def _body(self, envelope: Envelope) -> dict[str, Any]:
        target = read_target(envelope.target)
        message = within(envelope.message, BOUNDS)
        site = self._site_body(message, str(target))
        return send_message(target, message, buttons=buttons_for(message, self._bot), body=site)

    def _site_body(self, message: Message, target: str, *, strict: bool = False) -> Markup | None:
        """Return the site's own text for a bounded message, if it has one that Telegram would take."""
        text = self._templates.body(message, target=target)
        if not text:
            return None
        room, marks = room_for_body(message)
        try:
            return read_markup(text, room=room, marks=marks)
        except WrongMarkupError as error:
            if strict:
                raise ConnectorError(f"a template for {self.name} makes what Telegram refuses: {error}") from error
            _log.error("template.failed", connector=self.name, error=str(error))
            return None

    def _widened(self, outcome: Outcome, target: str) -> Outcome:
        """Say that an outcome concerns every target, where that is known.

        Telegram limits chats as well as bots, and does not say which it was. Two chats held at the same time are a
        sign that it was the bot.
        """
        if not isinstance(outcome, TryAgain):
            return outcome
        if outcome.reason is Reason.UNREACHABLE:
            return dataclasses.replace(outcome, scope=Scope.CONNECTOR)
        if outcome.reason is Reason.RATE_LIMITED:
            now = time.monotonic()
            other, until = self._limited
            self._limited = (target, now + (outcome.after or 0.0))
            if other != target and until > now:
                return dataclasses.replace(outcome, scope=Scope.CONNECTOR)
        return outcome
