"""One request to the executor: frames, descriptors and time. The other end is ``headgate_executor.py``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

from headgate.executor.refusal import ExecutorError, RefusedError

_HEADER: Final = 4
_PIECE: Final = 64 * 1024
_LONGEST: Final = 16 * 1024 * 1024
"""Bytes of an answer; 10,000 directory entries are about 3 MiB."""
_BUSY_PAUSE: Final = 0.02
_UNREADABLE: Final = "the executor answered something that cannot be read"

Answer = dict[str, Any]


class Connection:
    """One connection, which is one request. Not for two tasks at a time."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._loop = asyncio.get_running_loop()

    async def send(self, request: Mapping[str, object]) -> None:
        """Send a request.

        An other side that hangs up early is no error: it does so when it has refused, and its answer says why.
        """
        with contextlib.suppress(ExecutorError):
            await self._send(_framed(json.dumps(request).encode()))

    async def send_with(self, request: Mapping[str, object], data: bytes) -> None:
        """Send a request, and behind it a stream, but for its end: pieces with their lengths. Else as ``send``."""
        pieces = [_framed(data[start : start + _PIECE]) for start in range(0, len(data), _PIECE)]
        with contextlib.suppress(ExecutorError):
            await self._send(b"".join([_framed(json.dumps(request).encode()), *pieces]))

    async def send_end(self) -> None:
        """Send the end of a stream: a piece of no length."""
        with contextlib.suppress(ExecutorError):
            await self._send(_framed(b""))

    async def receive(self) -> tuple[Answer, int | None]:
        """Return an answer and the descriptor beside it; raise RefusedError if it is a refusal."""
        descriptors: list[int] = []
        try:
            answer = _read(await self._frame(descriptors))
        except BaseException:
            _close(descriptors)
            raise
        _close(descriptors[1:])
        return answer, descriptors[0] if descriptors else None

    async def _frame(self, descriptors: list[int]) -> bytes:
        length = int.from_bytes(await self._exactly(_HEADER, descriptors))
        if not 0 < length <= _LONGEST:
            raise ExecutorError(_UNREADABLE)
        return await self._exactly(length, descriptors)

    async def _send(self, data: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._socket, data)
        except OSError as error:
            raise ExecutorError("the executor hung up") from error

    async def _exactly(self, length: int, descriptors: list[int]) -> bytes:
        data = bytearray()
        while len(data) < length:
            try:
                piece, received, _, _ = socket.recv_fds(
                    self._socket, min(length - len(data), _PIECE), 4, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                await readable(self._socket.fileno())
                continue
            except OSError as error:
                raise ExecutorError("the executor hung up") from error
            descriptors += received
            if not piece:
                raise ExecutorError("the executor hung up before it answered")
            data += piece
        return bytes(data)


async def readable(descriptor: int) -> None:
    """Wait until there is something to read, or nothing more to come."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


@contextlib.asynccontextmanager
async def connected(path: Path, patience: float) -> AsyncIterator[Connection]:
    """Connect to the executor; all that is done within has so many seconds. Raises ExecutorError."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    opened.connect(os.fspath(path))
                    break
                except BlockingIOError:  # its queue is full
                    await asyncio.sleep(_BUSY_PAUSE)
            yield Connection(opened)
    except OSError as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            raise ExecutorError(f"the executor did not answer within {patience:g} s") from error
        raise ExecutorError(f"the executor cannot be reached: {error.strerror}") from error
    finally:
        opened.close()


def _read(data: bytes) -> Answer:
    try:
        answer = json.loads(data)
    except ValueError as error:
        raise ExecutorError(_UNREADABLE) from error
    if not isinstance(answer, dict):
        raise ExecutorError(_UNREADABLE)
    if not answer.get("ok"):
        raise RefusedError(str(answer.get("error")), str(answer.get("message")), code=answer.get("code"))
    return answer


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(_HEADER) + data


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
