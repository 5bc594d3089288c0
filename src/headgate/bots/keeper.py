"""Keeping a bot connected: a listener that loses its service is started again, ever more slowly."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge

from headgate.bots.chat import Converse, Listener
from headgate.errors import HeadgateError

_log = structlog.get_logger(__name__)

LISTENING = Gauge("headgate_bot_listening", "Whether a bot listens in this process (1) or rests (0).", ["bot"])
LOSSES = Counter("headgate_bot_losses", "How often a bot lost its service or was refused by it.", ["bot"])

_CHANCE = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class KeeperSettings:
    """Seconds. ``first`` to ``longest``: between two tries, doubling; ``refused``: after what will not pass by itself.

    A listener that ran for ``steady`` seconds counts as connected, and begins with ``first`` again. ``jitter``: the
    part of each wait that is left to chance, so that many bots do not come back at once.
    """

    first: float = 1.0
    longest: float = 300.0
    refused: float = 600.0
    steady: float = 60.0
    jitter: float = 0.2


class Keeper:
    """Runs one bot until it is stopped. ``make`` makes a new listener for every try."""

    def __init__(
        self,
        name: str,
        make: Callable[[], Listener],
        converse: Converse,
        settings: KeeperSettings | None = None,
    ) -> None:
        self._name = name
        self._make = make
        self._converse = converse
        self._settings = settings or KeeperSettings()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Listen until ``stop``."""
        losses = 0
        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                transient = await self._listen()
                if self._stop.is_set():
                    return
                LOSSES.labels(self._name).inc()
                losses = 1 if time.monotonic() - begun >= self._settings.steady else losses + 1
                await self._rest(self._pause(losses, transient=transient))
        finally:
            LISTENING.labels(self._name).set(0)

    async def _listen(self) -> bool:
        """Listen until the service is lost or we are stopped; return whether trying again soon may help."""
        _log.info("bot.listening", bot=self._name)
        LISTENING.labels(self._name).set(1)
        stopped = asyncio.create_task(self._stop.wait(), name=f"bot {self._name} stop")
        listening = asyncio.create_task(self._run_once(), name=f"bot {self._name} listener")
        try:
            await asyncio.wait({stopped, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            LISTENING.labels(self._name).set(0)
            stopped.cancel()
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(stopped, listening, return_exceptions=True)
        return listening.cancelled() or self._judge(listening.exception())

    async def _run_once(self) -> None:
        await self._make().run(self._converse)

    def _judge(self, error: BaseException | None) -> bool:
        """Log how a listener ended; return whether trying again soon may help."""
        if isinstance(error, HeadgateError):
            _log.warning("bot.lost", bot=self._name, error=error.message, transient=error.transient)
            return error.transient
        if error is None:
            _log.warning("bot.lost", bot=self._name, error="the connection was closed", transient=True)
            return True
        # A mistake of ours or of a library. Its text may hold anything, also a token: only where it happened is told.
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        _log.error("bot.broke", bot=self._name, error=type(error).__name__, where=where)
        return True

    def _pause(self, losses: int, *, transient: bool) -> float:
        own = self._settings
        base = min(own.longest, own.first * 2.0 ** min(losses - 1, 20)) if transient else own.refused
        return base * (1 - own.jitter + 2 * own.jitter * _CHANCE.random())

    async def _rest(self, seconds: float) -> None:
        _log.info("bot.again", bot=self._name, seconds=round(seconds, 1))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
