"""Where forges post what happens: ``/github/webhook`` and ``/gitlab/webhook``, alone or with a forge's name behind.

The body is read as it is, up to what a forge sends at most, and handed to the intake, which verifies it before anything
else. The answer is 202 once it is in the journal; 401, and nothing written, if nobody we know signed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headgate.builds.incoming.intake import Intake, Outcome
from headgate.web.problems import answer
from headgate.web.tracing import ROUTE

MOST: Final = 25 * 1024 * 1024
"""Bytes of a webhook; GitHub sends no larger ones."""
_ALL: Final = 4 * MOST
"""Bytes of all webhooks that are being read at a time."""
_DIGITS: Final = len(str(MOST)) + 1
_PATIENCE: Final = 10.0
"""Seconds for which the rest of a webhook is waited for; by then its sender has given up."""

IntakeSource = Callable[[], Intake | None]
"""Returns the intake of the configuration that is in force; None while no forge is configured."""
_MOST_NAME: Final = 100


def make_forge_routes(source: IntakeSource) -> list[Route]:
    """Make the routes: plain ones, since all that is asked of them is to be quick."""
    reader = _Reader()

    async def take(request: Request, kind: str) -> Response:
        intake, name = source(), request.path_params.get("name")
        request.scope[ROUTE] = f"/{kind}/webhook" if name is None else f"/{kind}/webhook/{{name}}"
        if intake is None or len(name or "") > _MOST_NAME or not intake.has(kind, name):
            return answer(HTTPStatus.NOT_FOUND, f"no such forge is configured at {kind}/webhook")
        body = await reader.read(request)
        headers = {key.lower(): value for key, value in request.headers.items()}
        taken = await (intake.github if kind == "github" else intake.gitlab)(body, headers, name)
        match taken.outcome:
            case Outcome.UNSIGNED:
                return answer(HTTPStatus.UNAUTHORIZED, "the webhook's secret is not the one that is configured")
            case Outcome.UNREADABLE:
                return answer(HTTPStatus.BAD_REQUEST, "the webhook is signed, and cannot be read; the log says why")
            case outcome:
                return JSONResponse({"outcome": outcome.value}, HTTPStatus.ACCEPTED)

    async def github(request: Request) -> Response:
        return await take(request, "github")

    async def gitlab(request: Request) -> Response:
        return await take(request, "gitlab")

    return [
        Route(f"/{kind}/webhook{name}", endpoint, methods=["POST"])
        for kind, endpoint in (("github", github), ("gitlab", gitlab))
        for name in ("", "/{name}")
    ]


class _Reader:
    """Reads bodies before anybody knows who sent them: each bounded, all of them bounded, and not for ever."""

    def __init__(self) -> None:
        self._held = 0

    async def read(self, request: Request) -> bytes:
        """Return a request's body. Raises HTTPException: too large, too slow, or too many at once."""
        said = request.headers.get("content-length", "0")
        if len(said) > _DIGITS or (said.isdecimal() and int(said) > MOST):
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a webhook has at most {MOST} bytes")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(_PATIENCE):
                async for part in request.stream():
                    size += len(part)
                    self._held += len(part)
                    parts.append(part)
                    if size > MOST:
                        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a webhook has at most {MOST} bytes")
                    if self._held > _ALL:
                        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "too many webhooks at once")
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the webhook did not come to its end") from None
        except ClientDisconnect:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the webhook broke off") from None
        finally:
            self._held -= size
        return b"".join(parts)
