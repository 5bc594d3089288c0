"""Handing mails to a mail server: connections that are kept, and one mail at a time on each."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

import structlog
from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPNotSupported, SMTPResponseException

from headgate.connectors.mailto.answers import Stage, ends_connection, outcome_of
from headgate.connectors.mailto.mail import Mail
from headgate.connectors.mailto.settings import MailtoSettings, Security
from headgate.connectors.redaction import Redaction
from headgate.connectors.tls import tls_context
from headgate.notify.connector import Commit, Delivered, Outcome

_log = structlog.get_logger(__name__)
_FAILURES = (SMTPException, OSError, TimeoutError)
_GOODBYE = 2.0
"""Seconds a server has to answer QUIT; nothing depends on it."""


class Conversation:
    """One connection to the mail server. ``stage`` says how far the current mail has come."""

    def __init__(self, settings: MailtoSettings, tls: ssl.SSLContext | None) -> None:
        self.stage = Stage.CONNECT
        self.lost = False
        """Whether a failure has made the connection useless."""
        self.expiry: asyncio.TimerHandle | None = None
        self._settings = settings
        self._unfinished = False
        self._smtp = SMTP(
            hostname=settings.host,
            port=settings.smtp_port,
            local_hostname=settings.helo or socket.gethostname() or "localhost",
            timeout=settings.timeout,
            use_tls=settings.security is Security.TLS,
            start_tls=settings.security is Security.STARTTLS,
            tls_context=tls,
        )

    @property
    def was_stale(self) -> bool:
        """Whether the first thing said on a kept connection showed that it was dead."""
        return self.lost and self.stage is Stage.SENDER

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as we have heard."""
        return self._smtp.is_connected

    async def open(self) -> None:
        """Connect, and log in if there is a name to log in with."""
        self.stage = Stage.CONNECT
        async with asyncio.timeout(self._settings.timeout):
            await self._smtp.connect()
            if self._smtp.is_ehlo_or_helo_needed:
                await self._greet()
            if self._settings.username is not None and self._settings.password is not None:
                self.stage = Stage.LOGIN
                await self._smtp.login(self._settings.username, self._settings.password.get_secret_value())

    async def offer(self, mail: Mail) -> None:
        """Name sender and target. When this returns, the server is ready to take the mail."""
        self.stage = Stage.SENDER
        async with asyncio.timeout(self._settings.timeout):
            if self._unfinished:
                await self._smtp.rset()
            self._unfinished = True
            encoding, options = self._envelope_form(mail)
            await self._smtp.mail(mail.sender, options=options, encoding=encoding)
            self.stage = Stage.RECIPIENT
            await self._smtp.rcpt(mail.target, encoding=encoding)

    async def hand_over(self, mail: Mail) -> str:
        """Give the mail itself; return what the server said when it took it."""
        self.stage = Stage.DATA
        async with asyncio.timeout(self._settings.timeout):
            try:
                response = await self._smtp.data(mail.content)
            except SMTPResponseException as error:
                if error.code // 100 != 2:  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit says it
                    raise
                return error.message
        self._unfinished = False
        return response.message

    async def close(self) -> None:
        """Say goodbye, briefly, and close."""
        with contextlib.suppress(*_FAILURES):
            async with asyncio.timeout(_GOODBYE):
                await self._smtp.quit()
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        transport = self._smtp.transport
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            transport.abort()
        self._smtp.close()

    async def _greet(self) -> None:
        try:
            await self._smtp.ehlo()
        except SMTPHeloError:
            if not self._smtp.is_connected:
                raise
            await self._smtp.helo()

    def _envelope_form(self, mail: Mail) -> tuple[str, list[str]]:
        """Return the encoding of addresses and the options of MAIL. Raises SMTPNotSupported for want of SMTPUTF8."""
        options = [f"SIZE={len(mail.content)}"] if self._smtp.supports_extension("size") else []
        if not mail.utf8:
            return "ascii", options
        if not self._smtp.supports_extension("smtputf8"):
            raise SMTPNotSupported("the mail server takes no addresses beyond ASCII (SMTPUTF8)")
        return "utf-8", [*options, "SMTPUTF8", "BODY=8BITMIME"]


