"""What became, or would become, of each thing that an action changes: rows for the preview and the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from headgate.actions.registry import Result

_MOST_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One thing: its facts before and after, the ones that differ; ``error``: why it was not changed as asked."""

    name: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    changed: bool
    error: str

    @property
    def outcome(self) -> str:
        """What became of it, in a word."""
        return "failed" if self.error else "done" if self.changed else "as it was"


def rows_of(result: Result, name: str = "") -> list[ChangeRow]:
    """Return the rows of an action's result. ``name``: of the only thing that it changes."""
    found: Any = result.result
    if not isinstance(found, dict):
        return []
    changes = {name: found} if name else found
    return [_row(key, change) for key, change in changes.items() if isinstance(change, dict)]


def _row(name: str, change: Mapping[str, Any]) -> ChangeRow:
    before, after = change.get("before") or {}, change.get("after") or {}
    keys = [key for key in {**before, **after} if key == "state" or before.get(key) != after.get(key)]
    return ChangeRow(
        name=name,
        before={key: _words(before[key]) for key in keys if _words(before.get(key))},
        after={key: _words(after[key]) for key in keys if _words(after.get(key))},
        changed=bool(change.get("changed")),
        error=str(change.get("error") or ""),
    )


def _words(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
