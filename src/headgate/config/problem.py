"""Mistakes in the configuration, as they are shown to whoever has to mend them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, or one thing to think about. It never holds a value from the configuration."""

    file: str
    """The file, or ``environment``."""
    line: int | None
    """From 1; None where there is no line."""
    key: str
    """The key with its section (``notify.attempts``), or the environment variable; empty for the file as a whole."""
    text: str
    """What is wrong."""
    likely: str | None = None
    """What was probably meant."""
    severity: Severity = "error"
    """With an error the configuration cannot be used."""

    def __str__(self) -> str:
        """``file:line: key: text; did you mean …?``."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        warning = "warning: " if self.severity == "warning" else ""
        key = f"{self.key}: " if self.key else ""
        meant = f"; did you mean {self.likely}?" if self.likely else ""
        return f"{place}: {warning}{key}{self.text}{meant}"
