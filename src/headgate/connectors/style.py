"""What each outcome is called, and in which colour it is shown, in every service."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.model.message import Outcome


@dataclass(frozen=True, slots=True)
class Style:
    """An outcome in words and colours. White text on ``colour`` has a contrast of at least 4.5 (WCAG 2.2, AA)."""

    word: str
    sign: str
    colour: str


STYLES = {
    Outcome.STARTED: Style("Started", "\u25b6", "#0b5cad"),
    Outcome.SUCCEEDED: Style("Succeeded", "\u2714", "#1a7136"),
    Outcome.FAILED: Style("Failed", "\u2716", "#b4232c"),
    Outcome.CANCELLED: Style("Cancelled", "\u25a0", "#57606a"),
    Outcome.TIMED_OUT: Style("Timed out", "\u25d4", "#9a4a00"),
    Outcome.OUT_OF_MEMORY: Style("Out of memory", "\u2716", "#8e2a7d"),
    Outcome.REQUEUED: Style("Requeued", "\u21bb", "#0f6674"),
    Outcome.WARNING: Style("Attention", "!", "#8a5300"),
    Outcome.MIXED: Style("Partly failed", "\u2716", "#9a4a00"),
    Outcome.NEUTRAL: Style("Note", "\u2022", "#44546a"),
}
