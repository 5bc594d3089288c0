"""What is published: where to, and the message with its properties. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from headgate.connectors.bounds import within
from headgate.connectors.payload import BOUNDS, VERSION, body_of
from headgate.connectors.rabbitmq.settings import Destination
from headgate.model.recipient import Recipient
from headgate.notify.connector import Envelope

APPLICATION = "headgate"
KIND_OF_MESSAGE = "headgate.message"


@dataclass(frozen=True, slots=True)
class Post:
    """One message for the broker. ``timestamp``: whole seconds since the epoch, when it happened."""

    exchange: str
    routing_key: str
    body: bytes
    key: str
    timestamp: int
    headers: Mapping[str, str | int]

    def properties(self) -> dict[str, object]:
        """Return the message's properties by their names in AMQP 0-9-1; all but these are left unset."""
        return {
            "content_type": "application/json",
            "content_encoding": "utf-8",
            "delivery_mode": 2,
            "message_id": self.key,
            "timestamp": self.timestamp,
            "type": KIND_OF_MESSAGE,
            "app_id": APPLICATION,
            "headers": dict(self.headers),
        }

    def shown(self) -> str:
        """Return all of it as indented JSON, to be looked at."""
        whole = {
            "exchange": self.exchange,
            "routing_key": self.routing_key,
            "properties": self.properties(),
            "body": json.loads(self.body),
        }
        return json.dumps(whole, indent=2, ensure_ascii=False)

    @property
    def moment(self) -> datetime:
        """``timestamp`` as a date."""
        return datetime.fromtimestamp(self.timestamp, UTC)


def post_of(envelope: Envelope, connector: str, destination: Destination, default_exchange: str) -> Post:
    """Return what is published for a message to a destination: the same at every attempt."""
    message = within(envelope.message, BOUNDS)
    recipient = str(Recipient(connector, envelope.target))
    exchange, routing_key = place_of(destination, default_exchange)
    return Post(
        exchange=exchange,
        routing_key=routing_key,
        body=body_of(message, recipient=recipient, key=envelope.key, events=envelope.events),
        key=envelope.key,
        timestamp=int(message.time),
        headers={"version": VERSION, "outcome": message.outcome.value},
    )


def place_of(destination: Destination, default_exchange: str) -> tuple[str, str]:
    """Return the exchange and the routing key. A queue is reached through the broker's default exchange."""
    if destination.queue is not None:
        return "", destination.queue
    return default_exchange if destination.exchange is None else destination.exchange, destination.routing_key or ""
