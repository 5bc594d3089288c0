"""Telling systemd how the service is: sd_notify(3), without its library."""

from __future__ import annotations

import os
import socket

WATCHDOG_SHARE = 0.5
"""Part of the watchdog's time after which it is told that we live."""


def notify(state: str) -> bool:
    """Send a state (``READY=1``, ``STOPPING=1``, ``WATCHDOG=1``); say whether somebody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or address[0] not in "/@":
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as talk:
        try:
            talk.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return False
    return True


def watchdog_seconds() -> float | None:
    """Return how often systemd wants to hear of us, or None (sd_watchdog_enabled(3))."""
    if os.environ.get("WATCHDOG_PID") not in (None, str(os.getpid())):
        return None
    try:
        return int(os.environ["WATCHDOG_USEC"]) / 1e6 * WATCHDOG_SHARE
    except (KeyError, ValueError):
        return None