class SmtpWay:
    """The way out through a mail server: up to ``concurrency`` connections, kept while they are in use.

    Raises ConnectorError when made with certificate authorities that cannot be read.
    """

    def __init__(self, name: str, settings: MailtoSettings) -> None:
        self._log = _log.bind(connector=name, host=settings.host)
        self._settings = settings
        self._tls = _context(settings) if settings.security is not Security.NONE else None
        self._hide = Redaction([settings.password.get_secret_value()] if settings.password else [])
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._idle: list[Conversation] = []
        self._goodbyes: set[asyncio.Task[None]] = set()

    async def deliver(self, mail: Mail, commit: Commit) -> Outcome:
        """Send one mail. ``commit`` is awaited when the server has accepted the target and waits for the mail.

        A connection that was kept may have been closed by the server meanwhile: that is no failure, but a reason to
        make a new one, once.
        """
        async with self._slots:
            kept = self._take_idle()
            conversation = kept or Conversation(self._settings, self._tls)
            try:
                refusal = await self._offer(conversation, mail)
                if refusal is not None and conversation is kept and kept.was_stale:
                    kept.drop()
                    conversation = Conversation(self._settings, self._tls)
                    refusal = await self._offer(conversation, mail)
                if refusal is not None:
                    outcome = refusal
                else:
                    await commit()
                    outcome = await self._hand_over(conversation, mail)
            except BaseException:
                conversation.drop()  # cancelled half-way: nobody knows what the server would say next
                raise
            self._keep(conversation)
            return outcome

    async def aclose(self) -> None:
        """Close the connections that are kept."""
        while (conversation := self._take_idle()) is not None:
            self._say_goodbye(conversation)
        if self._goodbyes:
            await asyncio.wait(self._goodbyes)

    async def _offer(self, conversation: Conversation, mail: Mail) -> Outcome | None:
        """Offer a mail; return None if the server waits for it, else what became of it."""
        try:
            if not conversation.connected:
                await conversation.open()
                self._log.debug("smtp.connected")
            await conversation.offer(mail)
        except _FAILURES as error:
            return self._failed(conversation, error)
        return None

    async def _hand_over(self, conversation: Conversation, mail: Mail) -> Outcome:
        try:
            answer = await conversation.hand_over(mail)
        except _FAILURES as error:
            return self._failed(conversation, error)
        return Delivered(self._hide(answer))

    def _failed(self, conversation: Conversation, error: Exception) -> Outcome:
        conversation.lost = ends_connection(conversation.stage, error)
        outcome = outcome_of(conversation.stage, error, self._hide)
        self._log.debug("smtp.failed", stage=conversation.stage.name.lower(), outcome=outcome)
        return outcome

    def _take_idle(self) -> Conversation | None:
        while self._idle:
            conversation = self._idle.pop()
            if conversation.expiry is not None:
                conversation.expiry.cancel()
            if conversation.connected:
                return conversation
            conversation.drop()
        return None

    def _keep(self, conversation: Conversation) -> None:
        if conversation.lost or not conversation.connected:
            conversation.drop()
            return
        loop = asyncio.get_running_loop()
        conversation.expiry = loop.call_later(self._settings.idle_timeout, self._expire, conversation)
        self._idle.append(conversation)

    def _expire(self, conversation: Conversation) -> None:
        self._idle.remove(conversation)
        self._say_goodbye(conversation)

    def _say_goodbye(self, conversation: Conversation) -> None:
        task = asyncio.get_running_loop().create_task(conversation.close(), name="mailto: close a connection")
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)


def _context(settings: MailtoSettings) -> ssl.SSLContext:
    context = tls_context(settings.ca_file)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
