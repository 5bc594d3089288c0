"""Lists in pages, with the headers by which GitLab tells of the others ("REST API", "Offset-based pagination")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

_MANY = 10_000
"""Items; of longer lists GitLab tells neither how many there are nor which page is the last."""


def page(request: web.Request, found: Sequence[Any]) -> web.Response:
    """Return the page of a list that was asked for. What is None counts in it, and is not shown."""
    size, number = min(int(request.query.get("per_page", "20")), 100), int(request.query.get("page", "1"))
    last = max(-(-len(found) // size), 1)
    others = {"prev": number - 1 if number > 1 else None, "next": number + 1 if number < last else None, "first": 1}
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Prev-Page": _told(others["prev"]),
        "X-Next-Page": _told(others["next"]),
    }
    if len(found) <= _MANY:
        others["last"] = last
        headers |= {"X-Total": str(len(found)), "X-Total-Pages": str(last)}
    base = request.url.with_query(None)
    links = {rel: base.with_query({**request.query, "page": str(other)}) for rel, other in others.items() if other}
    headers["Link"] = ", ".join(f'<{address}>; rel="{rel}"' for rel, address in links.items())
    shown = [one for one in found[size * (number - 1) : size * number] if one is not None]
    return web.Response(text=json.dumps(shown), content_type="application/json", headers=headers)


def _told(number: int | None) -> str:
    return "" if number is None else str(number)
