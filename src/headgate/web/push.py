"""What slurmctld posts to: finished jobs (jobcomp/elasticsearch), and triggers that were set for StackStorm's sensor.

slurmctld's plugin waits for an answer without end, also when slurmctld stops. So every post that may come is answered
with 200, whatever it holds, and as soon as it is there. What it holds is read and forgotten.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.config.push import Network
from headgate.events.sources.push.hint import JOB_FINISHED, TRIGGER_RAN, Hint
from headgate.events.sources.push.sensor import CLASSES, TYPES

_MOST: Final = 32 * 1024 * 1024
"""Bytes of a post that are waited for; a job's record holds its script, of at most 4 MB unless slurm.conf says more."""
_PATIENCE: Final = 5.0
"""Seconds for which the rest of a post is waited for."""
_JOBCOMP: Final = re.compile(r"/jobcomp(/.*)?", re.DOTALL)
_SENSOR: Final = re.compile(
    r"/(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})/(?P<about>[a-z]{1,20})/(?P<kind>[a-z_]{1,20})"
)

Triggered = Callable[[str, str, str], None]
"""Told the UUID, class and type of a trigger that ran."""


def make_push_app(networks: Sequence[Network], give: Callable[[Hint], None], triggered: Triggered | None) -> ASGIApp:
    """Make the application. ``networks``: from where posts are taken; ``triggered`` None: none of StackStorm's are."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        status = _status(scope, networks, give, triggered)
        whole = await _read_all(receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        if not whole:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    return app


def _status(
    scope: Scope, networks: Sequence[Network], give: Callable[[Hint], None], triggered: Triggered | None
) -> int:
    """Return the answer to a request, and tell what it hints at."""
    if not _may_post(scope, networks):
        return 403
    if _JOBCOMP.fullmatch(scope["path"]):
        if scope["method"] == "POST":
            give(JOB_FINISHED)
        return 200
    sensor = _SENSOR.fullmatch(scope["path"])
    if triggered is None or not sensor or sensor["about"] not in CLASSES or sensor["kind"] not in TYPES:
        return 404
    if scope["method"] == "POST":
        give(TRIGGER_RAN)
        triggered(sensor["uuid"].lower(), sensor["about"], sensor["kind"])
    return 200


def _may_post(scope: Scope, networks: Sequence[Network]) -> bool:
    try:
        address = ipaddress.ip_address(scope["client"][0])
    except (TypeError, ValueError):
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


async def _read_all(receive: Receive) -> bool:
    """Read a post and forget it; say whether it was read to its end.

    Answered before its end, the sender might see a broken connection in place of the answer, and post it again.
    """
    size = 0
    try:
        async with asyncio.timeout(_PATIENCE):
            while size <= _MOST:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return True
                size += len(message.get("body", b""))
    except TimeoutError:
        return False
    return False
