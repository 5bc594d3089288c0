"""The settings of a Telegram connector."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from headgate.config.chat import ChatSettings
from headgate.connectors.web_settings import Authorities, Proxy, RootAddress

PUBLIC = "https://api.telegram.org"
"""Telegram's own Bot API; a site may run one itself (https://core.telegram.org/bots/api#using-a-local-bot-api-server)."""
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{16,100}")


class TelegramSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``telegram``."""

    kind: Literal["telegram"] = Field(default="telegram", description="Messages by a bot on Telegram.")
    token: SecretStr = Field(description="The bot's token, as @BotFather gives it: `123456789:AAE…`.")
    base_url: RootAddress = Field(default=PUBLIC, description="Address of the Bot API, for sites that run their own.")
    ca_file: Authorities = None
    proxy: Proxy = None

    @field_validator("token")
    @classmethod
    def _is_a_token(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("should be a bot's token: its number, a colon, and its key")
        return value
