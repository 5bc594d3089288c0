"""Pages of long lists: where the next one is."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response


def following(request: Request, name: str, value: object) -> str:
    """Return what ``Link`` says of the next page: what was asked for, with this parameter."""
    query = [(key, one) for key, one in request.query_params.multi_items() if key != name]
    return f'<{request.url.path}?{urlencode([*query, (name, str(value))])}>; rel="next"'


def point_on(request: Request, response: Response, name: str, value: object) -> None:
    """Say in ``Link`` where the next page is."""
    response.headers["Link"] = following(request, name, value)
