"""The JSON that programs are told by, whichever way it reaches them. Pure.

``docs/reference/webhook.md`` says what is in it, to the last field.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from headgate.connectors.bounds import Bounds
from headgate.model.event import Event
from headgate.model.message import Message

VERSION = 1
"""Of the payload's form; raised when a receiver has to change."""
BOUNDS = Bounds(value=2000, text=4000, log_lines=200, log_line=2000, digest=1000)
"""How much of a message programs are given."""


def body_of(message: Message, *, recipient: str, key: str, events: Sequence[Event] = ()) -> bytes:
    """Return the JSON: the same bytes at every attempt. ``message`` is already bounded.

    ``events`` are what the message is about: one, or those of all messages that were folded into a digest.
    """
    payload = {
        "version": VERSION,
        "key": key,
        "recipient": recipient,
        "events": [event.as_json() for event in events],
        "message": message.model_dump(mode="json"),
    }
    return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
