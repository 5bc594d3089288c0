"""Asking once more before something that cannot be undone: what was asked whom, and whether this is the answer."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH: Final = 4
_MOST: Final = 1000
"""Questions remembered; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Asked:
    token: str
    about: object
    until: float


class Questions:
    """One open question for each person; ``lifetime``: seconds in which it has to be answered."""

    def __init__(self, lifetime: float = 120.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lifetime = lifetime
        self._clock = clock
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def ask(self, identity: str, about: object) -> str:
        """Ask somebody about something, in place of what they were asked before; return the token of a "yes"."""
        token = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        self._asked.pop(identity, None)
        self._asked[identity] = _Asked(token, about, self._clock() + self._lifetime)
        if len(self._asked) > _MOST:
            self._asked.popitem(last=False)
        return token

    def answered(self, identity: str, about: object, token: str) -> bool:
        """Say whether this token answers the open question, which is then closed; a wrong one closes it, too."""
        return self.taken(identity, token) == about if token else False

    def taken(self, identity: str, token: str) -> object | None:
        """Return what the open question was about if this token answers it; in any case it is closed then."""
        asked = self._asked.pop(identity, None)
        good = asked is not None and self._clock() < asked.until and hmac.compare_digest(asked.token, token)
        return asked.about if asked is not None and good else None
