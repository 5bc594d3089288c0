"""The mailto connector: check the address, make the mail, hand it over."""

from __future__ import annotations

from typing import Protocol

from headgate.connectors.address import AddressRules, domain_of
from headgate.connectors.bounds import Bounds, within
from headgate.connectors.mailto.command import CommandWay
from headgate.connectors.mailto.mail import Mail, Sender, compose
from headgate.connectors.mailto.rendering import Rendered, Rendering
from headgate.connectors.mailto.settings import MailtoSettings, Transport
from headgate.connectors.mailto.smtp import SmtpWay
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Commit, Envelope, GiveUp, Outcome, Rendition

_BOUNDS = Bounds()


class Way(Protocol):
    """A way out for mails."""

    async def deliver(self, mail: Mail, commit: Commit) -> Outcome:
        """Hand over one mail, and say how it went."""

    async def aclose(self) -> None:
        """Close what is kept open."""


class MailtoConnector:
    """Sends messages as mails. Raises ConnectorError when made with files or templates that cannot be used."""

    repeat_safe = False
    """A mail sent twice arrives twice; that both have the same Message-ID helps only some mailboxes."""
    wants_events = False

    def __init__(self, name: str, settings: MailtoSettings) -> None:
        self.name = name
        self._addresses = AddressRules(settings.domain or "", settings.allow, settings.block)
        self._sender = _sender(settings)
        self._rendering = Rendering(settings.templates, settings.footer)
        self._way = _way(name, settings)

    def check_target(self, target: str) -> str:
        """Return the whole address. Raises RecipientError for one that is none, or not allowed."""
        return self._addresses.settle(target)

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:
        """Send one mail and say how it went."""
        try:
            target = self.check_target(envelope.target)
        except RecipientError as error:
            return GiveUp(Reason.TARGET_REFUSED, error.message)
        return await self._way.deliver(self.compose(envelope, target), commit)

    def compose(self, envelope: Envelope, target: str) -> Mail:
        """Make the mail for an address that has been checked."""
        message = within(envelope.message, _BOUNDS)
        return self._compose(message, target, envelope.key, self._rendering.render(message))

    def render(self, envelope: Envelope) -> Rendition:
        """Return the mail as it would be handed over, and its HTML part. Raises RecipientError for a bad address."""
        target = self.check_target(envelope.target)
        message = within(envelope.message, _BOUNDS)
        rendered = self._rendering.render(message)
        mail = self._compose(message, target, envelope.key, rendered)
        return Rendition(mail.content.decode(), ".eml", html=rendered.html)

    def _compose(self, message: Message, target: str, key: str, rendered: Rendered) -> Mail:
        return compose(message, target=target, key=key, sender=self._sender, text=rendered.text, html=rendered.html)

    async def aclose(self) -> None:
        """Close connections."""
        await self._way.aclose()


def _way(name: str, settings: MailtoSettings) -> Way:
    match settings.way:
        case Transport.GMAIL:
            from headgate.connectors.mailto.gmail import GmailWay

            return GmailWay(name, settings)
        case Transport.COMMAND:
            return CommandWay(name, settings.command or (), timeout=settings.timeout)
        case Transport.SMTP:
            return SmtpWay(name, settings)


def _sender(settings: MailtoSettings) -> Sender:
    list_id = f"headgate.{domain_of(settings.from_address)}" if settings.list_id is None else settings.list_id
    return Sender(
        address=settings.from_address,
        name=settings.from_name,
        reply_to=settings.reply_to,
        subject_prefix=settings.subject_prefix,
        list_id=list_id if list_id.isascii() else "",
        threads=settings.threads,
    )
