"""Settings of connectors that speak to the web: addresses, certificate authorities, a proxy."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr

from headgate.connectors.kind import AbsolutePath


def split_address(text: str) -> SplitResult:
    """Return the parts of a web address. Raises ValueError, without the address, for what is none."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("should be an address that begins with https:// or http://")
    return parts


def _root(text: str) -> str:
    parts = split_address(text)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("should hold no name, password, query or fragment")
    return text.rstrip("/")


def _proxy(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        split_address(value.get_secret_value())
    return value


RootAddress = Annotated[str, AfterValidator(_root)]
"""Where a service's API begins; kept without a slash at the end. A field's own validator sees it like that."""
Authorities = Annotated[
    AbsolutePath | None,
    Field(description="Certificate authorities to check the service by, in place of the system's."),
]
"""For ``ca_file``, with the default None."""
Proxy = Annotated[
    SecretStr | None,
    AfterValidator(_proxy),
    Field(description="HTTP proxy to go through; proxy variables of the environment are not read."),
]
"""For ``proxy``, with the default None."""
