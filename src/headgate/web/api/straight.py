"""The API's busiest routes without the way through FastAPI, which takes longer than all else that is done for them.

They are ``POST /jobs``, ``GET /jobs`` and ``GET /jobs/{jobId}``. FastAPI still describes them, and answers them below
``/apps``. What is checked here is what it checks, by the same functions and types: who asks, for whom, and what the
body holds. Refusals are answered by the same handlers. A request to read that is in any way out of the ordinary is left
to FastAPI, so that only it says what is wrong.
"""

from __future__ import annotations

import json
import re
from email.message import Message as Headers
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.request import JobRequest
from headgate.web.api.asking import bearer_header, gateway_of, owner_of, principal_of
from headgate.web.api.bodies import ShownJob
from headgate.web.api.jobs import KEY, LONGEST_KEY, create, look, page_of
from headgate.web.api.showing import show_one
from headgate.web.tracing import ROUTE

_PATH: Final = "/jobs"
_ONE: Final = "/jobs/{jobId}"
_KEY: Final = re.compile(KEY)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_QUERY: Final = re.compile(
    rb"(?:(?:state=[A-Z_]{1,20}|limit=[1-9][0-9]{0,3}|after=[0-9]{1,18}|sort=-?created)(?:&|\Z)){1,20}"
)
"""Queries in which each word means what it says."""
_LONGEST_USER: Final = 256
_JOBS: Final = TypeAdapter(list[ShownJob])


class Straight:
    """Answers these routes, and passes on all else to the API."""

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
        route = route_of(scope)
        if route is None:
            await self._api(scope, receive, send)
        else:
            scope["app"], scope[ROUTE] = self._api, route
            await self._answer(scope, receive, send)


def route_of(scope: Scope) -> str | None:
    """Return the template of the route that answers a request here; None if FastAPI answers it."""
    path, method = scope.get("path", ""), scope.get("method")
    if method == "POST":
        return _PATH if path == _PATH else None
    if method != "GET" or any(name == b"user" and len(value) > _LONGEST_USER for name, value in scope["headers"]):
        return None
    if path == _PATH:
        query = scope["query_string"]
        return _PATH if not query or (_QUERY.fullmatch(query) and not query.endswith(b"&")) else None
    return _ONE if path.startswith("/jobs/") and _UUID.fullmatch(path, len("/jobs/")) else None


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    at, headers = await gateway_of(request), request.headers
    bearer = await bearer_header(request) if "authorization" in headers else None
    principal = await principal_of(request, at, headers.get("x-auth-token") or None, bearer)
    owner = await owner_of(principal, at, headers.get("user"))
    if request.method == "POST":
        response = await _create(request, at, owner)
    elif scope[ROUTE] == _PATH:
        response = await _list(request, at, owner)
    else:
        found = await show_one(at, owner, scope["path"].removeprefix("/jobs/"))
        response = Response(found.model_dump_json().encode(), media_type="application/json")
    await response(scope, receive, send)


async def _list(request: Request, at: Gateway, owner: Owner) -> Response:
    query = request.query_params
    limit, after, states = query.get("limit"), query.get("after"), query.getlist("state")
    page = await page_of(
        at,
        state=states or None,
        sort="-created" if query.get("sort") == "-created" else "created",
        limit=None if limit is None else int(limit),
        after=None if after is None else int(after),
    )
    found, following = await look(at, owner, page, request, whole=False)
    where = {"Link": following} if following else None
    return Response(_JOBS.dump_json(found), headers=where, media_type="application/json")


async def _create(request: Request, at: Gateway, owner: Owner) -> Response:
    headers = request.headers
    key = headers.get("idempotency-key")
    if key is not None and not (len(key) <= LONGEST_KEY and _KEY.fullmatch(key)):
        raise _invalid("value_error", ("header", "Idempotency-Key"), "should be visible ASCII, at most 255 characters")
    wanted = _read(headers.get("content-type"), await request.body())
    made, new = await create(at, owner, wanted, key, start=True)
    status = HTTPStatus.CREATED if new else HTTPStatus.OK
    where = {"Location": f"{_PATH}/{made.id}"}
    return Response(made.model_dump_json().encode(), status, where, "application/json")


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
