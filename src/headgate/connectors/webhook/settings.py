"""The settings of a webhook connector."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints, field_validator

from headgate.config.connector import ConnectorSettings
from headgate.config.section import Section
from headgate.connectors.web_settings import Authorities, Proxy, split_address

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_OURS = frozenset(
    {
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "idempotency-key",
        "headgate-signature",
        "headgate-timestamp",
    }
)
_EndpointName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]


class Endpoint(Section):
    """One ``[connectors.NAME.endpoints.ENDPOINT]`` table: where messages to the target ``ENDPOINT`` go."""

    url: SecretStr = Field(
        description="Address, `https://` or `http://`. Kept secret, since many services put a key in it."
    )
    secret: SecretStr | None = Field(
        default=None, description="Key of the signature, at least 16 characters; without it, requests are not signed."
    )
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Further headers of every request, such as `Authorization`."
    )

    @field_validator("url")
    @classmethod
    def _is_web_address(cls, value: SecretStr) -> SecretStr:
        parts = split_address(value.get_secret_value())
        if parts.username or parts.password or parts.fragment:
            raise ValueError("should hold no name, password or fragment; put an Authorization line into `headers`")
        return value

    @field_validator("secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 16:  # noqa: PLR2004 - said in the description
            raise ValueError("should have at least 16 characters")
        return value

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, text in value.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
                raise ValueError("holds a name that is no header, or one that Headgate writes itself")
            if not text.get_secret_value().isascii() or not text.get_secret_value().isprintable():
                raise ValueError("holds a value that is not one line of ASCII")
        return value


class WebhookSettings(ConnectorSettings):
    """One ``[connectors.NAME]`` table of kind ``webhook``."""

    kind: Literal["webhook"] = Field(default="webhook", description="JSON to HTTP endpoints.")
    endpoints: dict[_EndpointName, Endpoint] = Field(
        min_length=1, description="Where messages go: a table each. Its name is the target; jobs cannot name addresses."
    )
    ca_file: Authorities = None
    proxy: Proxy = None
