"""Handing mails to a command that takes them on its standard input, such as ``sendmail -i -- ADDRESS``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Sequence
from typing import IO

import structlog

from headgate.connectors.mailto.mail import Mail
from headgate.connectors.redaction import MAX_DETAIL, Redaction
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Delivered, GiveUp, Outcome, Scope, TryAgain

_log = structlog.get_logger(__name__)
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


def command_line(words: Sequence[str], mail: Mail) -> list[str]:
    """Return the words to run: placeholders replaced as whole words, so that nothing is ever split or quoted.

    The address cannot be an option, since addresses do not begin with ``-``; a subject that does gets a blank first.
    """
    subject = f" {mail.subject}" if mail.subject.startswith("-") else mail.subject
    return [{"{target}": mail.target, "{subject}": subject}.get(word, word) for word in words]


def outcome_of_status(status: int, said: str) -> Outcome:
    """Say what an exit status means, by sysexits(3), to which sendmail and its relatives keep."""
    detail = f"the mail command ended with status {status}" + (f": {said}" if said else "")
    match status:
        case os.EX_OK:
            return Delivered()
        case os.EX_NOUSER | os.EX_NOHOST:
            return GiveUp(Reason.TARGET_REFUSED, detail)
        case os.EX_DATAERR:
            return GiveUp(Reason.MESSAGE_REFUSED, detail)
        case os.EX_NOPERM:
            return TryAgain(Reason.NOT_AUTHORISED, detail, scope=Scope.CONNECTOR)
        case os.EX_USAGE | os.EX_CONFIG | os.EX_UNAVAILABLE | os.EX_OSFILE:
            return TryAgain(Reason.SERVICE_ERROR, detail, scope=Scope.CONNECTOR)
        case _:
            return TryAgain(Reason.SERVICE_ERROR, detail)


class CommandWay:
    """The way out through a command: one process a mail."""

    def __init__(self, name: str, words: Sequence[str], *, timeout: float) -> None:
        self._name = name
        self._words = tuple(words)
        self._timeout = timeout
        self._hide = Redaction(())

    async def deliver(self, mail: Mail, commit: Commit) -> Outcome:
        """Run the command for one mail, its lines ended as on Unix.

        ``commit`` is awaited before it starts, since nobody knows what it does when.
        """
        await commit()
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(mail.content.replace(b"\r\n", b"\n"))
            given.seek(0)
            try:
                status = await self._run(command_line(self._words, mail), given, said)
            except TimeoutError:
                return TryAgain(Reason.TIMEOUT, f"the mail command did not end in {self._timeout:g} s")
            except OSError as error:
                detail = f"the mail command cannot be started: {error.strerror or error}"
                return TryAgain(Reason.UNREACHABLE, detail, scope=Scope.CONNECTOR)
            said.seek(0)
            return outcome_of_status(status, self._hide(said.read(MAX_DETAIL * 4).decode(errors="replace")))

    async def aclose(self) -> None:
        """Nothing is kept open."""

    async def _run(self, argv: list[str], given: IO[bytes], said: IO[bytes]) -> int:
        """Run to the end; a command that takes too long, or is not waited for any more, dies with its children.

        Files rather than pipes: a daemon that the command leaves behind cannot hold us by an open pipe.
        """
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=given,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=said,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._timeout):
                return await process.wait()
        except (TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            _log.warning("mailto.command_killed", connector=self._name)
            raise
