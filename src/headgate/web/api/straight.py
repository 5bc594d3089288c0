"""``POST /jobs`` without the way through FastAPI, which takes longer than all else that the API does for it.

FastAPI still describes the route, and answers it below ``/apps``. What is checked here is what it checks, by the same
functions and types: who asks, for whom, and what the body holds. Refusals are answered by the same handlers.
"""

from __future__ import annotations

import json
import re
from email.message import Message as Headers
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.gateway.request import JobRequest
from headgate.web.api.asking import bearer_header, gateway_of, owner_of, principal_of
from headgate.web.api.jobs import KEY, LONGEST_KEY, create
from headgate.web.tracing import ROUTE

_PATH: Final = "/jobs"
_KEY: Final = re.compile(KEY)


class Straight:
    """Answers ``POST /jobs``, and passes on all else to the API."""

    def __init__(self, api: FastAPI) -> None:
        """Take the middleware and the handlers of errors from the API, which is complete by now."""
        handlers = dict(api.exception_handlers)
        broken = handlers.pop(Exception)
        inner: ASGIApp = ExceptionMiddleware(_answer, handlers)
        for one in reversed(api.user_middleware):
            inner = one.cls(inner, *one.args, **one.kwargs)
        self._answer = ServerErrorMiddleware(inner, broken)
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope.get("path") == _PATH and scope.get("method") == "POST":
            scope["app"], scope[ROUTE] = self._api, _PATH
            await self._answer(scope, receive, send)
        else:
            await self._api(scope, receive, send)


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    at, headers = await gateway_of(request), request.headers
    bearer = await bearer_header(request) if "authorization" in headers else None
    principal = await principal_of(request, at, headers.get("x-auth-token") or None, bearer)
    owner = await owner_of(principal, at, headers.get("user"))
    key = headers.get("idempotency-key")
    if key is not None and not (len(key) <= LONGEST_KEY and _KEY.fullmatch(key)):
        raise _invalid("value_error", ("header", "Idempotency-Key"), "should be visible ASCII, at most 255 characters")
    wanted = _read(headers.get("content-type"), await request.body())
    made, new = await create(at, owner, wanted, key, start=True)
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    where = {"Location": f"{_PATH}/{made.id}"}
    response = Response(made.model_dump_json().encode(), status, where, "application/json")
    await response(scope, receive, send)


def _read(content_type: str | None, body: bytes) -> JobRequest:
    """Return what a body asks for. Raises RequestValidationError, HTTPException as FastAPI does."""
    if not body:
        raise _invalid("missing", ("body",), "Field required")
    given: Any = body
    if content_type is not None and _is_json(content_type):
        try:
            given = json.loads(body)
        except json.JSONDecodeError as error:
            raise _invalid("json_invalid", ("body", error.pos), "JSON decode error") from error
        except (ValueError, RecursionError) as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "There was an error parsing the body") from error
    try:
        return JobRequest.model_validate(given, from_attributes=True)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in mistakes]) from error


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    headers = Headers()
    headers["content-type"] = content_type
    subtype = headers.get_content_subtype()
    return headers.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


def _invalid(kind: str, where: tuple[str | int, ...], message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": where, "msg": message, "input": None}])
