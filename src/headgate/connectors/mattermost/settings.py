"""The settings of a Mattermost connector."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from headgate.config.chat import ChatSettings
from headgate.config.section import Number
from headgate.connectors.web_settings import Authorities, RootAddress

LONGEST_POST = 16383
"""Characters of a post on a server with its own defaults; databases made before 2018 hold 4,000."""


class MattermostSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``mattermost``."""

    kind: Literal["mattermost"] = Field(default="mattermost", description="Posts to Mattermost.")
    url: RootAddress = Field(description="Address of the server as people open it, such as `https://chat.example.org`.")
    token: SecretStr = Field(description="Access token of the bot account.")
    max_length: Annotated[int, Number, Field(ge=1000, le=LONGEST_POST)] = Field(
        default=LONGEST_POST,
        description="Characters the server takes in one post; an old server with an old database takes 4000.",
    )
    picture: bool = Field(
        default=False, description="Whether the bars are also attached as a picture; the bot then uploads files."
    )
    ca_file: Authorities = None

    @field_validator("url")
    @classmethod
    def _is_a_server(cls, value: str) -> str:
        if "/api/" in f"{urlsplit(value).path}/":
            raise ValueError("should be the server's own address, without /api/v4")
        return value

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if len(text) < 8 or not text.isascii() or not text.isprintable():  # noqa: PLR2004 (they have 26)
            raise ValueError("should be an access token: one line of ASCII")
        return value
