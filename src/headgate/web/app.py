"""The HTTP application: ``/healthz``, ``/readyz``, ``/metrics``, and where forges post webhooks."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.errors import StoreError
from headgate.web.forges import IntakeSource, make_forge_routes
from headgate.web.problems import handle_problems

BACKLOG = Gauge("headgate_backlog", "Deliveries that are not told yet, or dead.", ["connector", "state"])

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns part -> what is wrong with it; empty if Headgate can do its work."""
Backlog = Callable[[], Awaitable[Mapping[tuple[str, str], int]]]
"""Returns (connector, state) -> how many. Raises StoreError."""


_OWN: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_PAGES: Final = frozenset({"/", "/ui"})
_FORGES: Final = ("/github/webhook", "/gitlab/webhook")


class Beside:
    """Applications at one address: ours has its three paths and those of forges, the pages theirs, the API all others.

    An application that is mounted in another one is asked through both, and each has its price for every request.
    """

    def __init__(self, ours: ASGIApp, api: ASGIApp | None, pages: ASGIApp | None = None) -> None:
        """Without ``api`` or ``pages`` their paths are ours, which does not know them."""
        self._ours = ours
        self._api = ours if api is None else api
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        path = scope.get("path", "")
        if path in _OWN or path.startswith(_FORGES):
            app = self._ours
        elif self._pages is not None and (path in _PAGES or path.startswith("/ui/")):
            app = self._pages
        else:
            app = self._api
        await app(scope, receive, send)


def make_app(readiness: Readiness, backlog: Backlog, intake: IntakeSource | None = None) -> FastAPI:
    """Make the application. ``intake`` None: nothing is taken from forges."""
    app = FastAPI(title="Headgate", docs_url=None, redoc_url=None, openapi_url=None)
    handle_problems(app)

    @app.get("/healthz")
    async def health() -> Response:
        """Say that the process answers."""
        return PlainTextResponse("ok\n")

    @app.get("/readyz")
    async def ready() -> Response:
        """Say whether Headgate can do its work: 200, or 503 with what is wrong."""
        wrong = await readiness()
        return JSONResponse({"ready": not wrong, "wrong": dict(wrong)}, status_code=503 if wrong else 200)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Return every figure for Prometheus."""
        BACKLOG.clear()
        with contextlib.suppress(StoreError):  # /readyz says so; everything else is still told
            for (connector, state), count in (await backlog()).items():
                BACKLOG.labels(connector, state).set(count)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    if intake is not None:
        app.router.routes.extend(make_forge_routes(intake))
    return app
