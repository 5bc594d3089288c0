"""Recipients: ``connector:target``, and the receiver list of ``--mail-user``.

The grammar is the one of goslmailer, with blanks and repetitions forgiven: a comma list of items; an item is
``connector:target`` (the target may hold further colons), a bare target for the default connector, or a connector's
bare name for the job's owner, as they are linked there.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

MAX_RECEIVERS = 64
"""Receivers taken from one list; one mail cannot be made to flood a site."""
MAX_TARGET = 1024
"""Characters in one target."""
_CONNECTOR = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told: a target inside a connector; an empty target is the job's owner, as linked there."""

    connector: str
    target: str

    def __str__(self) -> str:
        """``connector:target``."""
        return f"{self.connector}:{self.target}"


@dataclass(frozen=True, slots=True)
class RefusedReceiver:
    """An item of a receiver list that names nobody, and why."""

    text: str
    why: str


def read_receivers(
    text: str, *, default_connector: str, owner: str, connectors: Container[str] = ()
) -> tuple[list[Recipient], list[RefusedReceiver]]:
    """Read a receiver list; each recipient once, in the order given.

    An empty list means the job's owner through the default connector. The bare name of one of ``connectors`` means the
    owner's own target there: a recipient with an empty target. Items that cannot be read are returned, never dropped.
    Whether a connector exists and takes the target is not decided here.
    """
    read: dict[Recipient | RefusedReceiver, None] = {}
    left_over = 0
    items = [item.strip() for item in text.split(",")]
    for item in [item for item in items if item] or [owner]:
        one = _read_item(item, default_connector, connectors)
        if one in read:
            continue
        if len(read) < MAX_RECEIVERS:
            read[one] = None
        else:
            left_over += 1
    recipients = [one for one in read if isinstance(one, Recipient)]
    refused = [one for one in read if isinstance(one, RefusedReceiver)]
    if left_over:
        refused.append(RefusedReceiver(f"{left_over} more", f"more than {MAX_RECEIVERS} receivers"))
    return recipients, refused


def _read_item(item: str, default_connector: str, connectors: Container[str]) -> Recipient | RefusedReceiver:
    connector, colon, target = item.partition(":")
    connector, target = connector.strip(), target.strip()
    if connector in connectors and not target:
        return Recipient(connector, "")
    if not colon:
        connector, target = default_connector, connector
    shown = _CONTROL.sub("�", item[:MAX_TARGET])
    if not _CONNECTOR.fullmatch(connector):
        return RefusedReceiver(shown, "the connector's name is empty or holds other than letters, digits, _ . -")
    if not target.strip(":"):
        return RefusedReceiver(shown, "no target after the colon")
    if len(target) > MAX_TARGET:
        return RefusedReceiver(shown, f"the target is longer than {MAX_TARGET} characters")
    if _CONTROL.search(target):
        return RefusedReceiver(shown, "the target holds a control character")
    return Recipient(connector, target)
