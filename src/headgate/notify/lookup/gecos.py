"""Targets from the GECOS field of the passwd entry: some sites' directory services put a chat name there."""

from __future__ import annotations

import pwd
import time
from collections.abc import Collection, Mapping, Sequence

from headgate.notify.lookup.found import Answer, Failed, NotFound, answer_of
from headgate.notify.lookup.threads import Threads

_SECONDS = 10.0
"""For the name services; they have no time-out of their own that we could set."""


class Gecos:
    """Asks the system's name services, as ``getent passwd`` does. ``part``: a number from 1 between commas, or all."""

    name = "gecos"

    def __init__(self, part: str | int, *, seconds: float = _SECONDS) -> None:
        self._part = part
        self._seconds = seconds
        self._threads = Threads("lookup-gecos", 2)

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name; those that there was no time for have failed, and the others have not."""
        known: dict[str, Answer] = {}
        until = time.monotonic() + self._seconds
        failed = Failed("gecos: the name services did not answer in time", transient=True)
        try:
            await self._threads.run(lambda: self._ask(sorted(names), known, until), self._seconds)
        except TimeoutError:
            pass
        except OSError as error:
            words = f"gecos: the name services failed: {error.strerror or type(error).__name__}"
            failed = Failed(words, transient=True)
        answered = dict(known)  # a thread that is overdue may still add to the other
        return {name: answered.get(name, failed) for name in names}

    def _ask(self, names: Sequence[str], known: dict[str, Answer], until: float) -> None:
        """Ask for one name after the other, until a moment of the monotonic clock."""
        for name in names:
            if time.monotonic() > until:
                return
            field = _gecos(name)
            known[name] = NotFound() if field is None else answer_of(part_of(field, self._part), self.name)


def part_of(gecos: str, part: str | int) -> str:
    """Return the wanted part of a GECOS field, empty if there is none."""
    if not isinstance(part, int):
        return gecos
    parts = gecos.split(",")
    return parts[part - 1] if part <= len(parts) else ""


def _gecos(name: str) -> str | None:
    try:
        return pwd.getpwnam(name).pw_gecos
    except KeyError:
        return None
