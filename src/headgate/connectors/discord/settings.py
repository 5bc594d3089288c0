"""The settings of a Discord connector."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from headgate.config.chat import ChatSettings
from headgate.connectors.web_settings import Proxy, RootAddress

_TOKEN = re.compile(r"[A-Za-z0-9_.-]{24,200}")


class DiscordSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``discord``."""

    kind: Literal["discord"] = Field(default="discord", description="Messages in Discord.")
    token: SecretStr = Field(description="Token of the bot, from the developer portal.")
    url: RootAddress = Field(
        default="https://discord.com/api",
        description="Where Discord's API is, without the version. The bot's own connection always goes to Discord.",
    )
    picture: bool = Field(
        default=False, description="Whether the bars are a picture; the bot then needs the permission Attach Files."
    )
    message_content: bool = Field(
        default=False,
        description="Whether the Message Content intent is switched on for the bot in the developer portal; only then "
        "does `bot.trigger` work in channels. A mention and a private message always work.",
    )
    proxy: Proxy = None

    @field_validator("url")
    @classmethod
    def _has_no_version(cls, value: str) -> str:
        if re.search(r"/v\d+$", urlsplit(value).path):
            raise ValueError("should be without the version, such as https://discord.com/api")
        return value

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("should be a bot token, without the word Bot in front")
        return value
