"""Waiting until a running Headgate has told all there was to tell of nodes that were put back."""

from __future__ import annotations

import asyncio
import json
import time

from sqlalchemy import func, select

from headgate.store.store import Store
from headgate.store.tables import events, nodes

OUT_OF_SERVICE = ("DOWN", "DRAIN", "FAIL")
QUIET = 5.0
"""Seconds without an event after which none is to come: more than Headgate waits before it believes an outage's end."""


async def nodes_settled(url: str, patience: float = 90.0) -> None:
    """Wait until Headgate knows all nodes to be in service, and has told nothing for a while.

    Otherwise the next change might come between two looks, and be seen as another reason for the same state.
    """
    store = Store(url)
    newest = select(func.max(events.c.id))
    deadline, before, quiet_since = time.monotonic() + patience, None, time.monotonic()
    try:
        while True:
            states = await store.read(lambda c: [json.loads(row.data)["state"] for row in c.execute(select(nodes))])
            last = await store.read(lambda c: c.execute(newest).scalar())
            in_service = bool(states) and not any(word in state for state in states for word in OUT_OF_SERVICE)
            if last != before or not in_service:
                before, quiet_since = last, time.monotonic()
            if time.monotonic() - quiet_since >= QUIET:
                return
            assert time.monotonic() < deadline, states
            await asyncio.sleep(0.2)
    finally:
        await asyncio.to_thread(store.close)
