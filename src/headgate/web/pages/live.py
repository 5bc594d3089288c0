"""News for pages that are open: a stream that says of what there is news, and nothing else.

What it is, a page fetches like everything, with its own checks. A signal is a hint (``headgate.store.signals``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from headgate.errors import NotFoundError
from headgate.store.signals import Topic
from headgate.web.pages.visitor import TheSite, visitor_of

router = APIRouter()

_TOPICS: Final[Mapping[str, tuple[Topic, ...]]] = {
    "events": (Topic.EVENTS,),
    "jobs": (Topic.EVENTS, Topic.JOBS, Topic.SUBMISSIONS),
    "nodes": (Topic.EVENTS, Topic.NODES),
    "deliveries": (Topic.WAITING, Topic.READY),
    "executions": (Topic.EXECUTIONS, Topic.EVENTS),
    "builds": (Topic.BUILDS, Topic.EVENTS),
}
_BEAT: Final = 15.0
"""Seconds after which a line is sent though there is no news, so that nobody between takes the stream for dead."""
_GATHER: Final = 1.0
"""Seconds for which news is gathered into one line."""
_LONGEST: Final = 3600.0
"""Seconds after which a stream ends; the browser asks again, and has to be signed in still."""


@router.get("/live", dependencies=[Depends(visitor_of)])
async def live(site: TheSite, topics: Annotated[str, Query(max_length=200)] = "events") -> StreamingResponse:
    """Stream a line whenever there is news of one of the topics, at most one a second."""
    names = [name for name in topics.split(",") if name]
    if not names or not set(names) <= set(_TOPICS):
        raise NotFoundError(f"there is news of {', '.join(_TOPICS)}")
    bell = site.store.bell(*{topic for name in names for topic in _TOPICS[name]})

    async def lines() -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST
        yield "retry: 5000\n\n"
        while loop.time() < end:
            if await bell.wait(_BEAT):
                yield "event: news\ndata: \n\n"
                await asyncio.sleep(_GATHER)
            else:
                yield ": \n\n"

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
