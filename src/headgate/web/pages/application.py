"""The pages, put together: every route, how errors are shown, how large a form may be."""

from __future__ import annotations

import math
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import structlog
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from headgate.errors import HeadgateError
from headgate.gateway.refusals import TooManyError
from headgate.web.pages import assets, live
from headgate.web.pages.administration import application as administration
from headgate.web.pages.automation import routes as automation
from headgate.web.pages.builds import routes as builds
from headgate.web.pages.forms import MOST_BODY
from headgate.web.pages.frame import ROOT, bare_page, page
from headgate.web.pages.headers import Guarded
from headgate.web.pages.jobs import output_routes as job_output
from headgate.web.pages.jobs import routes as jobs
from headgate.web.pages.me import routes as me
from headgate.web.pages.nodes import routes as nodes
from headgate.web.pages.notifications import connectors, preview
from headgate.web.pages.notifications import routes as notifications
from headgate.web.pages.overview import routes as overview
from headgate.web.pages.signing import routes as signing
from headgate.web.pages.site import SiteSource
from headgate.web.pages.visitor import SignInNeededError, Visitor
from headgate.web.problems import Bounded, meant
from headgate.web.tracing import route_of

_log = structlog.get_logger(__name__)
_ROUTERS: Final[tuple[APIRouter, ...]] = (
    assets.router,
    live.router,
    signing.router,
    overview.router,
    preview.router,
    connectors.router,
    notifications.router,
    me.router,
    administration.router,
    jobs.router,
    job_output.router,
    nodes.router,
    automation.router,
    builds.router,
)


def make_pages(site: SiteSource) -> FastAPI:
    """Make the application. ``site`` returns the one that is in force; it may change while this serves."""
    app = FastAPI(title="Headgate's pages", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.site = site
    for router in _ROUTERS:
        app.include_router(router, prefix=ROOT)

    @app.get("/", include_in_schema=False)
    async def home() -> Response:
        """Send whoever comes by a browser to the pages."""
        return RedirectResponse(f"{ROOT}/", HTTPStatus.SEE_OTHER)

    _show_errors(app, site)
    app.add_middleware(Bounded, most=lambda _: MOST_BODY)
    app.add_middleware(Guarded, secure=partial(_secure, site))
    return app


def _secure(source: SiteSource) -> bool:
    """Whether the pages come by https."""
    site = source()
    return site is not None and site.settings.pages.secure


def _show_errors(app: FastAPI, site: SiteSource) -> None:
    """Have every error shown as a page that says what was wrong and what to do."""

    @app.exception_handler(SignInNeededError)
    async def _signed_out(request: Request, _: SignInNeededError) -> Response:
        if request.method != "GET" or "event-stream" in request.headers.get("accept", ""):
            return await _shown(request, site, HTTPStatus.UNAUTHORIZED, "you are not signed in (any more)")
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{ROOT}/sign-in?next={quote(wanted, safe='')}", HTTPStatus.SEE_OTHER)

    @app.exception_handler(AnyHTTPException)
    async def _refused(request: Request, error: HTTPException) -> Response:
        detail = "there is no such page" if error.status_code == HTTPStatus.NOT_FOUND else str(error.detail)
        response = await _shown(request, site, error.status_code, detail)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, _: RequestValidationError) -> Response:
        return await _shown(request, site, HTTPStatus.BAD_REQUEST, "the address holds something that makes no sense")

    @app.exception_handler(HeadgateError)
    async def _ours(request: Request, error: HeadgateError) -> Response:
        status, detail = meant(error)
        response = await _shown(request, site, status, detail)
        if isinstance(error, TooManyError) and error.after is not None:
            response.headers["Retry-After"] = str(math.ceil(error.after))
        return response

    @app.exception_handler(Exception)
    async def _broken(request: Request, error: Exception) -> Response:
        # Not the path: that of a link to sign in is a secret.
        _log.error("pages.broke", route=route_of(request.scope), error=type(error).__name__)
        detail = "Headgate made a mistake; its log says where"
        return await _shown(request, site, HTTPStatus.INTERNAL_SERVER_ERROR, detail)


async def _shown(request: Request, source: SiteSource, status: int, detail: str) -> Response:
    site = source()
    visitor = getattr(request.state, "visitor", None)
    phrase = HTTPStatus(status).phrase
    if site is None or not isinstance(visitor, Visitor):
        return bare_page(request, site, "error.html", status=status, phrase=phrase, detail=detail)
    return await page(request, site, visitor, "error.html", status=status, phrase=phrase, detail=detail)
