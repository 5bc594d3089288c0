"""Triggers as they happen: events of the whole cluster, under the names that rules know them by."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from headgate.model.right import Right
from headgate.rules.triggers import is_named, triggers_of
from headgate.store.journal import Recorded
from headgate.web.api.actions import TheCaller
from headgate.web.api.asking import At
from headgate.web.api.events import HEADERS, MEDIA_TYPE, STREAM, After, EventStream, LastEvent
from headgate.web.api.outputs import follow_stream

router = APIRouter(tags=["events"])
_MOST_TYPES = 50
Types = Annotated[
    list[Annotated[str, Query(min_length=1, max_length=200)]] | None,
    Query(
        alias="type",
        max_length=_MOST_TYPES,
        description="Which: kinds of event, or StackStorm's names. `node.*` names several; without any, all.",
        examples=["node.down", "slurm.node.state"],
    ),
]


@router.get("/triggers", response_class=EventStream, responses=STREAM)
async def follow_triggers(
    caller: TheCaller, at: At, types: Types = None, last_event: LastEvent = None, after: After = None
) -> Response:
    """Stream what rules see of all events, from now on, or from the last one that was received. Takes a role."""
    caller.require(Right.SEE_AUTOMATION)
    start = int(last_event) if last_event is not None else after
    stream = encoded(at.feed.follow(start), types or ["*"])
    return follow_stream(at, stream, media_type=MEDIA_TYPE, headers=HEADERS)


async def encoded(batches: AsyncIterator[tuple[int, list[Recorded]]], types: Sequence[str]) -> AsyncIterator[bytes]:
    """Yield server-sent events of the triggers that are named.

    Of several triggers of one event only the last has its number. A number comes alone, too, so that whoever listens
    can go on behind events that are none of theirs.
    """
    yield b": headgate\n\n"
    told = -1
    async for number, found in batches:
        for item in found:
            named = [one for one in triggers_of(item.event) if any(is_named(of, one.type) for of in types)]
            for trigger in named:
                place = f"id: {item.id}\n" if trigger is named[-1] else ""
                data = json.dumps(trigger.payload, separators=(",", ":"))
                yield f"{place}event: {trigger.type}\ndata: {data}\n\n".encode()
                told = item.id
        if told != number:
            told = number
            yield f"id: {number}\n\n".encode()
        elif not found:
            yield b": still here\n\n"
