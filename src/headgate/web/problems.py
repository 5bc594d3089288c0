"""Errors as the client gets them: ``application/problem+json`` (RFC 9457), or a line of plain text.

Who asks for JSON gets JSON. Otherwise it depends on the route: Slurmer's answer in plain text, as Slurmer did.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.errors import HeadgateError, NotFoundError, StoreError
from headgate.gateway.refusals import (
    BadRequestError,
    ConflictError,
    NotAllowedError,
    TooLargeError,
    TooManyError,
    UnavailableError,
    UnknownAppError,
)
from headgate.rules.approval import DecisionError

_log = structlog.get_logger(__name__)

_MOST_MISTAKES: Final = 10
_STATUS: Final[dict[type[HeadgateError], HTTPStatus]] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    UnknownAppError: HTTPStatus.UNAUTHORIZED,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    BadRequestError: HTTPStatus.BAD_REQUEST,
    ConflictError: HTTPStatus.CONFLICT,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotPermittedError: HTTPStatus.FORBIDDEN,
    ParametersError: HTTPStatus.BAD_REQUEST,
    DecisionError: HTTPStatus.CONFLICT,
}

Plain = Callable[[Request], bool]
"""Says whether a request is answered in plain text unless it asks for JSON."""


def answer(status: int, detail: str) -> JSONResponse:
    """Return a problem as a response."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


def never_plain(_: Request) -> bool:
    """Answer in JSON."""
    return False


def handle_problems(
    app: FastAPI, *, invalid: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY, plain: Plain = never_plain
) -> None:
    """Have every error of an application answered as a problem. ``invalid``: the status of what is no valid request."""

    @app.exception_handler(AnyHTTPException)
    async def _refused(request: Request, error: AnyHTTPException) -> Response:
        response = _said(request, error.status_code, str(error.detail), plain)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return _said(request, invalid, _mistakes(error), plain)

    @app.exception_handler(HeadgateError)
    async def _ours(request: Request, error: HeadgateError) -> Response:
        status, detail = meant(error)
        response = _said(request, status, detail, plain)
        if isinstance(error, TooManyError) and error.after is not None:
            response.headers["Retry-After"] = str(max(1, math.ceil(error.after)))
        if isinstance(error, UnknownAppError):
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.exception_handler(Exception)
    async def _broken(request: Request, error: Exception) -> Response:
        _log.error("web.broke", path=request.url.path, error=type(error).__name__)
        detail = "Headgate made a mistake; its log says where"
        return _said(request, HTTPStatus.INTERNAL_SERVER_ERROR, detail, plain)


def _said(request: Request, status: int, detail: str, plain: Plain) -> Response:
    accepted = request.headers.get("accept", "")
    if "json" not in accepted and ("text/plain" in accepted or plain(request)):
        return PlainTextResponse(f"{detail}\n", status)
    return answer(status, detail)


def meant(error: HeadgateError) -> tuple[HTTPStatus, str]:
    """Return the status an error is answered with, and what is said."""
    if isinstance(error, StoreError):
        _log.warning("web.store_failed", error=error.message)
        return HTTPStatus.SERVICE_UNAVAILABLE, "Headgate cannot reach its store now; try again in a while"
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.BAD_REQUEST)
    if error.transient and status is HTTPStatus.BAD_REQUEST:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return status, error.message


def _mistakes(error: RequestValidationError) -> str:
    """Return in one line what does not fit, with the keys and never the values."""
    parts = []
    for mistake in error.errors()[:_MOST_MISTAKES]:
        where = ".".join(str(part) for part in mistake["loc"] if part != "body")
        parts.append(f"{where}: {mistake['msg']}" if where else str(mistake["msg"]))
    return "; ".join(parts)


class Bounded:
    """Refuses a request whose body is larger than it may be, without reading all of it.

    ``most``: bytes, given the path; None for requests that bound themselves.
    """

    def __init__(self, app: ASGIApp, most: Callable[[Scope], int | None]) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting its body."""
        most = self._most(scope) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request holds at most {most} bytes")
            return message

        await self._app(scope, counted, send)
