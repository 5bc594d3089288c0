"""Events as they happen: server-sent events (WHATWG HTML, section 9.2), taken up again by ``Last-Event-ID``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse

from headgate.gateway.following import app_event
from headgate.gateway.gateway import Gateway
from headgate.store.app_events import AppEvent
from headgate.web.api.asking import At, TheJob, TheOwner
from headgate.web.api.outputs import follow_stream

router = APIRouter(tags=["events"])
MEDIA_TYPE: Final = "text/event-stream"
STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LastEvent = Annotated[
    str | None,
    Header(alias="Last-Event-ID", pattern=r"^[0-9]{1,18}$", description="The last event that was received."),
]
After = Annotated[int | None, Query(ge=0, lt=1 << 62, description="The same, for those who cannot send headers.")]


class EventStream(StreamingResponse):
    """A stream of events."""

    media_type = MEDIA_TYPE


@router.get("/events", response_class=EventStream, responses=STREAM)
async def follow_events(owner: TheOwner, at: At, last_event: LastEvent = None, after: After = None) -> Response:
    """Stream the events of all this user's jobs, from now on, or from the last one that was received."""
    start = int(last_event) if last_event is not None else after
    return _stream(at, at.feed.listen(owner.app.id, start, user=owner.user))


@router.get("/jobs/{jobId}/events", response_class=EventStream, responses=STREAM)
async def follow_job(job: TheJob, at: At, last_event: LastEvent = None, after: After = None) -> Response:
    """Stream a job's events, from its first one, or from the last one that was received."""
    start = int(last_event) if last_event is not None else (after or 0)
    return _stream(at, at.feed.listen(job.app_id, start, user=job.user, submission_id=job.id))


def _stream(at: Gateway, events: AsyncIterator[AppEvent | None]) -> Response:
    return follow_stream(at, _encoded(events), media_type=MEDIA_TYPE, headers=HEADERS)


async def _encoded(events: AsyncIterator[AppEvent | None]) -> AsyncIterator[bytes]:
    yield b": headgate\n\n"
    async for one in events:
        if one is None:
            yield b": still here\n\n"
        else:
            data = json.dumps(app_event(one.event, one.submission_id), separators=(",", ":"))
            yield f"id: {one.number}\nevent: {one.event.kind.value}\ndata: {data}\n\n".encode()
