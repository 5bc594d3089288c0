"""The sink: a mail server on a loopback port that keeps what it is given and follows a script."""

from __future__ import annotations

import asyncio
import itertools
import os
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import Envelope

from headgate.testing.smtp.behaviour import Behaviour, Say, Step
from headgate.testing.smtp.protocol import ScriptedSMTP


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail the sink took, with the addresses of its SMTP envelope."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return BytesParser(EmailMessage, policy=modern).parsebytes(self.raw)


Choose = Callable[[Step, Envelope], Behaviour | None]


class SmtpSink:
    """A mail server for tests; use it as an async context manager.

    ``host``: the address it listens on.
    ``directory``: where mails are kept as ``.eml`` files too, made if missing. ``tls``: offers STARTTLS with this
    context, or speaks TLS from the start with ``implicit_tls``. ``accounts``: offers AUTH, and takes these names and
    passwords.
    Mails received are in ``mails``; everything the clients did, step by step, is in ``steps``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        directory: Path | None = None,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        accounts: dict[str, str] | None = None,
        smtputf8: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.mails: list[ReceivedMail] = []
        self.steps: list[Step] = []
        self.connections = 0
        self.choose: Choose | None = None
        """Asked at every step before the script, if set: for mixes made by chance."""
        self._host, self._port = host, port
        self._directory = directory
        self._tls, self._implicit = tls, implicit_tls
        self._accounts = accounts or {}
        self._smtputf8 = smtputf8
        self._script: dict[Step, deque[Behaviour | None]] = {step: deque() for step in Step}
        self._numbers = itertools.count(1)
        self._server: asyncio.Server | None = None
        self._open: set[ScriptedSMTP] = set()
        self._arrived = asyncio.Event()

    @property
    def port(self) -> int:
        """The port it listens on, once it runs."""
        return self._port

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._open)

    def script(self, step: Step, *behaviours: Behaviour | str | None) -> None:
        """Queue what to do the next times a step is reached; a text is an answer, None is good behaviour."""
        self._script[step].extend(Say(item) if isinstance(item, str) else item for item in behaviours)

    async def __aenter__(self) -> Self:
        """Listen."""
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, self._host, self._port, ssl=self._tls if self._implicit else None
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and break what is open."""
        await self.stop()

    async def stop(self) -> None:
        """Refuse connections from now on, and break those that are open. May be called twice."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._open):
            await connection.finish()
        self._open.clear()
        await self._server.wait_closed()
        self._server = None

    async def wait_for(self, count: int) -> list[ReceivedMail]:
        """Wait until so many mails were taken, and return them."""
        while len(self.mails) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return list(self.mails)

    def _connection(self) -> asyncio.Protocol:
        self.connections += 1
        tls = None if self._implicit else self._tls
        return ScriptedSMTP(self, tls=tls, auth=bool(self._accounts), smtputf8=self._smtputf8)

    def opened(self, connection: ScriptedSMTP) -> None:
        """Know of an open connection."""
        self._open.add(connection)

    def closed(self, connection: ScriptedSMTP) -> None:
        """Forget a connection."""
        self._open.discard(connection)

    def behaviour(self, step: Step, envelope: Envelope) -> Behaviour | None:
        """Say what to do at a step: what ``choose`` says, else the next of the script, else nothing special."""
        self.steps.append(step)
        chosen = self.choose(step, envelope) if self.choose is not None else None
        queued = self._script[step]
        return chosen or (queued.popleft() if queued else None)

    def login(self, login: bytes, password: bytes) -> bool:
        """Whether these credentials are those of an account."""
        return self._accounts.get(login.decode()) == password.decode()

    def keep(self, envelope: Envelope) -> None:
        """Keep a mail, in memory and as a file that appears whole."""
        raw = envelope.original_content or b""
        mail = ReceivedMail(str(envelope.mail_from), tuple(str(target) for target in envelope.rcpt_tos), raw)
        self.mails.append(mail)
        if self._directory is not None:
            self._write(self._directory, mail)
        self._arrived.set()

    def _write(self, directory: Path, mail: ReceivedMail) -> None:
        name = f"{time.time_ns()}-{os.getpid()}-{next(self._numbers):06}"
        partial = directory / f".{name}"
        head = f"X-Envelope-From: {mail.sender}\r\nX-Envelope-To: {', '.join(mail.recipients)}\r\n"
        partial.write_bytes(head.encode() + mail.raw)
        partial.rename(directory / f"{name}.eml")
