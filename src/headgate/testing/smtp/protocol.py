"""One connection of the sink: aiosmtpd's server, asking before every step whether to do something else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import struct
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from headgate.testing.smtp.behaviour import Behaviour, Hang, KeepThenReset, Reset, Say, SayRaw, Step

# aiosmtpd logs each line it gets, passwords among them, and every handshake that a client breaks off.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""


class Keeper(Protocol):
    """What a connection needs of its sink."""

    def behaviour(self, step: Step, envelope: Envelope) -> Behaviour | None:
        """Say what to do at a step; None means what a good server does."""

    def keep(self, envelope: Envelope) -> None:
        """Keep a mail that was received."""

    def opened(self, connection: ScriptedSMTP) -> None:
        """Know of an open connection."""

    def closed(self, connection: ScriptedSMTP) -> None:
        """Forget a connection."""

    def login(self, login: bytes, password: bytes) -> bool:
        """Whether these credentials are accepted."""


class ScriptedSMTP(SMTP):
    """A server connection that follows the sink's script."""

    def __init__(self, keeper: Keeper, *, tls: ssl.SSLContext | None, auth: bool, smtputf8: bool) -> None:
        self._keeper = keeper
        super().__init__(
            _Handler(self),
            hostname="sink.example",
            ident="sink",
            tls_context=tls,
            authenticator=self._log_in if auth else None,
            auth_require_tls=False,
            auth_exclude_mechanism=None if auth else ["LOGIN", "PLAIN"],
            enable_SMTPUTF8=smtputf8,
            loop=asyncio.get_running_loop(),
        )

    def _log_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: object
    ) -> AuthResult:
        del server, session, envelope, mechanism
        accepted = isinstance(credentials, LoginPassword) and self._keeper.login(
            credentials.login, credentials.password
        )
        return AuthResult(success=accepted, handled=False)

    @property
    def _wire(self) -> asyncio.Transport:
        """The connection, while there is one."""
        return cast(asyncio.Transport, self.transport)

    @property
    def _mail(self) -> Envelope:
        """The mail under way."""
        return self.envelope or Envelope()

    async def replaced(self, step: Step) -> bool:
        """Do what the script says for a step; return whether it said anything."""
        match self._keeper.behaviour(step, self._mail):
            case None:
                return False
            case Say(text):
                await self.push(text)
                if text.startswith("421"):
                    self._wire.close()
            case SayRaw(data):
                self._wire.write(data)
            case Hang():
                await self._wait_for_ever()
            case Reset() | KeepThenReset():
                await self._reset()
        return True

    async def _wait_for_ever(self) -> None:
        """Wait until aiosmtpd cancels the conversation, which it does when the connection ends."""
        await asyncio.Event().wait()

    async def _reset(self) -> None:
        """Break the connection as a dying host does."""
        plain = self._wire.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError):
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._wire.abort()
        await self._wait_for_ever()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Tell the sink."""
        super().connection_made(transport)
        self._keeper.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the sink."""
        super().connection_lost(error)
        self._keeper.closed(self)

    async def finish(self) -> None:
        """End the conversation and the connection now."""
        if self.transport is not None and not self._wire.is_closing():
            self._wire.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.wait([self._handler_coroutine])

    async def _handle_client(self) -> None:
        if await self.replaced(Step.GREETING):
            await self._wait_for_ever()
        with contextlib.suppress(ConnectionError):
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's names
        """Greet."""
        if not await self.replaced(Step.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        """Begin TLS."""
        if not await self.replaced(Step.STARTTLS):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        """Log a client in."""
        if not await self.replaced(Step.AUTH):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Take a sender."""
        if not await self.replaced(Step.MAIL):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Take a recipient."""
        if not await self.replaced(Step.RCPT):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Ask for the mail."""
        if not await self.replaced(Step.DATA):
            await super().smtp_DATA(arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        """Forget the mail under way."""
        if not await self.replaced(Step.RSET):
            await super().smtp_RSET(arg)

    async def received(self) -> str:
        """Answer a received mail: by the script, or by keeping it."""
        match self._keeper.behaviour(Step.BODY, self._mail):
            case Say(text):
                return text
            case SayRaw(data):
                self._wire.write(data)
                await self._wait_for_ever()
            case Hang():
                await self._wait_for_ever()
            case KeepThenReset():
                self._keeper.keep(self._mail)
                await self._reset()
            case Reset():
                await self._reset()
            case None:
                pass
        self._keeper.keep(self._mail)
        return "250 2.0.0 kept"


class _Handler:
    """The one hook of aiosmtpd that is used: a mail has been received."""

    def __init__(self, connection: ScriptedSMTP) -> None:
        self._connection = connection

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Say what the connection says."""
        del server, session, envelope
        return await self._connection.received()
