"""Forms of single settings of builds: names, targets, who may, expressions, texts with placeholders."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Annotated, Final

import regex
from pydantic import AfterValidator

_LOGIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(?:\[bot\])?")
_TEAM: Final = re.compile(r"team:[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
_REPOSITORY_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}")
_PART: Final = r"[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,63}"
_TARGET: Final = re.compile(rf"{_PART}(?:/{_PART}){{0,7}}")
_REPOSITORY: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_.-]*:)?[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")


def _who(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        if not (_LOGIN.fullmatch(entry) or _TEAM.fullmatch(entry)):
            raise ValueError("should hold logins, team:ORGANISATION/NAME, or author")
    return entries


def _instance(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("should be made of letters, digits and _.+-, and begin with a letter or digit")
    return text


def _target(text: str) -> str:
    if text and not _TARGET.fullmatch(text):
        raise ValueError("should be made of letters, digits and _.+-, with / between, as in x86_64/amd/zen2")
    return text


def _repository_ids(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_REPOSITORY_ID.fullmatch(text) for text in texts):
        raise ValueError("should hold names as in repos.cfg: letters, digits and _.+-")
    return texts


def _expression(text: str) -> str:
    try:
        regex.compile(text)
    except (regex.error, OverflowError, RecursionError):
        raise ValueError("should be a regular expression") from None
    return text


def _expressions(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        _expression(text)
    return texts


Permitted = Annotated[tuple[str, ...], AfterValidator(_who)]
"""Who may: logins, ``team:ORGANISATION/NAME``, ``author`` (of the pull request). Nobody, if empty."""
Instance = Annotated[str, AfterValidator(_instance)]
Target = Annotated[str, AfterValidator(_target)]
"""An architecture or accelerator: it becomes part of a path."""
RepositoryIds = Annotated[tuple[str, ...], AfterValidator(_repository_ids)]
Expression = Annotated[str, AfterValidator(_expression)]
Expressions = Annotated[tuple[str, ...], AfterValidator(_expressions)]


def check_names(what: str, names: Mapping[str, object]) -> None:
    """Refuse names of tables that cannot stand in paths, addresses and comments. Raises ValueError."""
    if not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(f"a {what}'s name is made of letters, digits and _.+-, and begins with a letter or digit")


def check_repositories(names: Mapping[str, object], forges: Mapping[str, object]) -> None:
    """Refuse repositories that are none, or are on a forge there is not. Raises ValueError."""
    for name in names:
        forge, colon, _ = name.partition(":")
        if not _REPOSITORY.fullmatch(name):
            raise ValueError("a repository is named OWNER/NAME, or FORGE:OWNER/NAME")
        if colon and forge not in forges:
            raise ValueError("a repository is named on a forge that is not configured")


def check_placeholders(text: str, known: frozenset[str]) -> None:
    """Refuse placeholders that are not filled in. Raises ValueError."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError:
        raise ValueError("has a brace alone; write {{ or }}") from None
    unknown = [field for field in fields if field not in known]
    if unknown:
        raise ValueError(
            "has a placeholder that is unknown; there are " + ", ".join(f"{{{one}}}" for one in sorted(known))
        )
