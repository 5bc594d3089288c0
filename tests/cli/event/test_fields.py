from __future__ import annotations

import asyncio
from pathlib import Path

from headgate.cli.event.fields import as_row
from headgate.model.event import Event, EventKind, Source
from headgate.store import journal
from headgate.store.journal import Recorded
from headgate.store.store import Store
from tests.cli.stored import filled_site

DRAINED = Event(
    "node.drained/c/n1/5",
    EventKind.NODE_DRAINED,
    5.0,
    "node n1",
    Source.WATCHER,
    "c",
    data={"node": "n1", "state": "IDLE", "flags": ["DRAIN"], "reason": "disk", "reason_user": "root"},
)


def test_node_is_told_with_its_flags_and_who_gave_the_reason() -> None:
    _, _, kind, subject, user, what, seen = as_row(Recorded(1, DRAINED, 6.0, {Source.WATCHER: 6.0}))
    assert (kind, subject, user) == ("node.drained", "node n1", None)
    assert (what, seen) == ("state=IDLE+DRAIN reason=disk by=root", "watcher")


def test_events_of_one_node_are_chosen(tmp_path: Path) -> None:
    site = filled_site(tmp_path)
    store = Store(site.url)
    asyncio.run(store.write(lambda c: journal.append(c, [DRAINED])))
    store.close()
    assert [event["key"] for event in site.json("event", "list", "--node", "n1")] == [DRAINED.key]
    assert site.json("event", "list", "--node", "n10") == []
