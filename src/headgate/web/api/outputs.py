"""Output of jobs: whole, in ranges (RFC 9110, section 14), or followed while it grows."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from headgate.executor.interface import OpenFile
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway import outputs
from headgate.gateway.gateway import Gateway
from headgate.gateway.outputs import Span, Which
from headgate.gateway.refusals import TooManyError
from headgate.gateway.ways import refusal
from headgate.model.submission import Phase, Submission
from headgate.store import submissions
from headgate.web.api.asking import At, TheJob

router = APIRouter(prefix="/jobs", tags=["output"])
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PLAIN: Final = "text/plain; charset=utf-8"
_TEXT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/plain": {}}},
    206: {"content": {"text/plain": {}}},
    416: {"description": "The range lies outside of the file."},
}
RangeHeader = Annotated[
    str | None, Header(alias="Range", max_length=100, description="A part, such as `bytes=0-99` or `bytes=-1000`.")
]
Follow = Annotated[bool, Query(description="Stay until the job is over, and send what comes.")]
Task = Annotated[int | None, Query(ge=0, le=4_000_000, description="The task, of an array.")]


@router.get("/{jobId}/out", response_class=Response, responses=_TEXT)
async def show_output(
    job: TheJob, at: At, range_: RangeHeader = None, task: Task = None, *, follow: Follow = False
) -> Response:
    """Return what the job wrote to its output."""
    return await _text(at, job, "output", range_, task, follow=follow)


@router.get("/{jobId}/err", response_class=Response, responses=_TEXT)
async def show_errors(
    job: TheJob, at: At, range_: RangeHeader = None, task: Task = None, *, follow: Follow = False
) -> Response:
    """Return what the job wrote to its errors, where they go to a file of their own."""
    return await _text(at, job, "error", range_, task, follow=follow)


async def _text(
    at: Gateway, job: Submission, which: Which, range_: str | None, task: int | None, *, follow: bool
) -> Response:
    place = await outputs.place_of(at.directories, job, which, task)
    if not follow:
        return await part(at, await outputs.opened_at(at.directories, job, place), range_, _PLAIN)
    opening = partial(outputs.opened_at, at.directories, job, place)

    async def over() -> bool:
        current = await at.store.read(lambda c: submissions.get(c, job.app_id, job.id))
        return current is None or current.phase in (Phase.ENDED, Phase.REFUSED)

    return follow_stream(at, outputs.followed(opening, over), media_type=_PLAIN)


class Watched(StreamingResponse):
    """A stream after which something is done, however it ends: also when the client left before it began."""

    def __init__(
        self,
        stream: AsyncIterator[bytes],
        after: Callable[[], Awaitable[None]],
        status: int = HTTPStatus.OK,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
    ) -> None:
        super().__init__(stream, status, headers, media_type)
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._after()


def follow_stream(
    at: Gateway, stream: AsyncIterator[bytes], *, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a stream that is followed, counted among all those. Raises TooManyError."""
    if at.followers >= at.settings.limits.followers:
        raise TooManyError("too many streams are followed just now; try again later", after=5)
    at.followers += 1

    async def after() -> None:
        at.followers -= 1

    return Watched(stream, after, headers=headers, media_type=media_type)


async def part(
    at: Gateway, opened: OpenFile, range_: str | None, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    """Return a file, or the part of it that was asked for; the file is closed when it was sent."""
    try:
        size = await opened.size()
        span, status = span_of(range_, size)
        begin_transfer(at)
    except BaseException:
        await opened.aclose()
        raise
    more = {"Accept-Ranges": "bytes", "Content-Length": str(span.end - span.start), **(headers or {})}
    if status is HTTPStatus.PARTIAL_CONTENT:
        more["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"

    async def after() -> None:
        end_transfer(at)
        await opened.aclose()

    return Watched(outputs.pieces(opened, span), after, status, more, media_type)


def begin_transfer(at: Gateway) -> None:
    """Count a transfer. Raises TooManyError."""
    if at.transfers >= at.settings.limits.concurrent_transfers:
        raise TooManyError("too many files are being transferred just now; try again later", after=2)
    at.transfers += 1


def end_transfer(at: Gateway) -> None:
    """Count a transfer that ended."""
    at.transfers -= 1


def span_of(range_: str | None, size: int) -> tuple[Span, HTTPStatus]:
    """Return the part a ``Range`` header asks for; all of it for a header of another form, as RFC 9110 says.

    Raises HTTPException 416 for a part that lies outside of the file.
    """
    asked = _RANGE.fullmatch((range_ or "").strip())
    if asked is None or (not asked[1] and not asked[2]):
        return Span(0, size, size), HTTPStatus.OK
    if not asked[1]:
        start, end = max(0, size - int(asked[2])), size
    else:
        start, end = int(asked[1]), min(size, int(asked[2]) + 1 if asked[2] else size)
    if start >= size or start >= end:
        headers = {"Content-Range": f"bytes */{size}"}
        status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        raise HTTPException(status, f"the file has {size} bytes", headers)
    return Span(start, end, size), HTTPStatus.PARTIAL_CONTENT


async def whole_text(at: Gateway, job: Submission, path: str, most: int) -> Response:
    """Return a small file as text."""
    try:
        data = await at.directories.read(job, path, most)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error
    return Response(data, media_type=_PLAIN)
