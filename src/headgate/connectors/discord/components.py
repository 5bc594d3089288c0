"""Buttons as Discord's message components. Pure.

https://discord.com/developers/docs/components/reference#button.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headgate.bots.chat import Button

_ROW, _BUTTON, _SECONDARY, _DANGER = 1, 2, 2, 4
_IN_A_ROW, _ROWS = 5, 5


def rows_of(buttons: Sequence[Button]) -> list[dict[str, Any]]:
    """Return buttons as rows of components; pressing one sends its command as ``custom_id``."""
    made = [
        {
            "type": _BUTTON,
            "style": _DANGER if button.danger else _SECONDARY,
            "label": button.label[:80],
            "custom_id": button.command,
        }
        for button in {button.command: button for button in buttons if button.command}.values()
    ][: _IN_A_ROW * _ROWS]
    return [{"type": _ROW, "components": made[start : start + _IN_A_ROW]} for start in range(0, len(made), _IN_A_ROW)]
