"""Listening to a relay: a channel of server-sent events, for sites that nobody on the internet can post to.

A relay keeps nothing and may forget to say that it is gone, so every new connection has the forge itself looked at for
what was missed. The channel's address is a secret: whoever has it reads every webhook. It is in no log.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

import httpx2
import structlog

import headgate
from headgate.builds.incoming import relayed
from headgate.builds.incoming.intake import Intake, Outcome
from headgate.connectors.tls import tls_context
from headgate.errors import StoreError
from headgate.events.sources.standings import Standing

_log = structlog.get_logger(__name__)
_MOST: Final = 64 * 1024 * 1024
"""Bytes of one event: a webhook of the largest size, written anew."""
_SILENCE: Final = 120.0
"""Seconds without a word, after which the relay is taken for gone; smee says something every half minute."""
_CONNECTING: Final = 30.0
_FIRST, _LONGEST = 1.0, 60.0
"""Seconds until it is connected to again: at first, and at last."""
_STEADY: Final = 30.0
"""Seconds a connection has to last for the next one not to wait longer."""

Sleep = Callable[[float], Awaitable[None]]


class Relay:
    """Listens to the channel of one forge."""

    def __init__(self, forge: str, url: str, intake: Intake, standing: Standing, *, first: float = _FIRST) -> None:
        """``first``: seconds until it is connected to again, at first."""
        self._forge = forge
        self._url = url
        self._intake = intake
        self._standing = standing
        self._first = first
        self._stop = asyncio.Event()
        self._client = httpx2.AsyncClient(
            verify=tls_context(None),
            timeout=httpx2.Timeout(_CONNECTING, read=_SILENCE),
            headers={"User-Agent": f"headgate/{headgate.__version__}"},
            follow_redirects=False,
            trust_env=False,
        )

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Listen until ``stop``; connect again whenever the connection is lost."""
        wait = self._first
        try:
            while not self._stop.is_set():
                begun = time.monotonic()
                listening = asyncio.create_task(self._listen(), name=f"relay {self._forge} connection")
                stopped = asyncio.create_task(self._stop.wait())
                await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
                listening.cancel()
                stopped.cancel()
                _, ended = await asyncio.gather(stopped, listening, return_exceptions=True)
                if self._stop.is_set():
                    return
                if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
                    raise ended
                wait = self._first if time.monotonic() - begun > _STEADY else min(wait * 2, _LONGEST)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait * random.uniform(0.5, 1)):  # noqa: S311 - spreads the load
                        await self._stop.wait()
        finally:
            await self._client.aclose()

    async def _listen(self) -> None:
        """Listen on one connection until it ends."""
        try:
            async with self._client.sse(self._url, max_event_size=_MOST) as source:
                status = source.response.status_code
                if status != 200:  # noqa: PLR2004
                    self._failed(f"the relay answered {status}")
                    return
                self._standing.well()
                self._look()
                async for event in source:
                    self._standing.saw(time.time())
                    await self._take(event.data)  # of ``ready`` and ``ping`` there is nothing to take
                self._failed("the relay ended the connection")
        except httpx2.HTTPError as error:
            self._failed(f"the relay is not heard: {type(error).__name__}")

    async def _take(self, text: str) -> None:
        """Take one event."""
        found = relayed.read(text)
        if found is None:
            return
        take = self._intake.gitlab if "x-gitlab-event" in found.headers else self._intake.github
        try:
            for body in found.bodies:
                if (await take(body, found.headers, self._forge)).outcome is not Outcome.UNSIGNED:
                    return
        except StoreError as error:
            _log.error("relay.not_written", forge=self._forge, error=error.message)
        else:
            _log.warning("relay.unsigned", forge=self._forge, webhook=found.headers.get("x-github-event", "")[:64])
        self._look()

    def _look(self) -> None:
        """Have the forge looked at for what the relay did not bring."""
        missed = self._intake.missed.get(self._forge)
        if missed is not None:
            missed()

    def _failed(self, why: str) -> None:
        if why != self._standing.problem:
            _log.warning("relay.lost", forge=self._forge, error=why)
        self._standing.failed(why)
