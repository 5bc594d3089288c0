"""Settings of acting as a job's owner by SSH."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from headgate.config.section import AbsolutePath, Count, Seconds, Section

_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._:-]{0,253}[A-Za-z0-9_])?")
_PROGRAM = re.compile(r"(?:/[A-Za-z0-9_+-][A-Za-z0-9._+-]*)+")


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("should be a host's name or address")
    return text


def _program(text: str) -> str:
    if not _PROGRAM.fullmatch(text):
        raise ValueError("should be an absolute path of letters, digits and ._+-")
    return text


def _keys(pattern: str | None) -> str | None:
    if pattern is not None and not (pattern.startswith("/") and "%u" in pattern):
        raise ValueError("should be an absolute path with %u in it")
    return pattern


def _command(words: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if words is not None and not (words and words[0].startswith("/")):
        raise ValueError("should begin with the absolute path of a program")
    return words


class SshSlurm(Section):
    """Where a cluster's commands are on the login node."""

    bin: AbsolutePath = Field("/usr/bin", validate_default=True, description="The directory of Slurm's commands.")
    conf: AbsolutePath | None = Field(None, description="The path of slurm.conf, if the commands do not find it.")


class SshSettings(Section):
    """How Headgate logs in to a login node as the owners of jobs."""

    host: Annotated[str, AfterValidator(_host)] = Field(description="The login node, by name or address.")
    port: int = Field(22, ge=1, le=65535, description="The port of its SSH server.")
    known_hosts: AbsolutePath = Field(
        description="A file with the login node's host keys, as `ssh-keyscan` prints them. A key that is not in it is "
        "refused."
    )
    keys: Annotated[str | None, AfterValidator(_keys)] = Field(
        None,
        description="Where users' private keys are, `%u` is the user's name. A certificate may lie beside a key, with "
        "`-cert.pub` after its name.",
    )
    command: Annotated[tuple[str, ...] | None, AfterValidator(_command)] = Field(
        None,
        description="A program, with arguments, to which the user's name is added; it prints a private key and, if "
        "there is one, a certificate, in OpenSSH's form. Either this or `keys`.",
    )
    command_timeout: Seconds = Field(30.0, description="Seconds the program has.")
    lifetime: Seconds = Field(300.0, description="Seconds what the program printed is used.")
    python: Annotated[str, AfterValidator(_program)] = Field(
        "/usr/bin/python3", description="Python 3.9 or newer on the login node."
    )
    bin: AbsolutePath = Field(
        "/usr/bin", validate_default=True, description="The directory of Slurm's commands on the login node."
    )
    conf: AbsolutePath | None = Field(None, description="The path of slurm.conf there, if the commands do not find it.")
    clusters: dict[str, SshSlurm] = Field(
        default_factory=dict, description="Further clusters, by the names they have in `[clusters.NAME]`."
    )
    connect_timeout: Seconds = Field(15.0, description="Seconds to log in and to start.")
    timeout: Count = Field(60, description="Seconds a command or a part of a file may take.")
    transfer_timeout: Count = Field(3600, description="Seconds an archive or a removal may take.")
    idle: Seconds = Field(300.0, description="Seconds after which a user's connection that is not used is closed.")
    connections: Count = Field(100, description="How many users' connections may be open at a time.")
    requests: Count = Field(16, description="How many requests of one user are done at a time; others wait.")

    @model_validator(mode="after")
    def _one_way_to_log_in(self) -> Self:
        if (self.keys is None) == (self.command is None):
            raise ValueError("needs either keys or command")
        return self

    @property
    def slurm(self) -> dict[str, SshSlurm]:
        """Where every cluster's commands are; the default one has an empty name."""
        return {"": SshSlurm(bin=self.bin, conf=self.conf), **self.clusters}
