"""Settings of push as wake-up: how Slurm may tell the watchers to look at once."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from headgate.config.section import AbsolutePath, Seconds, Section, SocketOrOff

HINTS: Final = "/run/headgate/hints.sock"
"""Where the socket of hints should be."""
_LISTEN: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]\s/]+):(?P<port>\d{1,5})")
_MAX_PORT: Final = 65535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("should be an IP address or a network, such as 192.0.2.0/24") from None
    return text


def _uuid(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise ValueError("should be a UUID in small letters")
    return text


class PushSettings(Section):
    """How Slurm may tell the watchers to look at once. Nothing depends on it: without, they look a little later."""

    socket: SocketOrOff = Field(
        "off",
        description="Unix socket to which `headgate-trigger` sends hints: an absolute path such as "
        f"`{HINTS}`, whose directory has to be there, or `off`.",
    )
    users: tuple[str, ...] = Field(
        ("slurm",),
        description="Accounts whose hints count, besides root and Headgate's own: SlurmUser of slurm.conf.",
    )
    triggers: bool = Field(
        False,
        description="Whether Headgate sets permanent triggers in Slurm that run `push.program`, and removes old ones "
        "of its own. It has to run as SlurmUser or root.",
    )
    triggers_interval: Seconds = Field(
        600, description="Seconds between two looks whether the triggers are still set, one `strigger` each."
    )
    program: AbsolutePath = Field(
        Path("/usr/lib/headgate/headgate-trigger"),
        description="Where `headgate trigger install` has put the program.",
    )
    listen: str = Field(
        "off",
        description="Address and port on which slurmctld's posts are taken (`POST /jobcomp`, and those of "
        "StackStorm's triggers), or `off`.",
    )
    addresses: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        ("127.0.0.0/8", "::1"), description="Addresses and networks from which posts are taken."
    )
    sensor: bool = Field(
        False,
        description="Whether `POST /UUID/CLASS/TYPE` is taken like StackStorm's `slurm.trigger.sensor` does, and its "
        "`slurm.sensor.trigger.*` are told to rules.",
    )
    sensor_uuids: tuple[Annotated[str, AfterValidator(_uuid)], ...] = Field(
        (), description="UUIDs of an earlier sensor, whose triggers are still set, that count like our own."
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        if listen != "off" and _host_and_port(listen) is None:
            raise ValueError("should be HOST:PORT, [IPV6]:PORT or off")
        return listen

    @model_validator(mode="after")
    def _ways_in(self) -> Self:
        if self.sensor and self.listen == "off":
            raise ValueError("sensor needs listen, the address to which triggers post")
        if self.triggers and self.socket == "off":
            raise ValueError("triggers needs socket, to which the program sends")
        return self

    @property
    def path(self) -> Path | None:
        """Where the socket is; None if there shall be none."""
        return None if self.socket == "off" else Path(self.socket)

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to listen on; None for ``off``."""
        return _host_and_port(self.listen)

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks from which posts are taken."""
        return tuple(ipaddress.ip_network(text) for text in self.addresses)


def _host_and_port(listen: str) -> tuple[str, int] | None:
    match = _LISTEN.fullmatch(listen)
    if not match or int(match["port"]) > _MAX_PORT:
        return None
    return match["host"].strip("[]"), int(match["port"])
