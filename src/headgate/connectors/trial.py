"""Trying a connector: a sample, sent at once and without the queue, or only shown."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headgate.connectors.samples import SAMPLES
from headgate.errors import ConnectorError, RecipientError
from headgate.model.message import Message
from headgate.notify.connector import Connector, Delivered, Envelope, Renders, Rendition, TryAgain

_EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "slack": ("C0123456789",),
    "mattermost": ("a" * 26,),
    "matrix": ("!room:example.org",),
    "telegram": ("12345",),
    "discord": ("1190000000000000000",),
    "mailto": ("ada@example.org", "ada"),
}
"""Kind of connector -> targets that name nobody, with which a message may be shown."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How a trial went. ``outcome``: ``delivered``, ``not now``, ``refused``."""

    sample: str
    target: str
    outcome: str
    reason: str | None
    detail: str

    @property
    def delivered(self) -> bool:
        """Whether the service took it."""
        return self.outcome == "delivered"


async def send(connector: Connector, target: str, sample: str) -> Tried:
    """Send a sample to a target. Raises RecipientError for one that is not taken."""
    checked = connector.check_target(target)
    outcome = await connector.send(Envelope(checked, SAMPLES[sample], f"test-{secrets.token_hex(8)}"), _commit)
    if isinstance(outcome, Delivered):
        return Tried(sample, checked, "delivered", None, outcome.reference)
    how = "not now" if isinstance(outcome, TryAgain) else "refused"
    return Tried(sample, checked, how, outcome.reason.value, outcome.detail)


def shown(connector: Connector, target: str, message: Message, key: str) -> Rendition:
    """Return what a message becomes. Raises RecipientError, or ConnectorError for a connector that cannot show it."""
    if not isinstance(connector, Renders):
        raise ConnectorError(f"connector {connector.name} cannot show what it would send")
    return connector.render(Envelope(connector.check_target(target), message, key))


def example_target(connector: Connector, kind: str, targets: tuple[str, ...] = ()) -> str | None:
    """Return the first of these targets, or of examples, that a connector would take; None if it takes none."""
    for target in (*targets, *_EXAMPLES.get(kind, ())):
        try:
            return connector.check_target(target)
        except RecipientError:
            continue
    return None


async def _commit() -> None:
    """Nothing is recorded, so nothing has to be waited for."""
