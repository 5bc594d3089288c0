"""Every request has an id: the client's ``X-Request-ID`` or a new one, said in the answer and on all that is logged."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.model import trace
from headgate.telemetry.context import about
from headgate.telemetry.spans import span

HEADER: Final = "X-Request-ID"
ROUTE: Final = "headgate.route"
"""Where a scope has the template of a route that no router found."""
REQUESTS = Counter(
    "headgate_http_requests", "Requests answered, by the route's template and by status.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "headgate_http_request_duration_seconds",
    "How long requests waited for the first byte of their answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BROKE: Final = 500
_IDS: Final = ("X-GitHub-Delivery", "X-Gitlab-Event-UUID", HEADER)
"""Whose id counts: a forge's, by which it shows what it sent, before that of a proxy on the way."""


class Traced:
    """Gives requests their ids, and counts them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        own = next((one for name in _IDS if (one := trace.read(headers.get(name)))), None) or trace.new()
        begun, counted = time.perf_counter(), False

        method = scope["method"] if scope["method"] in _METHODS else "other"

        def count(status: int) -> None:
            nonlocal counted
            counted = True
            route = route_of(scope)
            told.name(f"{method} {route}")
            told.set(http__request__method=method, http__route=route, http__response__status_code=status)
            if status >= _BROKE:
                told.fail(str(status))
            REQUESTS.labels(method, route, status).inc()
            SECONDS.labels(method, route).observe(time.perf_counter() - begun)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
                count(message["status"])
            await send(message)

        with about(own), span(method, "server") as told:
            try:
                await self._app(scope, receive, answer)
            finally:
                if not counted:
                    count(_BROKE)


def route_of(scope: Scope) -> str:
    """Return the template of the route that took a request: never its path, of which there are too many."""
    # A router that was included with a prefix has its routes without it; FastAPI keeps the whole beside them.
    whole = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    route = scope.get(ROUTE) or getattr(whole, "path_format", None)
    return route if isinstance(route, str) else "none"
