"""What the person who sets Headgate up has to say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headgate.connectors.mailto.settings import Security
from headgate.errors import ConfigError

_SERVER: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in. ``port``: None for the usual one."""

    host: str
    port: int | None = None
    security: Security = Security.NONE

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to connect to."""
        return self.host, self.port or self.security.port


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that is asked. ``domain``: what makes ``ada`` an address, and whose addresses get mail."""

    server: MailServer
    from_address: str
    domain: str
    executor: bool = False


def mail_server(text: str, security: Security = Security.NONE) -> MailServer:
    """Read ``HOST`` or ``HOST:PORT``. Raises ConfigError if it is neither."""
    found = _SERVER.fullmatch(text)
    port = int(found["port"]) if found and found["port"] else None
    if found is None or (port is not None and not 0 < port <= _MAX_PORT):
        raise ConfigError(f"{text!a} is no mail server: give a host, or HOST:PORT")
    return MailServer(found["host"].strip("[]"), port, security)


def domain_of(full_name: str) -> str | None:
    """Return the domain of a host's full name, or None if it has none that mail could use."""
    _, _, domain = full_name.partition(".")
    return domain if "." in domain and not domain.endswith((".localdomain", ".local", ".internal")) else None
