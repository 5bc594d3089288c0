"""A store that several services share is brought to the next version while they work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from faults.next_version import make_next_version
from headgate.store import revision
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.postgresql import PostgresServer
from headgate.testing.smtp.sink import SmtpSink
from tests.service.running import RunningHeadgate, mail_only
from tests.store.owed import owe

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


@pytest.fixture
async def shared(postgres: PostgresServer) -> AsyncIterator[Store]:
    """A store at this version's revision."""
    opened = Store(postgres.new_database(), pool=2)
    await asyncio.to_thread(migrate, opened)
    yield opened
    await asyncio.to_thread(opened.close)


async def taken(sink: SmtpSink, many: int) -> None:
    async with asyncio.timeout(120):
        await sink.wait_for(many)


async def test_old_services_go_on_working_when_a_new_one_has_migrated(
    shared: Store, postgres: PostgresServer, tmp_path: Path
) -> None:
    source = make_next_version(tmp_path / "next")
    url = f"postgresql://postgres@/{shared.url.database}?host={postgres.directory}"
    async with SmtpSink() as sink:
        tables = mail_only(tmp_path, url, sink.port)
        async with RunningHeadgate(tmp_path, tables, name="old") as old:
            new = RunningHeadgate(tmp_path, tables, name="new", source=source)
            await new.start()
            await new.stop()
            assert await shared.read(revision.current) == revision.following(revision.NEWEST)
            await owe(shared, [(f"user{number}", number) for number in range(40)])
            await taken(sink, 40)
            assert (await old.get("/readyz")).status_code == 200
            await old.stop()
            await old.start()  # an old one that starts afterwards does so, too
            await new.start()
            await owe(shared, [(f"more{number}", 100 + number) for number in range(40)])
            await taken(sink, 80)
            await new.stop()
    assert not [line for line in [*old.lines(), *new.lines()] if line["level"] == "error"]


async def test_two_revisions_ahead_is_one_too_many(shared: Store, postgres: PostgresServer, tmp_path: Path) -> None:
    source = make_next_version(tmp_path / "next", versions=2)
    url = f"postgresql://postgres@/{shared.url.database}?host={postgres.directory}"
    async with SmtpSink() as sink:
        tables = mail_only(tmp_path, url, sink.port)
        old = RunningHeadgate(tmp_path, tables, name="old")
        async with RunningHeadgate(tmp_path, tables, name="new", source=source):
            with pytest.raises(AssertionError, match="written by a newer Headgate: its tables are at"):
                await old.start()
            assert await old.stop() == 1
