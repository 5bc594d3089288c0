"""The settings of a Teams connector."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from headgate.config.chat import ChatSettings
from headgate.config.section import Number
from headgate.connectors.address import MAX_ADDRESS, check_address
from headgate.connectors.web_settings import Authorities, Proxy, split_address
from headgate.errors import RecipientError

_ChannelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
_Pattern = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ADDRESS, pattern=r"^[!-~]+$")]
_RETIRED = re.compile(r"(?:.+\.)?webhook\.office(?:365)?\.com|(?:.+\.)?outlook\.office(?:365)?\.com")
"""Hosts of Office 365 connectors, which Microsoft has switched off (Teams, "Retirement of Office 365 connectors")."""
_MOVED = re.compile(r".+\.logic\.azure\.com")
"""Where Power Automate's flows were until 30 November 2025, and where Azure Logic Apps still are."""
_MICROSOFTS = re.compile(r".+\.(?:api\.powerplatform\.com|logic\.azure\.com)")


class TeamsSettings(ChatSettings):
    """One ``[connectors.NAME]`` table of kind ``msteams``."""

    kind: Literal["msteams"] = Field(default="msteams", description="Microsoft Teams, by Workflows webhooks.")
    rate: Annotated[float, Number, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=3.0, description="Messages per second, at most. Teams takes about four before it answers 429."
    )
    burst: Annotated[int, Number, Field(ge=1)] = Field(
        default=4, description="Messages that may go out at once before `rate` is felt."
    )
    urls: dict[_ChannelName, SecretStr] = Field(
        default_factory=dict,
        description="Workflows webhook addresses: the name is the target of `--mail-user=NAME:`, the address is kept "
        "secret, since whoever has it can post.",
    )
    flow_url: SecretStr | None = Field(
        default=None,
        description="Webhook of a flow that forwards each card to the person it mentions. With it, targets are users' "
        "principal names (mail addresses).",
    )
    domain: str | None = Field(
        default=None,
        description="With `flow_url`: put behind a target without a domain; `ada` becomes `ada@` and this.",
    )
    allow: tuple[_Pattern, ...] = Field(
        default=(),
        max_length=1000,
        description="With `flow_url`: principal names that may get messages, as patterns with `*` and `?` that have to "
        "fit the whole name (`*@example.org`). Without any, all may.",
    )
    ca_file: Authorities = None
    proxy: Proxy = None

    @field_validator("urls")
    @classmethod
    def _are_webhooks(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for url in value.values():
            check_webhook(url.get_secret_value())
        return value

    @field_validator("flow_url")
    @classmethod
    def _is_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_webhook(value.get_secret_value())
        return value

    @field_validator("domain")
    @classmethod
    def _is_domain(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return check_address(f"somebody@{value}").partition("@")[2]
        except RecipientError as error:
            raise ValueError(error.message) from None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.urls and self.flow_url is None:
            raise ValueError("needs `urls` for channels, or `flow_url` for persons")
        if self.flow_url is None and (self.domain or self.allow):
            raise ValueError("`domain` and `allow` are for persons, and do nothing without `flow_url`")
        if self.bot.enabled:
            raise ValueError("has no bot: a webhook only takes messages; leave out `bot`")
        return self

    def moved(self) -> list[str]:
        """Return the names of addresses that may have stopped: ``flow_url``, and those in ``urls``."""
        every = {**{f"urls.{name}": url for name, url in self.urls.items()}}
        if self.flow_url is not None:
            every["flow_url"] = self.flow_url
        hosts = {name: urlsplit(url.get_secret_value()).hostname or "" for name, url in every.items()}
        return [name for name, host in hosts.items() if _MOVED.fullmatch(host)]


def check_webhook(url: str) -> None:
    """Raise ValueError, without the address, for one that is no Workflows webhook or has been switched off."""
    parts = split_address(url)
    if parts.username or parts.password or parts.fragment:
        raise ValueError("should hold no name, password or fragment")
    if _RETIRED.fullmatch(parts.hostname or ""):
        raise ValueError(
            "is an Office 365 connector, and Microsoft has switched those off: make a workflow instead "
            "(the channel's menu, Workflows, 'Send webhook alerts to a channel') and put its address here"
        )
    if _MICROSOFTS.fullmatch(parts.hostname or "") and not any(parse_qs(parts.query).get("sig", ())):
        raise ValueError(
            "lacks `sig=…`, the key of a webhook that anyone with its address may use; copy the whole of it"
        )
