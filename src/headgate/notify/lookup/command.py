"""Targets from a program of the site's own: names as arguments, JSON on its standard output."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Collection, Mapping, Sequence

from headgate.config.lookup import CommandSettings
from headgate.errors import SlurmError
from headgate.model.text import one_line
from headgate.notify.lookup.found import Answer, Failed, answer_of
from headgate.slurm.process import run

MAX_OUTPUT = 1024 * 1024
"""Octets a program may print."""
_AT_ONCE = 4
"""Runs at the same time."""
_BATCH = 3
"""Time-outs after which no further run is started for the names of one batch."""
_MAX_WORDS = 200
_SHORTEST_SECRET = 4
"""Characters; hiding less would only garble the text."""
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Command:
    """Runs the program. A name cannot be an option, since names of accounts do not begin with ``-``."""

    name = "command"

    def __init__(self, settings: CommandSettings) -> None:
        self._argv = settings.argv
        chosen = {name: value.get_secret_value() for name, value in settings.environment.items()}
        self._environment = _ENVIRONMENT | chosen
        self._secrets = [value for value in chosen.values() if len(value) >= _SHORTEST_SECRET]
        self._names = settings.names
        self._timeout = settings.timeout
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name."""
        asked = sorted(names)
        groups = [asked[start : start + self._names] for start in range(0, len(asked), self._names)]
        deadline = time.monotonic() + _BATCH * self._timeout
        answers: dict[str, Answer] = {}
        for answer in await asyncio.gather(*(self._ask(group, deadline) for group in groups)):
            answers |= answer
        return answers

    async def _ask(self, names: Sequence[str], deadline: float) -> Mapping[str, Answer]:
        async with self._places:
            if time.monotonic() > deadline:
                words = "command: the program was too slow with the names before this one"
                return dict.fromkeys(names, Failed(words, transient=True))
            try:
                said = await run(
                    [*self._argv, *names], env=self._environment, timeout=self._timeout, stdout_limit=MAX_OUTPUT
                )
            except SlurmError as error:
                return dict.fromkeys(names, Failed(f"command: {error.message}", error.transient))
        if said.code:
            words = one_line(self._hide(said.stderr), _MAX_WORDS)
            detail = f"command: the program ended with status {said.code}" + (f": {words}" if words else "")
            return dict.fromkeys(names, Failed(detail, transient=True))
        return read(said.stdout, names)

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[hidden]")
        return text


def read(text: str, names: Sequence[str]) -> Mapping[str, Answer]:
    """Return what a program's output says of the names.

    ``{"target": "…"}`` if it was asked for one name, or a map from names to targets; a name that is left out, or
    has ``null`` or an empty text, is not known.
    """
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return dict.fromkeys(names, Failed("command: what the program printed is not JSON", transient=False))
    if not isinstance(answer, dict):
        return dict.fromkeys(names, Failed("command: what the program printed is no JSON object", transient=False))
    if len(names) == 1 and set(answer) == {"target"}:
        return {names[0]: answer_of(answer["target"], "command")}
    if stray := sorted(set(answer) - set(names)):
        words = one_line(stray[0], 40)
        return dict.fromkeys(names, Failed(f"command: the program spoke of {words!r}, not asked for", transient=False))
    return {name: answer_of(answer.get(name), "command") for name in names}
