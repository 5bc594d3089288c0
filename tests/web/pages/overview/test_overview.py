from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from headgate.model.capacity import Capacity
from headgate.model.event import Event, EventKind, Source
from headgate.model.execution import ExecutionState
from headgate.store import capacities, executions, journal, rules, standings
from headgate.store import tables as t
from headgate.store.executions import NewExecution
from headgate.store.standings import Stored
from headgate.store.store import Store
from tests.web.pages.jobs_seen import CLUSTER, jobs_place
from tests.web.pages.pages_place import PagesPlace


@pytest.fixture
async def place(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """The pages over a store with jobs."""
    async with jobs_place(store, tmp_path) as made:
        yield made


def tiles(text: str) -> dict[str, str]:
    """Return the figures on the page, by their words."""
    return dict(re.findall(r"<dt><a href=\"[^\"]+\">([^<]+)</a></dt>\s*<dd><strong>([^<]+)</strong>", text))


async def test_who_has_no_role_sees_their_jobs_and_messages_and_nothing_else(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        text = re.sub('value="[^"]*"', "", (await uma.get("/")).text)  # a token may hold any two letters
    assert "300_*" in text
    assert "Job 103 failed &lt;b&gt;" in text
    for hidden in ("The cluster now", "Needs a look", "Connectors", "/ui/nodes", "n7", "bob"):
        assert hidden not in text


async def test_every_figure_is_what_its_page_lists(place: PagesPlace) -> None:
    async with place.client("viewer") as vera:
        text = (await vera.get("/")).text
        shown = tiles(text)
        assert shown == {
            "Running jobs": "2", "Waiting jobs": "2", "Failed in the last hour": "2", "Nodes": "13", "Allocated": "6",
            "Mixed": "2", "Idle": "3", "Down": "1", "Drained": "1",
        }  # fmt: skip
        links = re.findall(r'<a href="/ui(/jobs\?[^"]+)">(?:Running|Waiting|Failed)', text)
        counts = []
        for link in links:
            listed = (await vera.http.get(f"/ui{link.replace('&amp;', '&')}")).text
            counts.append(re.search(r"of (\d+) jobs", listed))
    assert [found and found[1] for found in counts] == ["2", "2", "2"]
    for words in ("250 of 384", "2.0 TiB of 4.0 TiB", "9 of 16"):
        assert words in text
    assert f'href="/ui/nodes/{CLUSTER}/n7"' in text


async def test_what_is_in_trouble_is_said_first(store: Store, place: PagesPlace) -> None:
    event = Event("x", EventKind.NODE_DOWN, time.time(), "node n9", Source.WATCHER, CLUSTER)
    now = time.time()

    def trouble(connection: Connection) -> None:
        number = journal.append(connection, [event])["x"]
        new = NewExecution(
            key="k", rule="own.drain", event_id=number, subject="node n9", per="node n9", state=ExecutionState.APPROVAL,
            not_before=now, step="", plan="{}", payload={}, role="operator",
        )  # fmt: skip
        executions.add(connection, new, now)
        rules.stop(connection, "own.loop<b>", "it set itself off", now)
        standings.keep(connection, [Stored("watcher", "head1", now, "squeue does not answer", now)])

    await store.write(trouble)
    async with place.client("operator") as oscar:
        text = (await oscar.get("/")).text
    for words in (
        "1 message was given up",
        "1 given up in the last hour",
        "1 execution waits</a> for somebody's decision",
        "The rule own.loop&lt;b&gt; was stopped",
        "watcher on head1: squeue does not answer",
    ):
        assert words.replace("</a>", "") in re.sub(r"</a>", "", text)
    assert text.index("Needs a look") < text.index("The cluster now")


async def test_nothing_wrong_is_said_too(store: Store, place: PagesPlace) -> None:
    await store.write(lambda c: c.execute(t.deliveries.delete()))
    async with place.client("viewer") as vera:
        assert "Nothing: no message was given up" in (await vera.get("/")).text


async def test_several_clusters_are_shown_apart_and_old_figures_are_called_old(store: Store, place: PagesPlace) -> None:
    old = Capacity(time.time() - 3600, {"idle": 7}, cpus=28)
    await store.write(lambda c: capacities.keep(c, "beta", old))
    async with place.client("viewer") as vera:
        text = (await vera.get("/")).text
    assert "Cluster alpha" in text
    assert "Cluster beta" in text
    assert "does the node watcher run?" in text
    assert "0 of 28" in text


async def test_an_empty_store_says_what_would_be_there(store: Store, place: PagesPlace) -> None:
    def empty(connection: Connection) -> None:
        for table in (t.deliveries, t.witnesses, t.events, t.jobs, t.memories):
            connection.execute(table.delete())

    await store.write(empty)
    async with place.client("admin") as anna:
        text = (await anna.get("/")).text
    assert "Headgate has not seen a cluster yet" in text
    assert "None of your jobs is in the queue" in text


async def test_a_connector_that_has_not_told_for_long_is_behind(store: Store, place: PagesPlace) -> None:
    c = t.deliveries.c
    await store.write(lambda connection: connection.execute(t.deliveries.delete().where(c.state == "dead")))
    await store.write(lambda connection: connection.execute(t.deliveries.update().values(created_at=1.0)))
    async with place.client("viewer") as vera:
        text = (await vera.get("/")).text
    assert ">behind<" in text
