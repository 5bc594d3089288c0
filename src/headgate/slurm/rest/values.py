"""Values as slurmrestd writes them, whichever step of the API: numbers, states, exit codes, errors. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from headgate.model.exitcode import read_wait_status
from headgate.model.job import ExitStatus
from headgate.model.states import StateReading, read_state

Json = Mapping[str, Any]
_NO_VALUE: Final = 0xFFFF_FFFE
"""What old steps write where there is no number."""


def number(value: Any) -> int | None:
    """Read a number: plain, null, or ``{set, infinite, number}``. None where there is none, or no end of it."""
    if isinstance(value, Mapping):
        return None if value.get("infinite") or not value.get("set", True) else number(value.get("number"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    whole = int(value)
    return None if whole in (_NO_VALUE, _NO_VALUE + 1) or whole >= 1 << 63 else whole


def moment(value: Any) -> float | None:
    """Read a point in time; None for none (0, or unset)."""
    seconds = number(value)
    return float(seconds) if seconds else None


def text(value: Any) -> str:
    """Read a text; empty where there is none."""
    return value if isinstance(value, str) else ""


def state(value: Any) -> StateReading | None:
    """Read a job's state: a word, or a list of words (the state and its flags)."""
    words = [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else [text(value)]
    return read_state(" ".join(words))


def exit_status(value: Any) -> ExitStatus | None:
    """Read an exit code: a raw wait status, or an object with ``return_code`` and ``signal``; None if it says none."""
    if not isinstance(value, Mapping):
        status = number(value)
        return None if status is None else read_wait_status(str(status))
    signal = value.get("signal")
    named = signal if isinstance(signal, Mapping) else {}
    ended_by = number(named.get("id", named.get("signal_id"))) or 0
    code = number(value.get("return_code"))
    if code is None and not ended_by:
        return None
    return ExitStatus(code or 0, ended_by)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What an answer complains of, in Slurm's words. ``code``: Slurm's error number, 0 if it gives none."""

    words: str
    code: int = 0


def complaints(answer: Json) -> list[Complaint]:
    """Return the errors in an answer's body, which count for more than its HTTP status."""
    found = []
    for one in _list(answer.get("errors")):
        if isinstance(one, Mapping):
            code = number(one.get("error_number", one.get("error_code"))) or 0
            words = [text(one.get(name)) for name in ("error", "description")]
            found.append(Complaint(": ".join(dict.fromkeys(word for word in words if word)) or "an error", code))
        elif isinstance(one, str):
            found.append(Complaint(one))
    return found


def warnings(answer: Json) -> list[str]:
    """Return the warnings in an answer's body: what was not understood, and left out."""
    found = []
    for one in _list(answer.get("warnings")):
        words = text(one.get("description")) if isinstance(one, Mapping) else text(one)
        if words:
            found.append(words)
    return found


def records(answer: Json, name: str) -> list[Json]:
    """Return the objects of a list in an answer."""
    return [one for one in _list(answer.get(name)) if isinstance(one, Mapping)]


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []
