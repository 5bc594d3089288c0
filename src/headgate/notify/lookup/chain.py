"""The chain: every source in the site's order, asked once for all names of a batch, and remembered for a while."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection

from headgate.config.lookup import LookupSettings, Source
from headgate.notify.lookup.command import Command
from headgate.notify.lookup.found import Answer, Failed, Found, NotFound, is_user_name
from headgate.notify.lookup.gecos import Gecos
from headgate.notify.lookup.ldap import Ldap
from headgate.notify.lookup.source import LookupSource
from headgate.notify.lookup.table import Table

_MAX_DETAIL = 300


class LookupChain:
    """Finds the targets of Unix names. ``clock``: seconds that only grow.

    The links that users have made are not asked here: whoever asks has looked at those, where ``chain`` names them.
    """

    def __init__(self, settings: LookupSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sources = [source for name in settings.chain if (source := _source(name, settings)) is not None]
        self._keep = settings.cache
        self._most = settings.cached
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, Found | NotFound]] = OrderedDict()

    async def find(self, names: Collection[str]) -> dict[str, Answer]:
        """Return an answer for each name.

        What cannot be the name of an account is not found, and nobody is asked for it. A source that fails ends the
        search for the names it was asked for: a later source must not speak for one that may know better.
        """
        answers: dict[str, Answer] = {name: NotFound() for name in names if not is_user_name(name)}
        open_names = set[str]()
        for name in set(names) - answers.keys():
            known = self._remembered(name)
            if known is None:
                open_names.add(name)
            else:
                answers[name] = known
        for source in self._sources:
            if not open_names:
                break
            for name, answer in (await source.find(open_names)).items():
                if not isinstance(answer, NotFound):
                    answers[name] = _bounded(answer)
            open_names -= answers.keys()
        answers |= dict.fromkeys(open_names, NotFound())
        self._remember(answers)
        return answers

    def _remembered(self, name: str) -> Found | NotFound | None:
        known = self._known.get(name)
        if known is None or known[0] <= self._clock():
            self._known.pop(name, None)
            return None
        return known[1]

    def _remember(self, answers: dict[str, Answer]) -> None:
        """Keep what is new; failures are asked again the next time."""
        until = self._clock() + self._keep
        for name, answer in answers.items():
            if not isinstance(answer, Failed) and is_user_name(name):
                self._known.setdefault(name, (until, answer))
        while len(self._known) > self._most:
            self._known.popitem(last=False)


def _source(name: Source, settings: LookupSettings) -> LookupSource | None:
    match name:
        case "gecos":
            return Gecos(settings.gecos)
        case "ldap" if settings.ldap is not None:
            return Ldap(settings.ldap)
        case "command" if settings.command is not None:
            return Command(settings.command)
        case "table":
            return Table(settings.table, settings.table_path)
    return None


def _bounded(answer: Found | Failed) -> Found | Failed:
    if isinstance(answer, Failed) and len(answer.detail) > _MAX_DETAIL:
        return Failed(answer.detail[:_MAX_DETAIL], answer.transient)
    return answer
