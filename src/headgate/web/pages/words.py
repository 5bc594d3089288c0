"""Times, durations, sizes and states as pages write them: filters of the templates."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup, escape

from headgate.model.text import one_line

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
NONE: Final = "\u2013"
"""What is written where there is nothing: a dash."""
_KIBI: Final = 1024.0
_GOOD: Final = frozenset(
    {"COMPLETED", "done", "sent", "succeeded", "success", "SUCCESS", "idle", "up", "ok"} | {"delivered", "well", "on"}
)
_BUSY: Final = frozenset({"RUNNING", "COMPLETING", "running", "sending", "allocated", "mixed", "released", "received"})
_BAD: Final = frozenset(
    {"FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "dead", "failed", "refused", "down"}
    | {"error", "FAILURE", "lost", "fail", "not_responding", "failing", "invalid", "tests failed", "wrong"}
)
_CARE: Final = frozenset(
    {"CANCELLED", "PREEMPTED", "drained", "draining", "drain", "maintenance", "approval", "asking", "stopped"}
    | {"dropped", "cancelled", "being cancelled", "begun", "note"}
)


def duration(seconds: float | None) -> str:
    """Return a duration in two units at most: ``2 d 3 h``, ``4 min``, ``0.5 s``; a dash for none."""
    if seconds is None:
        return NONE
    left = abs(seconds)
    if left < 10:  # noqa: PLR2004 - where a tenth matters
        return f"{round(left, 1):g} s"
    whole = round(left)
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    parts: list[str] = []
    for size, name in units:
        if whole >= size or (parts and len(parts) < 2):  # noqa: PLR2004 - two units
            count, whole = divmod(whole, size)
            if count or not parts:
                parts.append(f"{count} {name}")
            elif parts:
                break
        if len(parts) == 2:  # noqa: PLR2004 - two units
            break
    return " ".join(parts)


def when(moment: float | None, now: float | None = None) -> Markup:
    """Return a time as people say it, ``3 min ago``, in an element that holds it exactly; a dash for none."""
    if moment is None:
        return escape(NONE)
    ago = (time.time() if now is None else now) - moment
    said = "now" if abs(ago) < 1 else f"{duration(ago)} ago" if ago > 0 else f"in {duration(ago)}"
    exact = datetime.fromtimestamp(moment, UTC)
    local = datetime.fromtimestamp(moment).astimezone()
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"), local.strftime("%Y-%m-%d %H:%M:%S %Z"), said
    )


def clock(moment: float | None) -> Markup:
    """Return a time as date and clock show it here; a dash for none."""
    if moment is None:
        return escape(NONE)
    exact = datetime.fromtimestamp(moment, UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        exact.strftime("%Y-%m-%dT%H:%M:%SZ"), datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    )


def iso(moment: float) -> str:
    """Return a time as machines read it, in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(moment: float) -> str:
    """Return a time as date and clock show it here."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short(text: object, limit: int = 80) -> str:
    """Return foreign text as one clean line of at most so many characters."""
    return one_line(str(text), limit)


def size(count: float | None) -> str:
    """Return bytes in binary units: ``3.2 GiB``; a dash for none."""
    if count is None:
        return NONE
    left = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(left) < _KIBI:
            return f"{left:.0f} {unit}" if unit == "B" else f"{left:.1f} {unit}"
        left /= _KIBI
    return f"{left:.1f} PiB"


def number(count: float | None) -> str:
    """Return a count with thin spaces between thousands; a dash for none."""
    return NONE if count is None else f"{count:,}".replace(",", "\u202f")


def tone(state: object) -> str:
    """Return how a state is coloured: ``good``, ``busy``, ``bad``, ``care``, or ``calm``. Its word says the same."""
    word = str(state)
    for name, known in (("bad", _BAD), ("care", _CARE), ("busy", _BUSY), ("good", _GOOD)):
        if word in known or word.split("+", maxsplit=1)[0].lower() in known:
            return name
    return "calm"


def badge(state: object) -> Markup:
    """Return a state as a badge: coloured, and readable without colours."""
    return Markup('<span class="badge {}">{}</span>').format(tone(state), str(state).replace("_", " ").lower())


def query(values: Mapping[str, Any]) -> str:
    """Return a query string of those values that are not empty."""
    return urlencode({key: value for key, value in values.items() if value not in (None, "", False)}, doseq=True)


def share(part: float | None, whole: float | None) -> int | None:
    """Return a part of a whole in per cent, bounded to 0..100; None if either is not known."""
    return None if part is None or not whole else max(0, min(100, round(100 * part / whole)))


def lines(text: object) -> Markup:
    """Return text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in str(text).splitlines())


def line(text: object, most: int = 200) -> str:
    """Return foreign text as one clean line of at most so many characters."""
    return one_line(str(text), most)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "duration": duration,
    "when": when,
    "clock": clock,
    "iso": iso,
    "local": local,
    "short": short,
    "size": size,
    "number": number,
    "tone": tone,
    "badge": badge,
    "share": share,
    "lines": lines,
    "line": line,
}
