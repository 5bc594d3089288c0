"""The stream of triggers: which come, under which names, and how a listener goes on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from headgate.model.event import Event, EventKind, Source
from headgate.rules.triggers import NODE_STATE
from headgate.store.journal import Recorded
from headgate.web.api.triggers import encoded

DOWN = EventKind("node.down")


def recorded(number: int, kind: EventKind, node: str = "n1") -> Recorded:
    event = Event(f"key {number}", kind, 1000.0, f"node {node}", Source.WATCHER, data={"state": "DOWN"})
    return Recorded(number, event, 1001.0, {})


async def told(*batches: tuple[int, list[Recorded]], types: list[str]) -> list[dict[str, Any]]:
    async def source() -> AsyncIterator[tuple[int, list[Recorded]]]:
        for batch in batches:
            yield batch

    pieces = [piece async for piece in encoded(source(), types)]
    assert pieces[0] == b": headgate\n\n"
    assert all(piece.endswith(b"\n\n") for piece in pieces)
    return [dict(line.split(": ", 1) for line in piece.decode().strip().splitlines()) for piece in pieces[1:]]


async def test_an_event_comes_under_the_names_that_were_asked_for() -> None:
    [one] = await told((5, [recorded(5, DOWN)]), types=[NODE_STATE])
    assert (one["id"], one["event"]) == ("5", NODE_STATE)
    payload = json.loads(one["data"])
    assert (payload["hostname"], payload["state"], payload["event"]["key"]) == ("n1", "down", "key 5")


async def test_only_the_last_of_several_names_has_the_number() -> None:
    first, second = await told((5, [recorded(5, DOWN)]), types=["node.*", NODE_STATE])
    assert (first["event"], first.get("id")) == ("node.down", None)
    assert (second["event"], second["id"]) == (NODE_STATE, "5")


async def test_what_is_none_of_the_listeners_moves_the_place_on() -> None:
    batches: tuple[tuple[int, list[Recorded]], ...] = (
        (4, []),
        (6, [recorded(5, DOWN), recorded(6, EventKind.JOB_STARTED)]),
        (6, []),
        (6, []),
    )
    begin, down, behind, *idle = await told(*batches, types=["node.down"])
    assert begin == {"id": "4"}
    assert down["id"] == "5"
    assert behind == {"id": "6"}
    assert idle == [{"": "still here"}, {"": "still here"}]


async def test_without_types_everything_comes() -> None:
    found = await told((6, [recorded(5, DOWN), recorded(6, EventKind.JOB_STARTED)]), types=["*"])
    assert [one["event"] for one in found if "event" in one] == ["node.down", NODE_STATE, "job.started"]


async def test_a_late_event_does_not_take_the_place_back() -> None:
    found = await told((7, [recorded(3, DOWN)]), types=["node.down"])
    assert [one["id"] for one in found] == ["3", "7"]
