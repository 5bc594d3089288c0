"""Asking the service on its local socket."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from headgate.errors import HeadgateError

DEFAULT_SOCKET: Final = Path("/run/headgate/headgate.sock")
"""The same as ``local.socket`` is by default."""
_TIMEOUT: Final = 30.0
_PROBLEM: Final = 400

socket_option = click.option(
    "--socket",
    type=click.Path(path_type=Path),
    envvar="HEADGATE_SOCKET",
    default=DEFAULT_SOCKET,
    show_default=True,
    help="Where the service listens; also $HEADGATE_SOCKET.",
)
"""Where commands find the service that knows who asks by the socket itself."""


def ask(
    method: str,
    *path: str,
    body: Any = None,
    query: Mapping[str, str | int] | None = None,
    patience: float | None = _TIMEOUT,
) -> Any:
    """Ask the service something about whoever runs this; return its answer.

    ``path``: the first part as it is, the others as single segments. ``patience``: seconds it has for an answer. Raises
    HeadgateError with what the service said, or what to do when it does not answer.
    """
    import httpx2

    where = click.get_current_context().find_object(Path) or DEFAULT_SOCKET
    url = path[0] + "".join(f"/{quote(part, safe='')}" for part in path[1:])
    transport = httpx2.HTTPTransport(uds=str(where))
    try:
        with httpx2.Client(
            transport=transport, base_url="http://headgate", timeout=patience, trust_env=False
        ) as client:
            answer = client.request(method, url, json=body, params=query or {})
    except httpx2.HTTPError as error:
        raise HeadgateError(_silence(where, error)) from error
    if answer.status_code >= _PROBLEM:
        raise HeadgateError(_complaint(answer))
    return answer.json() if answer.content else None


def _silence(where: Path, error: Exception) -> str:
    if isinstance(error.__cause__, TimeoutError) or "timed out" in str(error):
        return f"Headgate does not answer on {where} within {_TIMEOUT:g} s"
    return (
        f"nothing answers on {where}: Headgate is not running on this host, or not for users. Run this on the host of "
        "the service, name its socket with --socket or HEADGATE_SOCKET, or ask the administrators"
    )


def _complaint(answer: Any) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"the service answered {answer.status_code}"
    return str(detail)
