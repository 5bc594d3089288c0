"""The API, put together: every route, how errors are answered, how large a request may be."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate import __version__
from headgate.web.api import (
    actions,
    apps,
    audit,
    builds,
    deliveries,
    events,
    executions,
    files,
    hooks,
    jobs,
    nodes,
    outputs,
    rules,
    slurm,
    tasks,
    templates,
    triggers,
)
from headgate.web.api.asking import GatewaySource, app_in_path
from headgate.web.api.specification import Described
from headgate.web.problems import Bounded, handle_problems

_SLURMERS: Final = "/apps"
_UPLOADS: Final = re.compile(r"(/apps/[^/]+)?/jobs/[^/]+/files(/.*)?", re.DOTALL)
_DESCRIPTION: Final = """\
Submit, watch, stop and fetch jobs of a Slurm cluster as their owners.

An app sends its token as `X-Auth-Token` (or as a bearer), and says whose job it is about with `User`. Below
`/apps/{appId}` are Slurmer's routes; the same, and more, are below `/jobs`. Who asks for JSON gets errors as problem
details (RFC 9457).
"""
_PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}, "text/plain": {}}
_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "What was asked for makes no sense, or Slurm refused it; its words are in the answer."},
    401: {"description": "The token or the user is missing, or not known."},
    403: {"description": "The token is good, and does not allow this."},
    404: {"description": "There is no such thing, or it is somebody else's."},
    409: {"description": "It does not fit what is there now."},
    413: {"description": "Something is larger than it may be."},
    429: {"description": "Too many, or too often. `Retry-After` says when to come again."},
    503: {"description": "Something the gateway needs does not answer now."},
}


def make_api(gateway: GatewaySource) -> FastAPI:
    """Make the application. ``gateway`` returns the one that is in force; it may change while this serves."""
    app = Described(
        title="Headgate",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses={code: {**one, "content": _PROBLEM} for code, one in _REFUSALS.items()},
    )
    app.state.gateway = gateway
    app.include_router(apps.router)
    for router in (
        jobs.router,
        outputs.router,
        files.router,
        events.router,
        hooks.router,
        templates.router,
        tasks.router,
        slurm.router,
        actions.router,
        executions.router,
        triggers.router,
        deliveries.router,
        nodes.router,
        rules.router,
        builds.router,
        audit.router,
    ):
        app.include_router(router)
    for router in (jobs.router, outputs.router, files.router):
        app.include_router(router, prefix="/apps/{appId}", dependencies=[Depends(app_in_path)])
    app.add_middleware(Bounded, most=lambda scope: _most(gateway, scope))
    app.add_middleware(WithoutSlash)
    handle_problems(app, invalid=HTTPStatus.BAD_REQUEST, plain=_as_slurmer)
    return app


class WithoutSlash:
    """Takes Slurmer's paths with a slash at the end for those without, as Slurmer does: its clients may send both."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["path"].startswith(f"{_SLURMERS}/") and scope["path"].endswith("/"):
            scope["path"] = scope["path"].removesuffix("/")  # in place: which route took it is read from the outside
        await self._app(scope, receive, send)


def _as_slurmer(request: Request) -> bool:
    return request.url.path.startswith(_SLURMERS)


def _most(gateway: GatewaySource, scope: Scope) -> int | None:
    """Return how many bytes a request's body may have; None for uploads, which bound themselves."""
    if _UPLOADS.fullmatch(scope["path"]):
        return None
    current = gateway()
    return 0 if current is None else max(current.settings.limits.body, 2 * current.settings.limits.script)
