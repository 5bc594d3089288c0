"""Reference pages made from the code, so that they cannot say anything else than it does.

One module a page; each has ``page() -> str``, which returns Markdown. ``PAGES`` names them all.
"""

from __future__ import annotations

from collections.abc import Callable

from scripts.reference import actions, commands, errors, events, messages, metrics, permissions, settings, states

PAGES: dict[str, Callable[[], str]] = {
    "actions.md": actions.page,
    "cli.md": commands.page,
    "errors.md": errors.page,
    "events.md": events.page,
    "messages.md": messages.page,
    "metrics.md": metrics.page,
    "permissions.md": permissions.page,
    "settings.md": settings.page,
    "states.md": states.page,
}
"""File name -> what makes it."""
