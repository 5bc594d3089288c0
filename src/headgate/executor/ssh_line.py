"""One connection to a login node as one user, and the requests that go through it at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import asyncssh

from headgate.config.ssh import SshSettings
from headgate.executor import headgate_remote
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.executor.ssh_keys import Login

_HERE: Final = Path(__file__).parent
_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer; 10,000 directory entries are about 3 MiB."""
_STDERR_LIMIT: Final = 4096
"""Bytes of what a remote side complains that are kept."""
_STDERR_READ: Final = 1024 * 1024
"""Bytes that it may complain; beyond that nobody listens, and its connection comes to a stand."""
_TOLD_LIMIT: Final = 64 * 1024
"""Characters of a refusal's message: it comes from an account that is the user's."""
_WORD: Final = re.compile(r"[a-z-]{1,32}")
_ALIVE_EVERY: Final = 15.0
"""Seconds between two questions whether the other side is still there; three without an answer end the connection."""
_NOT_KNOWN: Final = "it is not known what became of the request"
_UNREADABLE: Final = "the login node answered something that cannot be read"
_NO_PYTHON: Final = {126: "cannot be started", 127: "is not there", headgate_remote.TOO_OLD: "is older than 3.9"}
"""What is wrong with Python, by the exit code of the remote command."""

Answer = dict[str, Any]


class Line:
    """A connection with the helper at its other end. It is one user's; many tasks may use it.

    ``lost`` is true when nothing can be asked any more. What comes from the other side is hostile until it is parsed:
    it is an account in which its user may change what they like.
    """

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes], settings: SshSettings
    ) -> None:
        self._connection = connection
        self._process = process
        self._idle_after = settings.idle
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[Answer, bytes]]] = {}
        self._unheard: set[int] = set()  # the numbers of messages whose answers nobody waits for
        self._tasks: list[asyncio.Task[None]] = []
        self._idle: asyncio.TimerHandle | None = None
        self._complaint = b""
        self.asking = asyncio.Semaphore(settings.requests)
        self.uses = 0
        self.unused_since = time.monotonic()
        self.lost = False

    async def start(self, first: Answer) -> None:
        """Send the helper, and wait until it says that it is there. Raises RefusedError, ExecutorError."""
        self._tasks.append(asyncio.create_task(self._hear_complaints(), name="ssh complaints"))
        program = await asyncio.to_thread((_HERE / "headgate_remote.py").read_bytes)
        try:
            self._process.stdin.write(b"%d\n" % len(program) + program + headgate_remote.framed(first))
            await self._process.stdin.drain()
            await self._process.stdout.readuntil(headgate_remote.MARK)
            answer, _ = await self._message()
        except (OSError, EOFError, asyncssh.Error) as error:
            raise await self._why_not(str(first["python"])) from error
        _judge(answer)
        self._tasks.append(asyncio.create_task(self._hear(), name="ssh answers"))

    async def _why_not(self, python: str) -> RefusedError | ExecutorError:
        with contextlib.suppress(TimeoutError, OSError, asyncssh.Error):
            async with asyncio.timeout(1):
                await self._process.wait_closed()
        if (status := self._process.exit_status) in _NO_PYTHON:
            return RefusedError("python", f"{python} {_NO_PYTHON[status]} on the login node")
        lines = self._complaint.decode(errors="replace").split("\n")
        said = next((line for line in reversed(lines) if line.strip()), "")
        words = "".join(letter for letter in said if letter.isprintable())[:200]
        return ExecutorError(f"the login node did not start what acts there{': ' * bool(words)}{words}")

    async def _hear_complaints(self) -> None:
        left = _STDERR_READ
        with contextlib.suppress(OSError, asyncssh.Error):
            while left > 0 and (piece := await self._process.stderr.read(_STDERR_LIMIT)):
                left -= len(piece)
                self._complaint = (self._complaint + piece)[-_STDERR_LIMIT:]

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Keep the connection from being closed for being idle."""
        self.take()
        try:
            yield
        finally:
            self.give_back()

    def take(self) -> None:
        """Begin to use it."""
        self.uses += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def give_back(self) -> None:
        """End to use it; the last one to do so starts the clock."""
        self.uses -= 1
        if self.uses == 0 and not self.lost:
            self.unused_since = time.monotonic()
            self._idle = asyncio.get_running_loop().call_later(self._idle_after, self.close)

    async def ask(self, head: Answer, data: bytes = b"", *, patience: float) -> tuple[Answer, bytes]:
        """Send a message and wait for its answer. Raises RefusedError, and ExecutorError when that is not known."""
        if self.lost:
            raise ExecutorError("the connection to the login node was lost")
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(patience):
                self._process.stdin.write(headgate_remote.framed({**head, "id": number}, data))
                await self._process.stdin.drain()
                answer, more = await waiting
        except TimeoutError as error:
            self.close()
            raise ExecutorError(f"the login node did not answer within {patience:g} s; {_NOT_KNOWN}") from error
        except (OSError, asyncssh.Error) as error:
            self.close()
            raise ExecutorError(f"the connection to the login node was lost; {_NOT_KNOWN}") from error
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                self._drop(waiting.result()[0])
            raise
        finally:
            if self._waiting.pop(number, None) is not None:
                self._unheard.add(number)
        _judge(answer)
        return answer, more

    def tell(self, head: Answer) -> None:
        """Send a message whose answer does not matter."""
        if not self.lost:
            number = next(self._numbers)
            self._unheard.add(number)
            with contextlib.suppress(OSError, asyncssh.Error):
                self._process.stdin.write(headgate_remote.framed({**head, "id": number}))

    def _drop(self, answer: Answer) -> None:
        """Close what was opened for somebody who does not want it any more."""
        if type(answer.get("file")) is int:
            self.tell({"do": "close", "file": answer["file"]})

    async def _hear(self) -> None:
        try:
            while True:
                answer, data = await self._message()
                waiting = self._waiting.pop(answer["id"], None)
                if waiting is None and answer["id"] not in self._unheard:
                    break  # nothing was asked: it could go on for ever
                self._unheard.discard(answer["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result((answer, data))
                else:
                    self._drop(answer)
            self.close()
        except (OSError, EOFError, asyncssh.Error, ExecutorError):
            self.close()

    async def _message(self) -> tuple[Answer, bytes]:
        lengths = await self._process.stdout.readexactly(8)
        head, data = int.from_bytes(lengths[:4]), int.from_bytes(lengths[4:])
        if head > _LONGEST or data > headgate_remote.PIECE:
            raise ExecutorError(_UNREADABLE)
        text, more = await self._process.stdout.readexactly(head), await self._process.stdout.readexactly(data)
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ExecutorError(_UNREADABLE) from error
        if not isinstance(answer, dict) or type(answer.get("id")) is not int:
            raise ExecutorError(_UNREADABLE)
        return answer, more

    def close(self) -> None:
        """Close it; whoever still waits for an answer gets an error."""
        if self.lost:
            return
        self.lost = True
        if self._idle is not None:
            self._idle.cancel()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ExecutorError(f"the connection to the login node was lost; {_NOT_KNOWN}"))
        self._connection.abort()

    async def aclose(self) -> None:
        """Close it, and wait until it is closed."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError, asyncssh.Error):
            await self._connection.wait_closed()


