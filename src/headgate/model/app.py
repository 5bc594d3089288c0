"""Apps: client programs, what each may do, and how their tokens are made and compared."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

TOKEN_PREFIX: Final = "hgt_"  # noqa: S105 - the part that is no secret
"""By this, programs that look for leaked secrets know one of ours."""
_TOKEN_BYTES: Final = 32
APP_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
AppName = Annotated[str, StringConstraints(pattern=APP_NAME)]
"""What an app may be called; it is a directory's name, too."""
_Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}$")]


class AppRules(BaseModel):
    """Whom an app may act for, where, and how much. An empty list of clusters, partitions or accounts allows any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: tuple[_Word, ...] = Field((), max_length=10_000, description="Unix accounts it may act for.")
    groups: tuple[_Word, ...] = Field((), max_length=1000, description="Unix groups whose members it may act for.")
    user_pattern: Annotated[str, Field(max_length=256)] | None = Field(
        None, description="Regular expression; it may act for accounts that match it as a whole."
    )
    any_user: bool = Field(False, description="Whether it may act for everybody the executor acts for.")
    clusters: tuple[_Word, ...] = Field((), max_length=100, description="Clusters it may submit to.")
    partitions: tuple[_Word, ...] = Field((), max_length=1000, description="Partitions it may name.")
    accounts: tuple[_Word, ...] = Field((), max_length=1000, description="Slurm accounts it may name.")
    max_active: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Jobs that are not over, of all its users together."
    )
    max_active_per_user: Annotated[int, Field(ge=1)] | None = Field(None, description="Jobs of one user not over.")
    max_upload: Annotated[int, Field(ge=1)] | None = Field(None, description="Bytes of one upload.")
    rate: Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)] = Field(
        100.0, description="Requests per second, over a while."
    )
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = Field(500, description="Requests at once.")

    @field_validator("user_pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"should be a regular expression: {error}") from error
        return pattern

    def names(self, user: str) -> bool:
        """Whether a user is named by list or pattern (not by group: that takes a look-up)."""
        listed = self.any_user or user in self.users
        return listed or (self.user_pattern is not None and re.fullmatch(self.user_pattern, user) is not None)


@dataclass(frozen=True, slots=True)
class App:
    """A client program."""

    id: str
    """A UUID, as text."""
    name: str
    rules: AppRules
    created_at: float
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class AppToken:
    """What is kept of a token. Without ``app_id`` it is an administrator's."""

    id: str
    app_id: str | None
    name: str
    user: str | None
    """The only user it may act for; None: whomever the app may."""
    created_at: float
    expires_at: float | None
    used_at: float | None

    def expired(self, now: float) -> bool:
        """Whether it is past its time."""
        return self.expires_at is not None and self.expires_at <= now


def acts_for(rules: AppRules) -> str:
    """Say for whom an app may act."""
    if rules.any_user:
        return "everybody"
    parts = [*rules.users, *(f"@{group}" for group in rules.groups)]
    parts += [] if rules.user_pattern is None else [f"/{rules.user_pattern}/"]
    return " ".join(parts) or "nobody"


def new_token() -> str:
    """Return a token nobody can guess: 256 bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Return what is kept of a token: SHA-256 in hexadecimal. Tokens are long and random, so they need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def same_hash(one: str, other: str) -> bool:
    """Compare two hashes in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
