"""The Teams connector: one card, posted to a Workflows webhook."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import structlog

from headgate.connectors.address import AddressRules
from headgate.connectors.http import outcome_of_error
from headgate.connectors.msteams.answers import RUN_ID, outcome_of_answer
from headgate.connectors.msteams.card import Element
from headgate.connectors.msteams.markup import markdown
from headgate.connectors.msteams.preview import page_of
from headgate.connectors.msteams.rendering import bounded_for_template, octets_of, payload_of
from headgate.connectors.msteams.settings import TeamsSettings
from headgate.connectors.redaction import Redaction
from headgate.connectors.templating import SiteTemplates
from headgate.connectors.web_client import FAILURES, WebClient
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition

_TIME_FOR_TEXT = 2.0
"""Seconds an answer's text may take once its status is known."""
_WORD = re.compile(r"[A-Za-z0-9_.~%-]{12,}")
_log = structlog.get_logger(__name__)


class TeamsConnector:
    """Posts cards. Raises ConnectorError when made with authorities or templates that cannot be used."""

    repeat_safe = False
    """A card posted twice is shown twice: flows know no key."""
    wants_events = False
    digest_room = 4000
    digest_lines = 50
    """What a card of 20,000 octets holds whatever the job names are made of."""

    def __init__(self, name: str, settings: TeamsSettings) -> None:
        self.name = name
        self._channels = {target: url.get_secret_value() for target, url in settings.urls.items()}
        self._flow = settings.flow_url.get_secret_value() if settings.flow_url is not None else None
        self._persons = AddressRules(settings.domain or "", settings.allow)
        self._templates = SiteTemplates(settings.templates, markdown)
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            time_for_body=_TIME_FOR_TEXT,
        )
        every = [*self._channels.values(), *([self._flow] if self._flow else [])]
        self._shared = len(every) == 1
        self._hide = Redaction([part for url in every for part in _secret_parts(url)])
        if moved := settings.moved():
            _log.warning(
                "msteams.old_address",
                connector=name,
                settings=moved,
                advice="flows of Power Automate stopped at logic.azure.com on 2025-11-30; copy the new address from "
                "the flow's trigger. Azure Logic Apps are not concerned.",
            )

    def check_target(self, target: str) -> str:
        """Return the channel's name or the person's. Raises RecipientError for one that is neither."""
        if target in self._channels:
            return target
        if self._flow is None:
            raise RecipientError(f"connector {self.name} has no channel {target[:64]!a}")
        return self._persons.settle(target)

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Post once and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        content = octets_of(self._payload(envelope, target))
        url = self._channels.get(target) or self._flow or ""
        await commit()
        try:
            return await self._post(url, content, envelope.key)
        except FAILURES as error:
            return outcome_of_error(error, self._hide)

    def render(self, envelope: Envelope) -> Rendition:
        """Return what would be posted, and a page that shows it. Raises RecipientError for a bad target."""
        payload = self._payload(envelope, self.check_target(envelope.target))
        written = json.dumps(payload, ensure_ascii=False, indent=2) + "\n"
        return Rendition(written, ".json", html=page_of(payload))

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    def _payload(self, envelope: Envelope, target: str) -> Element:
        body = self._templates.body(bounded_for_template(envelope.message), target=target)
        principal = None if target in self._channels else target
        return payload_of(envelope.message, body=body, principal=principal)

    async def _post(self, url: str, content: bytes, key: str) -> Outcome:
        """Post, and take the status as the answer: what follows it only says why."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            # names the run in the flow's history, and lets a flow know a card again
            "x-ms-client-tracking-id": key,
        }
        answer = await self._client.exchange("POST", url, content=content, headers=headers)
        return outcome_of_answer(
            answer.status,
            answer.said,
            answer.headers.get(RUN_ID, ""),
            after=answer.after,
            shared=self._shared,
            hide=self._hide,
        )


def _secret_parts(url: str) -> list[str]:
    """Return what must not be shown of an address: the whole, its path, its key, and every long word of them."""
    parts = urlsplit(url)
    path = url.partition("://")[2].partition("/")[2]
    keys = parse_qs(parts.query).get("sig", [])
    return [url, path, parts.query, *keys, *_WORD.findall(path)]
