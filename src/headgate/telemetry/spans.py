"""Spans: what took how long, for tracing systems that speak OpenTelemetry. Nothing, at no price, unless switched on."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Literal, Protocol

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Value = str | int | float | bool


class Span(Protocol):
    """Something that is being done."""

    def name(self, name: str) -> None:
        """Give it a better name."""

    def set(self, **attributes: Value) -> None:
        """Say more about it; ``__`` in a name stands for a dot."""

    def fail(self, why: str) -> None:
        """Say that it failed; never with words that others gave, which may hold a secret."""


class Tracer(Protocol):
    """What takes spans."""

    def span(
        self, name: str, kind: Kind, traces: Sequence[str], attributes: dict[str, Value]
    ) -> AbstractContextManager[Span]:
        """Begin a span."""

    def past(self, name: str, seconds: float, attributes: dict[str, Value]) -> None:
        """Take a span that is over by now."""


class _NoSpan:
    def name(self, name: str) -> None: ...

    def set(self, **attributes: Value) -> None: ...

    def fail(self, why: str) -> None: ...


_NOTHING: Final[AbstractContextManager[Span]] = contextlib.nullcontext(_NoSpan())
_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Have spans taken from now on; None: by nobody."""
    global _tracer  # noqa: PLW0603 - one process reports to one place
    _tracer = tracer


def span(
    name: str, kind: Kind = "internal", *, traces: Sequence[str] = (), **attributes: Value
) -> AbstractContextManager[Span]:
    """Return what is to be entered while something is done.

    ``traces``: of what else it is for. ``attributes``: ``__`` in a name stands for a dot. An exception that leaves it
    is told by its type alone.
    """
    return _NOTHING if _tracer is None else _tracer.span(name, kind, traces, dict(attributes))


def past(name: str, seconds: float, **attributes: Value) -> None:
    """Tell of something that took so long and is over just now."""
    if _tracer is not None:
        _tracer.past(name, seconds, dict(attributes))
