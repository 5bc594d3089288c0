"""Mail addresses: which are taken, and in which form. Pure.

The grammar is narrower than RFC 5321's on purpose: what is refused (quoted local parts, address literals, routes
by ``%`` or ``!``) is never a person's address on a cluster, and has been a way round allow lists and into shells.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from headgate.errors import RecipientError

MAX_ADDRESS = 254
"""Octets in an address (RFC 5321, 4.5.3.1.3, without the angle brackets)."""
MAX_LOCAL = 64
"""Octets before the ``@`` (RFC 5321, 4.5.3.1.1)."""
_LOCAL = re.compile(
    r"[A-Za-z0-9_#$&'*+/=?^`{|}~\u0080-\U0010ffff-]+(?:\.[A-Za-z0-9_#$&'*+/=?^`{|}~\u0080-\U0010ffff-]+)*"
)
"""RFC 5322's dot-atom, with RFC 6531's characters, without ``!`` and ``%``."""
_LABEL = r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9\u0080-\U0010ffff-]{0,61}[A-Za-z0-9\u0080-\U0010ffff])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Which addresses a connector takes.

    ``domain`` is put behind a name without one. ``allow`` and ``block`` are patterns with ``*`` and ``?`` that have to
    fit the whole address, without regard to case; an empty ``allow`` allows all, and ``block`` wins.
    """

    domain: str = ""
    allow: tuple[str, ...] = ()
    block: tuple[str, ...] = ()

    def settle(self, target: str) -> str:
        """Return the address to use for a target. Raises RecipientError with what is wrong."""
        address = check_address(target if "@" in target else self._completed(target))
        if _fits(address, self.block):
            raise RecipientError(f"mail to {address} is blocked on this site")
        if self.allow and not _fits(address, self.allow):
            raise RecipientError(f"mail to {address} is not among what this site allows")
        return address

    def _completed(self, name: str) -> str:
        if not self.domain:
            raise RecipientError(f"{_shown(name)} has no domain, and no `domain` is set to complete it")
        return f"{name}@{self.domain}"


def check_address(address: str) -> str:
    """Return the address with its domain in lower case. Raises RecipientError with what is wrong."""
    if len(address.encode(errors="replace")) > MAX_ADDRESS:
        raise RecipientError(f"an address is longer than {MAX_ADDRESS} bytes")
    local, _, domain = address.partition("@")
    shown = _shown(address)
    if any(unicodedata.category(character)[0] in "CZ" for character in address):
        raise RecipientError(f"{shown} holds a blank or an invisible character")
    if "@" in domain:
        raise RecipientError(f"{shown} has more than one @")
    if local[:1] in ("-", "|", "/"):
        raise RecipientError(f"{shown} begins with {local[0]}")
    if not _LOCAL.fullmatch(local) or len(local.encode()) > MAX_LOCAL:
        raise RecipientError(f"{shown}: the part before the @ is not one that is taken here")
    if not _DOMAIN.fullmatch(domain):
        raise RecipientError(f"{shown}: the part after the @ is no domain name")
    return f"{local}@{domain.lower()}"


def domain_of(address: str) -> str:
    """Return what follows the ``@``."""
    return address.rpartition("@")[2]


def _fits(address: str, patterns: Sequence[str]) -> bool:
    folded = address.casefold()
    return any(fnmatch.fnmatchcase(folded, pattern.casefold()) for pattern in patterns)


def _shown(text: str) -> str:
    """Quote a target for an error, short and without what steers a terminal."""
    return ascii(text if len(text) <= MAX_LOCAL else text[:MAX_LOCAL] + "...")
