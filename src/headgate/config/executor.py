"""Settings of what is done as a job's owner."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from headgate.config.section import Section, SocketOrOff
from headgate.config.ssh import SshSettings


class ExecutorSettings(Section):
    """How Headgate acts as the owners of jobs: through the executor, a root helper on a Unix socket, or by SSH."""

    way: Literal["executor", "self", "ssh"] = Field(
        "executor",
        description="How users are acted for: by the `executor`; as one`self`: Headgate is run by one person for "
        "their own jobs, without root; or by `ssh`, on a login node.",
    )
    socket: SocketOrOff = Field(
        "off",
        description="The executor's Unix socket, an absolute path, or `off`: then outputs are read only of jobs of "
        "Headgate's own account.",
    )
    roots: tuple[str, ...] = Field(
        ("~",),
        description="Directories below which users' files are read, as the executor's own `roots`: `~` is the "
        "user's home, `%u` their name.",
    )
    ssh: SshSettings | None = Field(None, description="How to log in, where users are acted for by `ssh`.")

    @model_validator(mode="after")
    def _ssh_is_set(self) -> Self:
        if self.way == "ssh" and self.ssh is None:
            raise ValueError("way is ssh, so [executor.ssh] is needed")
        return self

    @property
    def path(self) -> Path | None:
        """Where the socket is; None if there is none."""
        return None if self.socket == "off" else Path(self.socket)
