"""Which trace this task works for: on every line it logs, and on every event it writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

import structlog

_TRACE: Final = "trace"


@contextlib.contextmanager
def about(trace: str | None = None, **keys: object) -> Iterator[None]:
    """Have all that this task, and what it starts, logs carry these keys. No ``trace``: it keeps the one it has."""
    known = {name: value for name, value in keys.items() if value is not None}
    if trace:
        known[_TRACE] = trace
    with structlog.contextvars.bound_contextvars(**known):
        yield


def current() -> str | None:
    """Return the trace this task works for, if it has one."""
    trace = structlog.contextvars.get_contextvars().get(_TRACE)
    return trace if isinstance(trace, str) else None
