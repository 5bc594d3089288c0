"""Settings of actions: how much one call may touch, which sites they may ask, which commands they may run."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from headgate.config.section import AbsolutePath, Count, Seconds, Section
from headgate.model.role import Role

_MIB: Final = 1024 * 1024
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]{0,63})\}")
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
_ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


class HttpSite(Section):
    """One site that `http.request` may ask, `[actions.http.sites.NAME]`."""

    url: str = Field(description="What addresses have to begin with: `https://grafana.example.org/api`.")
    methods: tuple[Method, ...] = Field(("GET", "POST"), min_length=1, description="Methods that may be used there.")
    bearer: SecretStr | None = Field(None, description="Token that is sent as `Authorization: Bearer`.")
    headers: dict[str, SecretStr] = Field(default_factory=dict, description="Further headers of every request.")
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign the site's certificate.")

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine or "@" in url or "?" in url or "#" in url or not url.isascii() or not url.isprintable():
            raise ValueError("should begin with https:// or http://, and hold no name, password, ? or #")
        return url

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            text = value.get_secret_value()
            if not _HEADER.fullmatch(name) or name.lower() in _OURS:
                raise ValueError(f"{name[:64]!a} is no header that can be set")
            if not text.isascii() or not text.isprintable():
                raise ValueError(f"the header {name} should be printable ASCII")
        return headers


class HttpSettings(Section):
    """What `http.request` may ask. Without sites it asks nobody."""

    timeout: Seconds = Field(30, description="Seconds for an answer.")
    most_bytes: Count = Field(1 * _MIB, description="Bytes of an answer that are read, and of a request.")
    sites: dict[Name, HttpSite] = Field(
        default_factory=dict, description="Sites that may be asked, `[actions.http.sites.NAME]` each."
    )


class CommandParameter(Section):
    """One parameter of a command, `[actions.commands.NAME.parameters.NAME]`. It becomes one word of the command."""

    type: Literal["word", "integer", "text"] = Field(
        "word",
        description="`word`: letters, digits and `_.:@%+,/=-`, and no `-` in front; `integer`: a whole number; `text`: "
        "one line of anything, with no `-` in front.",
    )
    description: str = Field("", description="What it means.")
    choices: tuple[str, ...] = Field((), description="The values it may have; without any, every one of its type.")
    pattern: str | None = Field(None, max_length=256, description="Regular expression it has to match as a whole.")
    default: str | None = Field(None, description="Its value if it is not given; without one, it has to be.")

    @field_validator("pattern")
    @classmethod
    def _is_expression(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"should be a regular expression: {error}") from error
        return pattern


class CommandSettings(Section):
    """One command that `command.run` may run, `[actions.commands.NAME]`: as the service's account, without a shell."""

    argv: tuple[str, ...] = Field(
        min_length=1,
        description="The program, by its absolute path, and its words; `{node}`, as a whole word, is the parameter "
        "`node`.",
    )
    description: str = Field("", description="What it does, for people.")
    parameters: dict[_ParameterName, CommandParameter] = Field(
        default_factory=dict, description="Its parameters, `[actions.commands.NAME.parameters.NAME]` each."
    )
    role: Role = Field(Role.OPERATOR, description="The role it takes: `operator` or `admin`.")
    timeout: Seconds = Field(60, description="Seconds it may take; then it is killed with all that it started.")
    most_bytes: Count = Field(1 * _MIB, description="Bytes it may print; then it is killed, too.")
    success: tuple[int, ...] = Field((0,), min_length=1, description="Exit statuses that say that all went well.")
    environment: dict[str, str] = Field(
        default_factory=dict, description="Its environment, beside `PATH` and `LC_ALL`; nothing else is in it."
    )

    @model_validator(mode="after")
    def _placeholders_are_words(self) -> Self:
        if not self.argv[0].startswith("/") or _PLACEHOLDER.search(self.argv[0]):
            raise ValueError("argv should begin with the absolute path of a program")
        if any("\0" in word for word in self.argv):
            raise ValueError("argv should hold no null characters")
        used: set[str] = set()
        for word in self.argv[1:]:
            whole = _PLACEHOLDER.fullmatch(word)
            if whole:
                used.add(whole[1])
            elif _PLACEHOLDER.search(word):
                raise ValueError(
                    f"argv: in {word!a} a parameter is only a part of a word; it has to be a word of its own"
                )
        if used != set(self.parameters):
            wrong = min(used ^ set(self.parameters))
            raise ValueError(f"the parameter {wrong} should be both in argv and described")
        return self

    @property
    def placeholders(self) -> tuple[str | None, ...]:
        """Return for each word of ``argv`` the parameter that it is, or None."""
        found = (_PLACEHOLDER.fullmatch(word) for word in self.argv)
        return tuple(None if one is None else one[1] for one in found)


class ActionSettings(Section):
    """What actions may do, whoever calls them."""

    most_nodes: Count = Field(64, description="Nodes, or jobs, that one call of a mutating action may touch.")
    http: HttpSettings = Field(default_factory=HttpSettings, description="What `http.request` may ask.")
    commands: dict[Name, CommandSettings] = Field(
        default_factory=dict, description="What `command.run` may run, `[actions.commands.NAME]` each."
    )
