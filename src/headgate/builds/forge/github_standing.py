"""How a GitHub App stands: its key, what it may, where it is installed, and what became of its last webhook.

Source: "Permissions required for GitHub Apps" in GitHub's REST documentation; ``GET /app`` and
``GET /app/installations`` tell permissions as name -> ``read`` or ``write``. A permission that was added counts in an
account only when somebody there has accepted it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field

from headgate.builds.forge.interface import ForgeError, Sent
from headgate.builds.incoming.github import Part
from headgate.model.finding import Finding, tried, well, wrong

EVENTS: Final = ("issue_comment", "pull_request")
"""What the App has to be subscribed to, for webhooks to tell all that builds are about."""
_OK: Final = range(200, 300)


class App(Part):
    """The App itself."""

    slug: str
    permissions: dict[str, Any] = Field(default_factory=dict)
    events: list[str] = Field(default_factory=list)


class _Account(Part):
    login: str = ""
    slug: str = ""
    """An enterprise has no login."""


class Installed(Part):
    """The App in one account."""

    account: _Account | None = None
    permissions: dict[str, Any] = Field(default_factory=dict)
    suspended_at: datetime | None = None

    @property
    def where(self) -> str:
        """The account's name."""
        return "somebody" if self.account is None else self.account.login or self.account.slug


def of_app(app: App, needed: Mapping[str, str]) -> list[Finding]:
    """Say whether an App may what it needs (permission -> ``read`` or ``write``), and hears what it has to."""
    lacking = _lacking(app.permissions, needed)
    unheard = [name for name in EVENTS if name not in app.events]
    return [
        well("key", f"GitHub knows the App {app.slug} by it"),
        tried(
            "permissions",
            not lacking,
            f"the App lacks {lacking}" if lacking else "all that are needed",
            "add it in the App's settings, and accept it where the App is installed",
        ),
        tried(
            "events",
            not unheard,
            f"the App is not subscribed to {', '.join(unheard)}: only looking finds what they tell"
            if unheard
            else f"{' and '.join(EVENTS)} are told",
            "subscribe it in the App's settings",
        ),
    ]


def of_installations(found: list[Installed], needed: Mapping[str, str]) -> list[Finding]:
    """Say where an App is installed, and whether each account lets it do what it needs."""
    if not found:
        return [wrong("installations", "the App is installed nowhere", "install it where the repositories are")]
    told = []
    for one in found:
        lacking = _lacking(one.permissions, needed)
        what = f"installation at {one.where}"
        if one.suspended_at is not None:
            told.append(wrong(what, "it is suspended: nothing there is seen", f"an owner of {one.where} can end that"))
        elif lacking:
            told.append(wrong(what, f"it lacks {lacking}", f"an owner of {one.where} has to accept it"))
        else:
            told.append(well(what, "may all that is needed"))
    return told


async def of_webhooks(sent: AsyncIterator[Sent]) -> Finding:
    """Say what became of the last webhook. ``sent``: those of the last days, newest first."""
    try:
        async for last in sent:
            if last.status in _OK:
                return well("webhook", f"the last one ({last.event}) arrived")
            answer = f"was answered with {last.status}" if last.status else "reached nobody"
            advice = "see the webhook's URL and secret in the App's settings, and the proxy before Headgate"
            return wrong("webhook", f"the last one ({last.event}) {answer}", advice)
    except ForgeError as error:
        return wrong("webhook", error.message)
    return well("webhook", "GitHub sent none in the last days: events are found by looking")


def _lacking(given: Mapping[str, Any], needed: Mapping[str, str]) -> str:
    short = [name for name, level in needed.items() if given.get(name) not in {level, "write", "admin"}]
    return ", ".join(f"{name.replace('_', ' ')}: {needed[name]}" for name in short)
