"""The settings of a Slack connector."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from headgate.config.chat import BotSettings, ChatSettings
from headgate.connectors.web_settings import Authorities, Proxy, RootAddress

_SHORTEST = 12
"""Characters; real tokens have about 56."""


def _is_token(value: SecretStr, prefix: str) -> bool:
    text = value.get_secret_value()
    return (
        text.startswith(prefix) and len(text) >= _SHORTEST and text.isascii() and text.isprintable() and " " not in text
    )


class SlackBotSettings(BotSettings):
    """What the bot does, and the token with which it listens."""

    app_token: SecretStr | None = Field(
        default=None,
        description="App-level token (`xapp-…`) with the scope `connections:write`, for Socket Mode; the bot needs it.",
    )

    @field_validator("app_token")
    @classmethod
    def _is_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_token(value, "xapp-"):
            raise ValueError("should be an app-level token, which begins with xapp-")
        return value

    @model_validator(mode="after")
    def _can_listen(self) -> Self:
        if self.enabled and self.app_token is None:
            raise ValueError("should hold app_token, without which the bot cannot listen")
        return self


class SlackSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``slack``."""

    kind: Literal["slack"] = Field(default="slack", description="People and channels on Slack.")
    token: SecretStr = Field(description="Bot token of the Slack app (`xoxb-…`).")
    base_url: RootAddress = Field(
        default="https://slack.com/api", description="Root of the Web API; another one for GovSlack and for tests."
    )
    ca_file: Authorities = None
    proxy: Proxy = None
    bot: SlackBotSettings = Field(default_factory=SlackBotSettings, description="The bot that listens in Slack.")

    @field_validator("token")
    @classmethod
    def _is_bot_token(cls, value: SecretStr) -> SecretStr:
        if not _is_token(value, "xoxb-"):
            raise ValueError("should be a bot token, which begins with xoxb-")
        return value