async def connect(settings: SshSettings, user: str, login: Login, roots: Sequence[str]) -> Line:
    """Log in as a user, and start the helper. Raises RefusedError, ExecutorError."""
    try:
        async with asyncio.timeout(settings.connect_timeout):
            connection = await _logged_in(settings, user, login)
            try:
                process = await connection.create_process(headgate_remote.START % settings.python, encoding=None)
                line = Line(connection, process, settings)
                await line.start(await asyncio.to_thread(_first, settings, user, roots))
            except BaseException:
                connection.abort()
                raise
            return line
    except TimeoutError as error:
        raise ExecutorError(f"the login node did not answer within {settings.connect_timeout:g} s") from error
    except asyncssh.HostKeyNotVerifiable as error:
        raise RefusedError("host-key", "the login node's host key is not the one that is known") from error
    except asyncssh.PermissionDenied as error:
        raise RefusedError("login", f"the login node does not let Headgate log in as {user}") from error
    except asyncssh.ChannelOpenError as error:
        raise ExecutorError("the login node starts nothing") from error
    except (OSError, asyncssh.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise ExecutorError(f"the login node cannot be reached: {reason}") from error


async def _logged_in(settings: SshSettings, user: str, login: Login) -> asyncssh.SSHClientConnection:
    """Connect. Nothing but what is given here is used: no agent, no files of the service's account."""
    if not await asyncio.to_thread(settings.known_hosts.is_file):
        raise RefusedError("host-key", "there is no file with the login node's host keys")
    key = login.key if login.certificate is None else (login.key, login.certificate)
    return await asyncssh.connect(
        settings.host,
        settings.port,
        username=user,
        client_keys=[key],
        known_hosts=str(settings.known_hosts),
        config=None,
        agent_path=None,
        gss_host=None,
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],  # else it looks into the account's home, which it may not be able to
        preferred_auth="publickey",
        password=None,
        compression_algs=None,
        keepalive_interval=_ALIVE_EVERY,
        keepalive_count_max=3,
        login_timeout=settings.connect_timeout,
    )


def _first(settings: SshSettings, user: str, roots: Sequence[str]) -> Answer:
    """Return the message that sets the helper up."""
    return {
        "user": user,
        "roots": [*roots],
        "slurm": {name: {"bin": str(at.bin), "conf": str(at.conf or "")} for name, at in settings.slurm.items()},
        "timeout": settings.timeout,
        "transfer_timeout": settings.transfer_timeout,
        "python": settings.python,
        "verbs": (_HERE / "headgate_verbs.py").read_text(encoding="utf-8"),
        "executor": (_HERE / "headgate_executor.py").read_text(encoding="utf-8"),
    }


def _judge(answer: Answer) -> None:
    """Raise RefusedError for a refusal."""
    if answer.get("ok") is True:
        return
    word, message, code = answer.get("error"), answer.get("message"), answer.get("code")
    if not isinstance(word, str) or not _WORD.fullmatch(word) or not isinstance(message, str):
        raise ExecutorError(_UNREADABLE)
    raise RefusedError(word, message[:_TOLD_LIMIT], code=code if type(code) is int else None)
