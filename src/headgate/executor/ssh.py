"""Acting as users by SSH: a connection for each user to a login node, and the helper at its other end."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from headgate.config.ssh import SshSettings
from headgate.errors import ConfigError
from headgate.executor.asking import LONG, Asking, at, read
from headgate.executor.interface import FileInfo, OpenFile, Packed, Place
from headgate.executor.refusal import ExecutorError, RefusedError

try:
    from headgate.executor.ssh_keys import Logins
    from headgate.executor.ssh_line import connect
except ModuleNotFoundError as missing:
    if missing.name != "asyncssh":
        raise
    ASYNCSSH = False
else:
    ASYNCSSH = True
if TYPE_CHECKING:
    from headgate.executor.ssh_line import Line

_USER: Final = re.compile(r"[A-Za-z0-9_][\w.@$-]{0,63}", re.ASCII)
_PIECE: Final = 256 * 1024
"""Bytes of one message; the other side gives no more at once."""
_SPARE: Final = 30.0
"""Seconds a request gets beyond the time after which the other side ends it and says so."""
_CONNECTS: Final = 3
_HARMLESS: Final = frozenset({"ping", "stat", "list", "open-read"})
"""What is asked once more when a connection is lost meanwhile: it changes nothing."""
_NOTHING: Final[Mapping[str, object]] = {}


class SshActor(Asking):
    """Does things as users on a login node; an `Actor`.

    ``roots``: as those of the executor. Connections are made when they are needed and closed when they are idle; close
    all of them with ``aclose``. Raises ConfigError without the extra ``ssh``.
    """

    def __init__(self, settings: SshSettings, roots: Sequence[str] = ("~",)) -> None:
        if not ASYNCSSH:
            raise ConfigError("acting by SSH needs the extra ssh: install headgate[ssh]")
        self._settings = settings
        self._roots = tuple(roots)
        self._logins = Logins(settings)
        self._lines: dict[str, asyncio.Task[Line]] = {}

    async def aclose(self) -> None:
        """Close every connection. Whoever waits for an answer gets an error."""
        making, self._lines = [*self._lines.values()], {}
        for task in making:
            task.cancel()
        for made in await asyncio.gather(*making, return_exceptions=True):
            if not isinstance(made, BaseException):
                await made.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @contextlib.asynccontextmanager
    async def archive(self, user: str, place: Place) -> AsyncIterator[RemoteArchive]:
        """Make a zip file of a directory while it is read."""
        async with self._line(user) as line:
            answer = await self._request(line, "archive", user, at(place))
            archive = RemoteArchive(line, _number(answer), self._settings.transfer_timeout + _SPARE)
            try:
                yield archive
            finally:
                archive.close()

    async def _ask(self, verb: str, user: str, fields: Mapping[str, object] = _NOTHING) -> dict[str, Any]:
        async with self._line(user) as line:
            try:
                return await self._request(line, verb, user, fields)
            except ExecutorError:
                if verb not in _HARMLESS or not line.lost:
                    raise
        async with self._line(user) as line:
            return await self._request(line, verb, user, fields)

    async def _submit(
        self, user: str, fields: Mapping[str, object], script: bytes, when: Awaitable[object] | None
    ) -> dict[str, Any]:
        if when is not None:
            await asyncio.shield(when)
        async with self._line(user) as line:
            return await self._request(line, "submit", user, fields, script)

    async def _open(self, verb: str, user: str, fields: Mapping[str, object]) -> OpenFile:
        for attempt in (1, 2):
            async with self._line(user) as line:
                try:
                    answer = await self._request(line, verb, user, fields)
                except ExecutorError:
                    if attempt > 1 or verb not in _HARMLESS or not line.lost:
                        raise
                    continue
                number = _number(answer)
                try:
                    info = read(FileInfo, answer)
                except ExecutorError:
                    line.tell({"do": "close", "file": number})
                    raise
                return RemoteFile(line, number, info, self._settings.timeout + _SPARE)
        raise AssertionError

    async def _request(
        self, line: Line, verb: str, user: str, fields: Mapping[str, object], data: bytes = b""
    ) -> dict[str, Any]:
        allowed = self._settings.transfer_timeout if verb in LONG else self._settings.timeout
        head = {"do": "ask", "request": {"verb": verb, "user": user, **fields}}
        async with line.asking:
            answer, _ = await line.ask(head, data, patience=allowed + _SPARE)
        return answer

    @contextlib.asynccontextmanager
    async def _line(self, user: str) -> AsyncIterator[Line]:
        """Hand out the user's connection, made if there is none."""
        if not _USER.fullmatch(user) or user == "root":
            raise RefusedError("user", "this user is not acted for")
        for _ in range(_CONNECTS):
            task = self._lines.get(user)
            if task is None:
                self._make_room()
                task = self._lines[user] = asyncio.create_task(self._connect(user), name=f"ssh {user}")
                task.add_done_callback(lambda done: self._made(user, done))
            try:
                line = await asyncio.shield(task)
            except asyncio.CancelledError:
                own = asyncio.current_task()
                if task.cancelled() and not (own and own.cancelling()):
                    raise ExecutorError("acting by SSH has ended") from None
                raise
            if not line.lost:
                break
            if self._lines.get(user) is task:
                del self._lines[user]
                await line.aclose()
        else:
            raise ExecutorError("the connection to the login node is lost as soon as it is made")
        with line.used():
            yield line

    def _made(self, user: str, task: asyncio.Task[Line]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._lines.get(user) is task:
            del self._lines[user]

    async def _connect(self, user: str) -> Line:
        login = await self._logins.of(user)
        try:
            return await connect(self._settings, user, login, self._roots)
        except RefusedError as error:
            if error.error != "login" or not self._logins.may_be_old(login):
                raise
        return await connect(self._settings, user, await self._logins.of(user, fresh=True), self._roots)

    def _make_room(self) -> None:
        """Forget lost connections; close the one that is idle for longest if there are too many."""
        self._logins.forget()
        done = {
            user: task.result()
            for user, task in self._lines.items()
            if task.done() and not task.cancelled() and task.exception() is None
        }
        for user, line in done.items():
            if line.lost:
                del self._lines[user]
        if len(self._lines) < self._settings.connections:
            return
        idle = [(line.unused_since, user) for user, line in done.items() if not line.lost and line.uses == 0]
        if not idle:
            raise RefusedError("busy", "too many users are being acted for")
        _, user = min(idle)
        del self._lines[user]
        done[user].close()


class RemoteFile(OpenFile):
    """A file that is open on the login node; it keeps the connection from being idle."""

    def __init__(self, line: Line, number: int, info: FileInfo, patience: float) -> None:
        self.info = info
        self._line = line
        self._number = number
        self._patience = patience
        self._written = self._closed = False
        line.take()

    async def read(self, size: int, offset: int) -> bytes:
        """Return at most ``size`` bytes from ``offset`` on; none at the end."""
        data = bytearray()
        while len(data) < size:
            asked = min(size - len(data), _PIECE)
            _, piece = await self._ask({"do": "read", "size": asked, "offset": offset + len(data)})
            if len(piece) > asked:
                raise ExecutorError("the login node gave more than it was asked for")
            data += piece
            if len(piece) < asked:
                break
        return bytes(data)

    async def write(self, data: bytes, offset: int) -> None:
        """Write all these bytes at ``offset``."""
        self._written = True
        for start in range(0, len(data), _PIECE):
            await self._ask({"do": "write", "offset": offset + start}, data[start : start + _PIECE])

    async def size(self) -> int:
        """Return how many bytes the file has now."""
        answer, _ = await self._ask({"do": "size"})
        size = answer.get("size")
        if type(size) is not int or size < 0:
            raise ExecutorError("the login node answered something that cannot be read")
        return size

    async def aclose(self) -> None:
        """Close it, once."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._written:
                await self._ask({"do": "close"})
            else:
                self._line.tell({"do": "close", "file": self._number})
        finally:
            self._line.give_back()

    async def _ask(self, head: dict[str, Any], data: bytes = b"") -> tuple[dict[str, Any], bytes]:
        return await self._line.ask({**head, "file": self._number}, data, patience=self._patience)


class RemoteArchive:
    """A zip file that is being made on the login node; an `Archive`."""

    def __init__(self, line: Line, number: int, patience: float) -> None:
        self._line = line
        self._number = number
        self._patience = patience
        self._result: Packed | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            answer, piece = await self._line.ask({"do": "piece", "file": self._number}, patience=self._patience)
            if not piece:
                break
            yield piece
        self._result = read(Packed, answer)

    @property
    def result(self) -> Packed:
        """What is in it; only after the last piece."""
        if self._result is None:
            raise RefusedError("request", "the archive was not read to its end")
        return self._result

    def close(self) -> None:
        """Let go of it."""
        self._line.tell({"do": "close", "file": self._number})


def _number(answer: Mapping[str, Any]) -> int:
    number = answer.get("file")
    if type(number) is not int:
        raise ExecutorError("the login node opened nothing")
    return number
