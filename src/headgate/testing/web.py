"""What played web services have in common: they listen on a port of 127.0.0.1, and end with the test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from aiohttp import web

from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Behaviour, HttpSink


class Played(ABC):
    """A service that is played; use it as an async context manager."""

    @abstractmethod
    async def start(self) -> None:
        """Listen."""

    @abstractmethod
    async def stop(self) -> None:
        """Refuse connections from now on, and break those that are open. May be called twice."""

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and break what is open."""
        await self.stop()


class PlayedSite(Played):
    """One that answers by an application of aiohttp's, where web sockets are needed or many routes."""

    def __init__(self, *, port: int = 0) -> None:
        self._port = port
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def application(self) -> web.Application:
        """Make what answers."""

    async def disconnect(self) -> None:
        """Close the web sockets that are open, if there are such."""

    async def start(self) -> None:
        """Listen; on a port that is free, unless one was given."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Refuse connections from now on, and break those that are open. May be called twice."""
        await self.disconnect()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()


class PlayedByAnswers(Played):
    """One that answers requests one by one, or with any trouble: ``sink`` does what ``answer`` says."""

    def __init__(self) -> None:
        self.sink = HttpSink()
        self.sink.choose = self.answer

    @abstractmethod
    def answer(self, request: ReceivedRequest) -> Behaviour:
        """Say what is done with a request."""

    async def start(self) -> None:
        """Listen."""
        await self.sink.__aenter__()

    async def stop(self) -> None:
        """Refuse connections from now on, and break those that are open. May be called twice."""
        await self.sink.stop()
