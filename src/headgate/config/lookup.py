"""Settings of the lookup: which target a Unix user has in a connector."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from headgate.config.section import AbsolutePath, Count, Number, Seconds, SecondsOrZero, Section

Source = Literal["links", "gecos", "ldap", "command", "table"]
"""Where a target may be found."""
PLACEHOLDER = "{user}"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class LdapSettings(Section):
    """Where in an LDAP directory a user's target stands."""

    url: str = Field(description="The server: `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]` with `start_tls`.")
    start_tls: bool = Field(default=False, description="Whether to switch an `ldap://` connection to TLS first.")
    ca_file: AbsolutePath | None = Field(
        default=None, description="Certificate authorities to check the server by, in place of the system's."
    )
    bind_dn: str = Field(default="", description="Whom to log in as; empty asks without a login.")
    password: SecretStr | None = Field(default=None, description="Password of `bind_dn`.")
    base: str = Field(
        min_length=1, description="Entry below which users are searched, such as `ou=people,dc=example,dc=org`."
    )
    filter: str = Field(
        default="(uid={user})", description="Search filter (RFC 4515); `{user}` is the Unix name, escaped."
    )
    attribute: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9;.-]{0,127}$")] = Field(
        default="mail", description="Attribute that holds the target; it must have one value."
    )
    timeout: Annotated[Seconds, Field(le=300)] = Field(
        default=5.0, description="Seconds the server has for each step: connecting, login, one search."
    )

    @field_validator("url")
    @classmethod
    def _is_server(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            fine = parts.scheme in ("ldap", "ldaps") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fine = False
        if not fine or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("should be ldaps://HOST or ldap://HOST, with a port if need be, and nothing else")
        return value

    @field_validator("filter")
    @classmethod
    def _names_the_user(cls, value: str) -> str:
        if PLACEHOLDER not in value or not (value.startswith("(") and value.endswith(")")):
            raise ValueError("should be in parentheses and hold {user}")
        return value

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if bool(self.bind_dn) != (self.password is not None):
            raise ValueError("`bind_dn` and `password` go together")
        parts = urlsplit(self.url)
        if self.start_tls and parts.scheme == "ldaps":
            raise ValueError("`start_tls` goes with ldap://; ldaps:// is TLS from the beginning")
        if self.password is not None and parts.scheme == "ldap" and not self.start_tls and parts.hostname not in _HERE:
            raise ValueError("would send the password in the clear: use ldaps:// or `start_tls`")
        return self


class CommandSettings(Section):
    """A program of the site's own that knows users' targets."""

    argv: tuple[str, ...] = Field(
        min_length=1,
        description="Program, by its absolute path, and its arguments. The Unix names come after them as arguments "
        "of their own; no shell is involved.",
    )
    environment: dict[str, SecretStr] = Field(
        default_factory=dict, description="Environment variables of the program, beside `PATH` and `LANG`; kept secret."
    )
    names: Annotated[int, Number, Field(ge=1, le=500)] = Field(
        default=1, description="Names that one run is asked for at most; over 1, it answers with a map."
    )
    timeout: Annotated[Seconds, Field(le=300)] = Field(
        default=10.0, description="Seconds a run may take; then it is killed with all it started."
    )

    @field_validator("argv")
    @classmethod
    def _is_a_program(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value[0].startswith("/"):
            raise ValueError("should begin with the absolute path of a program")
        if any("\0" in word for word in value):
            raise ValueError("should hold no null character")
        return value


class LookupSettings(Section):
    """Who a Unix user is in this connector's service, when a target is a user's name or is left out."""

    chain: tuple[Source, ...] = Field(
        default=("links",),
        description="Where to look, in this order; the first that knows the user decides: `links` (made by users with "
        "`headgate me link`), `gecos`, `ldap`, `command`, `table`.",
    )
    gecos: Literal["whole"] | Annotated[int, Number, Field(ge=1, le=9)] = Field(
        default="whole",
        description="What of the GECOS field of the passwd entry is the target: all of it, or the part of this number "
        "between commas.",
    )
    ldap: LdapSettings | None = Field(default=None, description="The directory that `ldap` asks.")
    command: CommandSettings | None = Field(default=None, description="The program that `command` runs.")
    table: dict[str, str] = Field(default_factory=dict, description="Targets by Unix name, for `table`.")
    table_path: AbsolutePath | None = Field(
        default=None,
        description="File for `table`, read again when it changes: a line `USER TARGET` or `USER,TARGET` each, or TOML "
        '(`USER = "TARGET"`) if its name ends in `.toml`. What stands in `table` goes first.',
    )
    otherwise: Literal["pass", "refuse"] = Field(
        default="pass",
        description="What becomes of a name that nobody knows: `pass` uses it as the target, `refuse` does not.",
    )
    cache: SecondsOrZero = Field(
        default=300.0, description="Seconds for which an answer is kept, also that a user is not known."
    )
    cached: Count = Field(default=10_000, description="Answers kept at most.")

    @field_validator("chain")
    @classmethod
    def _names_each_once(cls, value: tuple[Source, ...]) -> tuple[Source, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names a source twice")
        return value

    @model_validator(mode="after")
    def _describes_its_sources(self) -> Self:
        if "ldap" in self.chain and self.ldap is None:
            raise ValueError("`chain` names ldap, and there is no table `ldap` that says where")
        if "command" in self.chain and self.command is None:
            raise ValueError("`chain` names command, and there is no table `command` that says which")
        if "table" in self.chain and not self.table and self.table_path is None:
            raise ValueError("`chain` names table, and there is neither `table` nor `table_path`")
        return self
