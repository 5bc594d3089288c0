"""A fake Mattermost that misbehaves: what ``headgate.testing.http.sink`` calls a behaviour, over aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from aiohttp import web

from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, Reset

_ABORT = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""


async def misbehave(request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
    """Answer a request as told, if at all."""
    transport = request.transport
    assert transport is not None  # noqa: S101 - a request that is being answered has a connection
    match behaviour:
        case Answer(status, headers, body):
            return web.Response(status=status, headers=headers, body=body)
        case AnswerForEver(status):
            response = web.StreamResponse(status=status)
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while True:
                    await response.write(b"x" * 4096)
            return response
        case Hang():
            await asyncio.Event().wait()
        case AnswerRaw(data):
            transport.write(data)
            transport.close()
        case Reset():
            plain = transport.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            transport.abort()
    raise asyncio.CancelledError
