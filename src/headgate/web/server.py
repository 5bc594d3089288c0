"""Serving the application from inside the service's own event loop."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from headgate.errors import ConfigError

_QUEUE: Final = 2048
"""Connections that wait to be accepted."""
_KEEP_ALIVE: Final = 75
"""Seconds a connection may be idle: longer than the minute for which proxies keep theirs (nginx's upstream
``keepalive_timeout``), so that it is not closed at the moment at which one sends the next request on it."""


class _QuietServer(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield


class WebServer:
    """An HTTP server on one address. Raises ConfigError if the address cannot be used."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        """Bind at once; port 0 takes a free one, which ``port`` then names."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With the protocol named, asyncio sets TCP_NODELAY; without, every answer takes 40 ms longer.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen(_QUEUE)  # at once, so that whoever is told of the port can connect to it
        except OSError as error:
            self._socket.close()
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=_KEEP_ALIVE,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who is believed is a setting of ours
        )
        self._server = _QuietServer(config)

    async def run(self) -> None:
        """Serve until ``stop``."""
        await self._server.serve(sockets=[self._socket])

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._server.should_exit = True
