"""The Apprise connector: one notification to a configured address."""

from __future__ import annotations

import asyncio
import json
import time

from headgate.connectors.apprise.preview import page_of
from headgate.connectors.apprise.rendering import BOUNDS, MAX_BODY, Text, escape_for, text_of
from headgate.connectors.apprise.report import outcome_of_report
from headgate.connectors.apprise.service import Form, redaction_of, service_of
from headgate.connectors.apprise.settings import AppriseSettings
from headgate.connectors.apprise.workers import Workers
from headgate.connectors.bounds import within
from headgate.connectors.http import retry_after
from headgate.connectors.templating import SiteTemplates
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition, TryAgain

_STEPS = 3
"""Requests that a service may need for one message: to log in, to find the place, to send."""


class AppriseConnector:
    """Sends notifications by Apprise. Raises ConnectorError when made with an address that Apprise cannot use."""

    repeat_safe = False
    wants_events = False

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name = name
        self._timeout = settings.timeout
        self._urls = {target: each.url.get_secret_value() for target, each in settings.targets.items()}
        self._services = {target: service_of(target, url) for target, url in self._urls.items()}
        self._redactions = {target: redaction_of(url) for target, url in self._urls.items()}
        shortest = min((service.body for service in self._services.values()), default=MAX_BODY)
        self.digest_room = max(100, (min(shortest, MAX_BODY) - 400) // 2)
        forms = {service.form for service in self._services.values()}
        self._templates: dict[Form, SiteTemplates] = {
            form: SiteTemplates(settings.templates, escape_for(form)) for form in forms
        }
        self._workers = Workers(settings.concurrency, settings.ca_file)

    def check_target(self, target: str) -> str:
        """Return the target's name. Raises RecipientError for one that is not configured."""
        if target not in self._urls:
            raise RecipientError(f"connector {self.name} has no target {target[:64]!a}")
        return target

    def render(self, envelope: Envelope) -> Rendition:
        """Return what Apprise would be given, without the address. Raises RecipientError."""
        target = self.check_target(envelope.target)
        text = self._text(envelope)
        payload = {
            "service": self._services[target].name,
            "type": text.type,
            "format": text.form.value,
            "title": text.title,
            "body": text.body,
        }
        written = json.dumps(payload, ensure_ascii=False, indent=2)
        return Rendition(payload=written, suffix=".json", html=page_of(payload))

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Notify once and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        text, hide = self._text(envelope), self._redactions[target]
        job = {
            "url": self._urls[target],
            "title": text.title,
            "body": text.body,
            "form": text.form.value,
            "type": text.type,
            "key": envelope.key,
            "timeout": self._timeout,
        }
        try:
            async with self._workers.one() as worker:
                await commit()
                async with asyncio.timeout(self._timeout * _STEPS + 1):
                    report = await worker.ask(job)
        except TimeoutError:
            return TryAgain(Reason.TIMEOUT, "not done in time")
        except ConnectorError as error:
            return TryAgain(Reason.SERVICE_ERROR, hide(error.message))
        return outcome_of_report(report, after=retry_after(report.after, time.time()), hide=hide)

    async def aclose(self) -> None:
        """End the processes."""
        await self._workers.aclose()

    def _text(self, envelope: Envelope) -> Text:
        message, service = within(envelope.message, BOUNDS), self._services[envelope.target]
        body = self._templates[service.form].body(message, target=envelope.target)
        return text_of(message, service, body)
