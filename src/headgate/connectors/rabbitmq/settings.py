"""The settings of a RabbitMQ connector."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, field_validator, model_validator

from headgate.config.connector import ConnectorSettings
from headgate.config.section import Section
from headgate.connectors.web_settings import Authorities

_LONGEST = 255
"""Octets in a name of AMQP 0-9-1 (a "shortstr")."""
_DestinationName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


def _is_short(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > _LONGEST or not text.isprintable():
        raise ValueError(f"should be one line of at most {_LONGEST} octets")
    return text


Name = Annotated[str, AfterValidator(_is_short)]
"""What an exchange, a queue or a routing key may be called."""


class Destination(Section):
    """One ``[connectors.NAME.destinations.DESTINATION]`` table: a queue, or an exchange and a routing key."""

    queue: Annotated[Name, Field(min_length=1)] | None = Field(
        default=None, description="Queue that messages go to directly; or else `exchange` and `routing_key`."
    )
    exchange: Annotated[Name, Field(min_length=1)] | None = Field(
        default=None, description="Exchange that messages go to, in place of the connector's. It must exist."
    )
    routing_key: Name | None = Field(default=None, description="Routing key by which the exchange chooses queues.")
    declare: bool = Field(
        default=False,
        description="Whether the queue is made, durable, where there is none; for `queue` only.",
    )

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if self.queue is not None and (self.exchange is not None or self.routing_key is not None):
            raise ValueError("should have `queue`, or `exchange` and `routing_key`, not both")
        if self.queue is None and self.routing_key is None:
            raise ValueError("should have `queue` or `routing_key`")
        if self.declare and self.queue is None:
            raise ValueError("`declare` goes with `queue`; exchanges and their bindings are made at the broker")
        return self


class RabbitSettings(ConnectorSettings):
    """One ``[connectors.NAME]`` table of kind ``rabbitmq``."""

    kind: Literal["rabbitmq"] = Field(default="rabbitmq", description="JSON to queues of a RabbitMQ broker.")
    url: SecretStr = Field(
        description="The broker, `amqps://USER:PASSWORD@HOST[:PORT]/VHOST` or `amqp://…` (not encrypted). "
        "`/` or nothing is the virtual host `/`; special characters are written as in `%40`."
    )
    destinations: dict[_DestinationName, Destination] = Field(
        min_length=1, description="Where messages go: a table each. Its name is the target; jobs name no queue."
    )
    exchange: Name = Field(
        default="",
        description="Exchange of destinations that have a `routing_key` and no exchange of their own; "
        "empty is the broker's default exchange, where the routing key is a queue's name.",
    )
    ca_file: Authorities = None

    @field_validator("url")
    @classmethod
    def _is_broker(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        try:
            parts = urlsplit(text)
            fine = parts.scheme in ("amqp", "amqps") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fine = False
        if not fine or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("should be an address that begins with amqps:// or amqp://")
        if not parts.username or not parts.password:
            raise ValueError("should hold the user and the password: amqps://USER:PASSWORD@HOST/VHOST")
        if parts.query or parts.fragment or "/" in parts.path[1:]:
            raise ValueError("should end with the virtual host: no `?`, no `#`, and `%2F` for a slash in its name")
        return value
