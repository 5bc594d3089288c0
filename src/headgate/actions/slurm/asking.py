"""What all actions on the cluster share: the operator, names, and results of which a part failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, TypeVar

from pydantic import BeforeValidator

from headgate.actions.action import Call
from headgate.actions.refusals import ActionError, ParametersError, PartlyFailedError
from headgate.model.change import Changes, Value, failures
from headgate.slurm.operator import SlurmOperator

K = TypeVar("K")


def _as_list(given: object) -> object:
    """Make one name a list of one; the operator reads hostlists itself."""
    return (given,) if isinstance(given, str | int) and not isinstance(given, bool) else _as_tuple(given)


def _split(given: object) -> object:
    if isinstance(given, str):
        return tuple(word.strip() for word in given.split(",") if word.strip())
    return _as_tuple(given)


def _as_tuple(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


def _as_text(given: object) -> object:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


Hosts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""Hostlists: ``["n1", "n[3-5]"]``; one may stand alone, as a text."""
Jobs = Annotated[tuple[Annotated[str, BeforeValidator(_as_text)], ...], BeforeValidator(_as_list)]
"""Jobs: ``[12, "12_3"]``; one may stand alone."""
Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Names, as a list or between commas."""
Text = Annotated[str, BeforeValidator(_as_text)]
"""A text; a whole number is one too."""


def operator_of(call: Call) -> SlurmOperator:
    """Return what operates the cluster. Raises ActionError if this Headgate has none."""
    if call.context.slurm is None:
        raise ActionError("this Headgate has no Slurm to operate")
    return call.context.slurm


@contextlib.contextmanager
def asked_for() -> Iterator[None]:
    """Turn what the operator cannot read into what is wrong with the parameters."""
    try:
        yield
    except ValueError as error:
        raise ParametersError(str(error)) from error


def whole(changes: Changes) -> Changes:
    """Return changes of which none failed. Raises PartlyFailedError if one did."""
    failed = failures(changes)
    if failed:
        raise PartlyFailedError(failed, result=changes)
    return changes


def as_words(value: Value) -> str:
    """Return a value as scontrol takes it: lists between commas, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, list) else str(value)


def in_words(infos: Mapping[str, Value], keys: Mapping[str, K], what: str) -> dict[K, str]:
    """Return what is to be set, by Slurm's own names. Raises ParametersError for a key that cannot be set."""
    for key in infos:
        known(key, list(keys), what)
    return {keys[key]: as_words(value) for key, value in infos.items()}


def known(key: str, keys: Sequence[str], what: str) -> None:
    """Raise ParametersError for a key that is not among those that can be set."""
    if key not in keys:
        raise ParametersError(f"a {what} has no {key[:64]!a} that can be changed; there are {', '.join(sorted(keys))}")
