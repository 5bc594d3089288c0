"""The settings of a mailto connector."""

from __future__ import annotations

import enum
import re
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from headgate.config.connector import ConnectorSettings
from headgate.config.section import Number, Seconds
from headgate.connectors.address import MAX_ADDRESS, check_address
from headgate.connectors.kind import AbsolutePath
from headgate.errors import RecipientError

_SMTP_ONLY = frozenset({"host", "port", "security", "verify", "username", "password", "helo"})
_BOTH = frozenset({"ca_file", "idle_timeout"})
"""What a mail server and Gmail have in common."""
_GMAIL_RATE = 2.0
"""Mails a second: Gmail grants a user 15,000 quota units a minute, and a mail costs 100 ("Usage limits")."""
_GMAIL_ONLY = frozenset({"gmail_key", "gmail_user", "gmail_url", "proxy"})
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")
_ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_Pattern = Annotated[str, Field(min_length=1, max_length=MAX_ADDRESS, pattern=_ONE_LINE)]
_Text = Annotated[str, Field(max_length=200, pattern=_ONE_LINE)]


class Security(enum.StrEnum):
    """How a connection to the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    """TLS after STARTTLS; a server that does not offer it gets no mail."""
    TLS = "tls"
    """TLS from the start (port 465)."""

    @property
    def port(self) -> int:
        """The port servers usually offer it on."""
        return {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}[self]


class Transport(enum.StrEnum):
    """The way mails leave."""

    SMTP = "smtp"
    COMMAND = "command"
    GMAIL = "gmail"


class MailtoSettings(ConnectorSettings):
    """One ``[connectors.NAME]`` table of kind ``mailto``."""

    kind: Literal["mailto"] = Field(default="mailto", description="Mail.")
    concurrency: Annotated[int, Number, Field(ge=1, le=64)] = Field(
        default=2, description="Connections to the mail server, at most; each is used for one mail at a time."
    )
    rate: Annotated[float, Number, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=20.0,
        description="Mails per second, at most; with `gmail` 2 where nothing is set. "
        "Mail servers ban who sends faster than they like.",
    )

    from_address: str = Field(description="Address that mails come from, and that bounces go to.")
    from_name: _Text = Field(default="Slurm", description="Name that mails come from.")
    reply_to: str | None = Field(default=None, description="Address for answers, such as the help desk's.")
    domain: str | None = Field(
        default=None, description="Put behind a target without a domain: `ada` becomes `ada@` and this."
    )
    allow: tuple[_Pattern, ...] = Field(
        default=(),
        max_length=1000,
        description="Addresses that may get mail, as patterns with `*` and `?` that have to fit the whole address "
        "(`*@example.org`). Without any, all may.",
    )
    block: tuple[_Pattern, ...] = Field(
        default=(), max_length=1000, description="Addresses that get no mail, as patterns; stronger than `allow`."
    )

    transport: Transport | None = Field(
        default=None,
        description="How mails leave: `smtp` (a mail server), `command`, or `gmail` (Gmail's API). Without it "
        "`command` if that is set, else `smtp`.",
    )
    host: str = Field(default="localhost", min_length=1, max_length=253, description="Mail server (SMTP).")
    port: Annotated[int, Number, Field(ge=1, le=65535)] | None = Field(
        default=None, description="Port of the mail server; without it 25, 587 for `starttls`, 465 for `tls`."
    )
    security: Security = Field(default=Security.NONE, description="`none`, `starttls` or `tls`.")
    verify: bool = Field(default=True, description="Whether the mail server's certificate is checked.")
    ca_file: AbsolutePath | None = Field(
        default=None, description="Certificate authorities for that check, in place of the system's."
    )
    username: str | None = Field(default=None, description="Name to log in with.")
    password: SecretStr | None = Field(default=None, description="Password to log in with.")
    helo: _Text | None = Field(
        default=None, description="Name this host gives itself (EHLO); without it, what `hostname` says."
    )
    idle_timeout: Seconds = Field(
        default=30.0, description="Seconds after which a connection that is not used is closed."
    )

    command: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Command that takes each mail on its standard input, in place of a mail server: a list of words, "
        'of which `"{target}"` becomes the address and `"{subject}"` the subject: '
        '`["/usr/sbin/sendmail", "-i", "--", "{target}"]`.',
    )

    gmail_key: SecretStr | None = Field(
        default=None,
        description="With `gmail`: the service account's key, the JSON that Google gives; mostly as `gmail_key_file`.",
    )
    gmail_user: str | None = Field(
        default=None,
        description="With `gmail`: the mailbox that sends, a user of the Workspace; without it `from_address`.",
    )
    gmail_url: str = Field(
        default="https://gmail.googleapis.com",
        description="With `gmail`: where the API is.",
        pattern=r"^https?://[!-~]+$",
    )
    proxy: SecretStr | None = Field(
        default=None,
        description="With `gmail`: HTTP proxy to go through; proxy variables of the environment are not read.",
    )

    subject_prefix: _Text = Field(default="", description="Put before every subject, for example `[slurm] `.")
    list_id: _Text | None = Field(
        default=None,
        description="The `List-Id` header, by which people filter; without it `headgate.` and the domain of "
        "`from_address`, and none if it is empty.",
    )
    threads: bool = Field(default=True, description="Whether the mails of one job are shown as one conversation.")
    footer: Annotated[str, Field(max_length=1000)] = Field(
        default="", description="Text under every mail, such as where to ask."
    )
    templates: AbsolutePath | None = Field(
        default=None, description="Directory whose `mail.html.j2` and `mail.txt.j2` are used in place of the own ones."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_slower_by_gmail(cls, given: object) -> object:
        if isinstance(given, dict) and given.get("transport") == Transport.GMAIL and "rate" not in given:
            return {**given, "rate": _GMAIL_RATE}
        return given

    @field_validator("from_address", "reply_to", "gmail_user")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return None if value is None else _checked(value)

    @field_validator("domain")
    @classmethod
    def _is_domain(cls, value: str | None) -> str | None:
        return None if value is None else _checked(f"somebody@{value}").partition("@")[2]

    @field_validator("list_id")
    @classmethod
    def _is_list_id(cls, value: str | None) -> str | None:
        if value and not (value.isascii() and value.replace(".", "").replace("-", "").isalnum()):
            raise ValueError("should be a name made of letters, digits, dots and hyphens")
        return value

    @field_validator("helo")
    @classmethod
    def _is_host_name(cls, value: str | None) -> str | None:
        if value is not None and (not value.isascii() or not value.strip() or " " in value):
            raise ValueError("should be a host name")
        return value

    @field_validator("command")
    @classmethod
    def _is_command(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is None:
            return None
        if not value[0].startswith("/"):
            raise ValueError("should begin with the command's absolute path")
        for word in value:
            if "\0" in word or ("{" in word and word not in ("{target}", "{subject}")):
                raise ValueError("a placeholder has to be a word of its own: {target} or {subject}")
        return value

    @property
    def way(self) -> Transport:
        """The way mails leave."""
        return self.transport or (Transport.SMTP if self.command is None else Transport.COMMAND)

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if (self.command is not None) != (self.way is Transport.COMMAND):
            raise ValueError('`command` and `transport = "command"` belong together')
        if self.way is Transport.COMMAND and (given := sorted(self.model_fields_set & (_SMTP_ONLY | _BOTH))):
            raise ValueError(f"`command` takes the place of a mail server; leave out {', '.join(given)}")
        if self.way is Transport.GMAIL and (given := sorted(self.model_fields_set & _SMTP_ONLY)):
            raise ValueError(f"`gmail` takes the place of a mail server; leave out {', '.join(given)}")
        if self.way is not Transport.GMAIL and (given := sorted(self.model_fields_set & _GMAIL_ONLY)):
            raise ValueError(f'only `transport = "gmail"` knows {", ".join(given)}')
        if self.way is Transport.GMAIL and self.gmail_key is None:
            raise ValueError("`gmail` needs `gmail_key_file`, the key of a service account")
        if (self.username is None) != (self.password is None):
            raise ValueError("`username` and `password` belong together")
        if self.password is not None and self.security is Security.NONE and not _LOOPBACK.fullmatch(self.host):
            raise ValueError("the password would cross the network in the clear; set `security`")
        return self

    @property
    def smtp_port(self) -> int:
        """The port to connect to."""
        return self.port or self.security.port


def _checked(address: str) -> str:
    try:
        return check_address(address)
    except RecipientError as error:
        raise ValueError(error.message) from None
