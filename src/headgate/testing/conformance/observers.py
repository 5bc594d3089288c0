"""Those who watch a connector under test: a commit that counts, and a listener that hears every log."""

from __future__ import annotations

import asyncio
import logging


class Commits:
    """A commit that counts, and can be told to keep everybody waiting."""

    def __init__(self) -> None:
        self.number = 0
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self) -> None:
        """Count, and wait while told to."""
        self.number += 1
        self.reached.set()
        await self.open.wait()


class Listener(logging.Handler):
    """Keeps everything that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as it would be written, with its exception."""
        self.told.append(logging.Formatter().format(record))
