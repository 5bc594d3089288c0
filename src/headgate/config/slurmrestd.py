"""How slurmrestd is asked, and by whose token."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from headgate.config.section import AbsolutePath, Count, Seconds, Section

_Version = Annotated[str, Field(pattern=r"^0\.0\.(3[6-9]|4[0-4])$")]


class RestSettings(Section):
    """Where slurmrestd answers, and where tokens come from: exactly one of the three ways."""

    url: str = Field(description="Its address: `http://HOST:PORT`, `https://…`, or `unix:/path/to/socket`.")
    user: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$",
        description="As whom the queue and the accounting are read. With `token_file`, whose token that is.",
    )
    token_file: AbsolutePath | None = Field(
        None,
        description="File with a token. If it is root's or SlurmUser's, others are acted for in their names; otherwise "
        "its own user only. It is read again when it changes.",
    )
    token_command: tuple[str, ...] = Field(
        (), description="Program and arguments that print a token for the user whose name is the last argument."
    )
    token_lifetime: Seconds = Field(
        600, description="Seconds for which a token of `token_command` or `key_file` is good."
    )
    key_file: AbsolutePath | None = Field(
        None,
        description="The cluster's HS256 key, with which tokens are made. Whoever has it is root on the cluster: use "
        "the other ways if you can.",
    )
    api_versions: tuple[_Version, ...] = Field(
        (), description="Steps of the API that may be used, such as `0.0.42`; without any, the newest both sides know."
    )
    timeout: Seconds = Field(30, description="Seconds slurmrestd has for an answer.")
    accounting_timeout: Seconds = Field(120, description="Seconds it has for an answer from accounting.")
    ca_file: AbsolutePath | None = Field(None, description="Authorities that sign its certificate.")
    answer_limit: Count = Field(512 * 1024 * 1024, description="Bytes of one answer; a longer one is refused.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        if not url.startswith(("http://", "https://", "unix:/")) or " " in url:
            raise ValueError("should begin with http://, https:// or unix:/")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((self.token_file is not None, bool(self.token_command), self.key_file is not None)) != 1:
            raise ValueError("should have exactly one of token_file, token_command and key_file")
        return self
