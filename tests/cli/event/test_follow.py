from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headgate.model.event import Event, EventKind, Source
from headgate.store import journal
from headgate.store.store import Store
from tests.cli.stored import STEERING, Site


@asynccontextmanager
async def following(site: Site, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "headgate.cli.main", "-c", str(site.config), "event", "follow", *words),
        env={name: value for name, value in os.environ.items() if not name.upper().startswith("HEADGATE")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode()


async def write(site: Site, key: str, kind: EventKind) -> None:
    store = Store(site.url)
    fact = Event(key, kind, 5.0, "job 5", Source.WATCHER, job_id=5)
    await store.write(lambda c: journal.append(c, [fact]))
    await asyncio.to_thread(store.close)


async def test_events_are_written_as_they_come_one_object_a_line(site: Site) -> None:
    async with following(site, "--json", "--past", "1", "--kind", "job.*") as process:
        assert json.loads(await line(process))["id"] == 4
        await write(site, "not asked for", EventKind.MAIL_REQUESTED)
        await write(site, "new", EventKind.JOB_STARTED)
        assert json.loads(await line(process))["key"] == "new"
        await write(site, "newer", EventKind.JOB_ENDED)
        assert json.loads(await line(process))["key"] == "newer"
        process.send_signal(signal.SIGINT)
        assert await process.wait() in (0, 1, 130)
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()


async def test_without_past_ones_only_new_ones_are_written(site: Site) -> None:
    async with following(site, "--json", "--past", "0") as process:
        while process.returncode is None:
            await write(site, f"new {asyncio.get_running_loop().time()}", EventKind.JOB_STARTED)
            try:
                async with asyncio.timeout(1):
                    told = json.loads(await line(process))
                    break
            except TimeoutError:
                continue
        assert told["id"] > 4


async def test_people_get_a_line_an_event_that_steers_no_terminal(site: Site) -> None:
    async with following(site, "--past", "4") as process:
        lines = [await line(process) for _ in range(4)]
    assert [text.split()[0] for text in lines] == ["1", "2", "3", "4"]
    assert not [mark for mark in STEERING if mark in "".join(lines)]
