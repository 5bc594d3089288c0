"""Who guesses has to wait: wrong tokens, or sign-ins, are counted by address, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from headgate.gateway.refusals import TooManyError

_MOST: Final = 50_000
"""Addresses remembered; who guessed longest ago is forgotten first."""


class Lockout:
    """Counts wrong ``what``. ``most`` within ``period`` seconds are taken from one address."""

    def __init__(
        self, most: int, period: float, *, what: str = "tokens", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._most = most
        self._period = period
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise TooManyError while an address has to wait."""
        count, since = self._wrong.get(address, (0, 0.0))
        left = since + self._period - self._clock()
        if count >= self._most and left > 0:
            raise TooManyError(f"too many wrong {self._what} came from this address; try again later", after=left)

    def wrong(self, address: str) -> None:
        """Count a wrong token."""
        count, since = self._wrong.pop(address, (0, 0.0))
        now = self._clock()
        if now - since >= self._period:
            count, since = 0, now
        self._wrong[address] = (count + 1, since)
        if len(self._wrong) > _MOST:
            self._wrong.popitem(last=False)
