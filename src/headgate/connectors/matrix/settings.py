"""The settings of a Matrix connector."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from headgate.config.chat import ChatSettings
from headgate.connectors.web_settings import Authorities, Proxy, RootAddress

Join = Literal["nobody", "local", "anybody"]
"""Whose invitations are followed."""


class MatrixSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``matrix``."""

    kind: Literal["matrix"] = Field(default="matrix", description="Messages to Matrix rooms.")
    homeserver: RootAddress = Field(
        description="Address of the homeserver's client API, such as `https://matrix.example.org`."
    )
    token: SecretStr = Field(description="Access token of the account that writes; it needs no password.")
    join: Join = Field(
        default="local",
        description="Whose invitations are followed: `nobody`'s, those of people of the same server (`local`), or "
        "`anybody`'s.",
    )
    notify: bool = Field(
        default=False,
        description="Whether messages are `m.text`, which telephones announce, in place of `m.notice`, which they show "
        "silently by default.",
    )
    picture: bool = Field(default=False, description="Whether a picture of the efficiency bars follows the message.")
    ca_file: Authorities = None
    proxy: Proxy = None

    @field_validator("homeserver")
    @classmethod
    def _is_before_the_api(cls, value: str) -> str:
        if "_matrix" in urlsplit(value).path:
            raise ValueError("should be the address before /_matrix")
        return value

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.isascii() or not text.isprintable() or not text or " " in text:
            raise ValueError("should be a token: printable ASCII without blanks")
        return value
