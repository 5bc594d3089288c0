"""Where a request comes from, and whether that is one of the places that are meant."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from fastapi import Request


def address_of(request: Request, trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """Return where a request comes from: what trusted proxies say, and otherwise who is connected."""
    address = request.client.host if request.client else ""
    named = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",") if one.strip()]
    while named and within(address, trusted):
        address = named.pop()
    return address


def within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of these networks."""
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(place in network for network in networks)
