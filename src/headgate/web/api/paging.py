"""Pages of long lists: where the next one is."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request, Response


def point_on(request: Request, response: Response, name: str, value: object) -> None:
    """Say in ``Link`` where the next page is: what was asked for, with this parameter."""
    query = [(key, one) for key, one in request.query_params.multi_items() if key != name]
    address = f"{request.url.path}?{urlencode([*query, (name, str(value))])}"
    response.headers["Link"] = f'<{address}>; rel="next"'
