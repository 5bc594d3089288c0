"""What stands behind a command's name: filters, ``on:``, ``for:``, variables, options and bare words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from headgate.builds.grammar.commands import Filter
from headgate.builds.grammar.matching import MAX_PATTERN, is_expression, is_wild, plain

ACCELERATOR: Final = "accelerator"
ARCHITECTURE: Final = "architecture"
INSTANCE: Final = "instance"
JOB: Final = "job"
JOB_ARGUMENTS: Final = "jobargs"
REPOSITORY: Final = "repository"
SUBMIT_ARGUMENTS: Final = "submitargs"
COMPONENTS: Final[Mapping[str, str]] = {
    ACCELERATOR: ACCELERATOR,
    ARCHITECTURE: ARCHITECTURE,
    "exportvariable": JOB_ARGUMENTS,
    INSTANCE: INSTANCE,
    JOB: JOB,
    JOB_ARGUMENTS: JOB_ARGUMENTS,
    "jobid": JOB,
    REPOSITORY: REPOSITORY,
    SUBMIT_ARGUMENTS: SUBMIT_ARGUMENTS,
}
"""The names of components, and what they are called here; beginnings of three characters will do."""
_SHOWN: Final = {JOB: "jobid", JOB_ARGUMENTS: "exportvariable"}
"""What the predecessor shows where its name differs."""
_SHORTEST: Final = 3
_MOST_STARS: Final = 8
_TARGET_KEYS: Final = (ARCHITECTURE, ACCELERATOR)
JOB_ID: Final = re.compile(r"[1-9][0-9]{0,9}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}=[A-Za-z0-9_./:@%+=,~-]{0,512}")
_OPTION: Final = re.compile(
    r"-(?:[A-Za-z][A-Za-z0-9_./:@%+=,-]{0,255}|-[a-z][a-z-]{0,63}(?:=[A-Za-z0-9_./:@%+=,-]{0,255})?)"
)
_PATH: Final = re.compile(
    r"[A-Za-z0-9_+*?\[\]!][A-Za-z0-9_+.*?\[\]!-]{0,63}(?:/[A-Za-z0-9_+*?\[\]!][A-Za-z0-9_+.*?\[\]!-]{0,63}){0,7}"
)


class WrongArgumentError(Exception):
    """An argument cannot be read; its text says why, for whoever wrote it."""


@dataclass(slots=True)
class Arguments:
    """What was read."""

    filters: list[Filter] = field(default_factory=list)
    on: list[Filter] = field(default_factory=list)
    target: dict[str, str] = field(default_factory=dict)
    job_arguments: list[str] = field(default_factory=list)
    submit_arguments: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def expanded(self) -> str:
        """Return them with all names whole, in the predecessor's order: words, filters, then what is built for what.

        What is built for without ``on:`` is a condition, too, and is shown as that.
        """
        native = [] if self.on else [Filter(key, value) for key, value in self.target.items()]
        shown = [*self.words, *(f"{_SHOWN.get(one.component, one.component)}:{one.pattern}" for one in self.filters)]
        shown += [f"{one.component}:{one.pattern}" for one in native]
        if self.on:
            shown.append("on:" + ",".join(f"{one.component}={one.pattern}" for one in self.on))
            if self.target:
                shown.append("for:" + ",".join(f"{key}={value}" for key, value in self.target.items()))
        shown += [f"{_SHOWN[JOB_ARGUMENTS]}:{one}" for one in self.job_arguments]
        return " ".join([*shown, *(f"{SUBMIT_ARGUMENTS}:{one}" for one in self.submit_arguments)])


def read(tokens: Iterable[str]) -> Arguments:
    """Read a command's arguments. Raises WrongArgumentError."""
    found = Arguments()
    for token in tokens:
        if ":" not in token:
            found.words.append(token)
        elif token.startswith("on:"):
            found.on += [Filter(key, _pattern(token, value)) for key, value in _items("on", token)]
        elif token.startswith("for:"):
            for key, value in _items("for", token):
                if key in found.target:
                    raise WrongArgumentError(f"'{key}' is given twice in 'for:'")
                if not _PATH.fullmatch(value):
                    raise WrongArgumentError(f"'{value}' cannot be built for; a target is such as x86_64/amd/zen2")
                found.target[key] = value
        else:
            _read_filter(found, token)
    return found


def _read_filter(found: Arguments, token: str) -> None:
    component, value = _filter(token)
    if component == JOB_ARGUMENTS:
        if not _VARIABLE.fullmatch(value):
            raise WrongArgumentError(f"'{token}' does not set a variable; write {component}:NAME=VALUE, without quotes")
        found.job_arguments.append(value)
    elif component == SUBMIT_ARGUMENTS:
        if not _OPTION.fullmatch(value):
            raise WrongArgumentError(f"'{token}' is no option of sbatch; write {component}:--NAME=VALUE")
        found.submit_arguments.append(value)
    elif component == JOB and not JOB_ID.fullmatch(value):
        raise WrongArgumentError(f"'{value}' in '{token}' is no job; write its number")
    else:
        found.filters.append(Filter(component, value if component == JOB else _pattern(token, value)))


def _filter(token: str) -> tuple[str, str]:
    """Split a filter, in the predecessor's words where it is none. Raises WrongArgumentError."""
    given, _, pattern = token.partition(":")
    if not given:
        raise WrongArgumentError(f"filter string '{token}' does not conform to format 'component:pattern'")
    if not pattern:
        raise WrongArgumentError(f"pattern in filter string '{token}' is empty")
    if len(given) < _SHORTEST:
        raise WrongArgumentError(
            f"component in filter spec '{given}:{pattern}' is too short; must be {_SHORTEST} characters or longer"
        )
    exact = COMPONENTS.get(given)
    named = {exact} if exact else {ours for name, ours in COMPONENTS.items() if name.startswith(given)}
    if len(named) != 1:
        raise WrongArgumentError(f"unknown component={given} in {given}:{pattern}")
    return named.pop(), pattern


def _items(name: str, token: str) -> list[tuple[str, str]]:
    """Return what ``on:`` or ``for:`` hold, with whole keys. Raises WrongArgumentError."""
    found = []
    for item in token.partition(":")[2].split(","):
        key, equals, value = item.partition("=")
        if not equals or not value or ("=" in value and name == "for"):
            raise WrongArgumentError(f"'{item}' in '{token}' should be KEY=VALUE, such as {name}:arch=x86_64/amd/zen2")
        whole = [one for one in _TARGET_KEYS if key and one.startswith(key)]
        if not whole:
            raise WrongArgumentError(f"'{key}' in '{token}' is neither architecture nor accelerator")
        if len(whole) > 1:
            raise WrongArgumentError(f"'{key}' in '{token}' may be architecture or accelerator; write arch or accel")
        found.append((whole[0], value))
    return found


def _pattern(token: str, value: str) -> str:
    """Return a pattern that can be matched safely. Raises WrongArgumentError."""
    if len(value) > MAX_PATTERN:
        raise WrongArgumentError(f"a pattern has at most {MAX_PATTERN} characters")
    if is_expression(value) or (is_wild(value) and value.count("*") > _MOST_STARS):
        raise WrongArgumentError(
            f"'{token}' is a regular expression; write a whole name, parts between slashes, or a pattern with * and ?"
        )
    return plain(value)
