"""From a real spool directory to the journal: what Slurm handed over is never lost, and never told twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection

from headgate.errors import SlurmCommandError, SpoolError, StoreError
from headgate.events.journal import Journal
from headgate.events.mail_events import mail_request
from headgate.events.sources.mail.headgate_mailprog import record
from headgate.events.sources.mail.spool import MailSpool
from headgate.events.sources.mail_source import MailSource
from headgate.model.event import Event, Source
from headgate.model.mail import MailKind
from headgate.store import journal
from headgate.store.journal import EventFilter, Recorded
from headgate.store.store import Store
from tests.events.sources.mail.conftest import HandOff, hand_off, open_directory

__all__ = ["hand_off", "open_directory"]  # fixtures


@dataclass(frozen=True)
class Settings:
    poll: float = 0.01
    batch: int = 100


class Refusing:
    """A follower of the journal that lets nothing be written while it refuses, as a store that is down does."""

    def __init__(self) -> None:
        self.refuses = False
        self.refused = 0
        self.followed: list[Event] = []

    def __call__(self, connection: Connection, new: Sequence[tuple[int, Event]]) -> None:
        del connection
        if self.refuses:
            self.refused += 1
            raise StoreError("the store failed: server closed the connection unexpectedly")
        self.followed.extend(event for _, event in new)


@pytest.fixture
def mails(tmp_path: Path) -> MailSpool:
    (tmp_path / "spool").mkdir(mode=0o770)
    return MailSpool(tmp_path / "spool")


def put(mails: MailSpool, number: int, data: bytes | None = None) -> str:
    """Put a record (or something else) into the spool as the hand-off would."""
    name = f"{number:017d}-1-00000000.mail"
    subject = f"Slurm Job_id={number} Name=x Began, Queued time 00:00:01".encode()
    made = record(number, [b"mail", b"-s", subject, b"ada"], {b"SLURM_JOB_USER": b"ada"})
    (mails.path / name).write_bytes(made if data is None else data)
    return name


async def named() -> str:
    return "c"


def source(
    store: Store, mails: MailSpool, follower: Refusing | None = None, settings: Settings | None = None
) -> MailSource:
    return MailSource(store, Journal([follower] if follower else []), mails, named, settings or Settings())


async def recorded(store: Store) -> list[Recorded]:
    return await store.read(lambda c: journal.find(c, EventFilter(), limit=10_000))


def left(mails: MailSpool) -> list[str]:
    return sorted(path.name for path in mails.path.glob("*.mail"))


async def until_journalled(store: Store, count: int) -> list[Recorded]:
    async with asyncio.timeout(30):
        while len(found := await recorded(store)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_what_slurm_handed_over_is_in_the_journal_and_no_longer_in_the_spool(
    store: Store, hand_off: HandOff
) -> None:
    hand_off.call("-s", "Slurm Job_id=5 Name=Began|x Began, Queued time 00:00:01", "ada,ben", env={"SLURM_JOB_ID": "5"})
    assert await source(store, MailSpool(hand_off.spool)).read_once() == 1
    [item] = await recorded(store)
    request = mail_request(item.event)
    assert (request.kind, request.job_id, request.receivers) == (MailKind.BEGAN, 5, "ada,ben")
    assert (list(item.witnesses), item.event.cluster) == ([Source.MAIL], "c")
    assert hand_off.names() == []


async def test_records_are_read_in_batches_oldest_first(store: Store, mails: MailSpool) -> None:
    for number in (3, 1, 5, 2, 4):
        put(mails, number)
    reading = source(store, mails, settings=Settings(batch=2))
    assert [await reading.read_once() for _ in range(4)] == [2, 2, 1, 0]
    assert [item.event.job_id for item in await recorded(store)] == [1, 2, 3, 4, 5]


async def test_a_start_that_was_overtaken_by_its_end_is_journalled_first(store: Store, mails: MailSpool) -> None:
    subject = b"Slurm Job_id=7 Name=x Ended, Run time 00:00:01, COMPLETED, ExitCode 0"
    put(mails, 6, record(6, [b"mail", b"-s", subject, b"ada"], {}))
    put(mails, 7)
    assert await source(store, mails).read_once() == 2
    kinds = [mail_request(item.event).kind for item in await recorded(store)]
    assert kinds == [MailKind.BEGAN, MailKind.ENDED]
    assert left(mails) == []


async def test_an_empty_spool_is_nothing(store: Store, mails: MailSpool) -> None:
    assert await source(store, mails).read_once() == 0
    assert await recorded(store) == []


async def test_a_record_stays_until_its_event_is_kept(store: Store, mails: MailSpool) -> None:
    names = [put(mails, number) for number in (1, 2)]
    follower = Refusing()
    follower.refuses = True
    reading = source(store, mails, follower)
    with pytest.raises(StoreError):
        await reading.read_once()
    assert (left(mails), await recorded(store)) == (names, [])
    follower.refuses = False
    await reading.read_once()
    assert (left(mails), len(await recorded(store))) == ([], 2)


async def test_at_the_moment_of_writing_the_records_are_still_there(store: Store, mails: MailSpool) -> None:
    names = [put(mails, number) for number in (1, 2)]
    seen: list[list[str]] = []
    events = Journal([lambda _, __: seen.append(left(mails))])
    await MailSource(store, events, mails, named, Settings()).read_once()
    assert seen == [names]


async def test_a_crash_between_keeping_and_removing_makes_no_second_event(store: Store, mails: MailSpool) -> None:
    name = put(mails, 1)
    data = (mails.path / name).read_bytes()
    follower = Refusing()
    await source(store, mails, follower).read_once()
    (mails.path / name).write_bytes(data)  # what a crash before the removal leaves
    await source(store, MailSpool(mails.path), follower).read_once()
    assert (len(await recorded(store)), len(follower.followed), left(mails)) == (1, 1, [])


async def test_what_cannot_be_read_is_set_aside_and_the_others_are_told(store: Store, mails: MailSpool) -> None:
    put(mails, 1)
    bad = put(mails, 2, b"\xffrubbish")
    strange = put(mails, 3, record(3, [b"mail", b"-s", b"Hello", b"ada"], {}))
    put(mails, 4)
    assert await source(store, mails).read_once() == 4
    assert [item.event.job_id for item in await recorded(store)] == [1, 4]
    assert {one.name for one in mails.aside()} == {bad, strange}
    assert left(mails) == []


async def test_only_unreadable_records_write_nothing(store: Store, mails: MailSpool) -> None:
    put(mails, 1, b"")
    follower = Refusing()
    follower.refuses = True
    assert await source(store, mails, follower).read_once() == 1
    assert (len(mails.aside()), follower.refused) == (1, 0)


async def test_while_the_store_is_down_mails_are_kept_and_told_when_it_is_back(store: Store, mails: MailSpool) -> None:
    names = [put(mails, number) for number in range(1, 4)]
    follower = Refusing()
    follower.refuses = True
    reading = source(store, mails, follower)
    run = asyncio.create_task(reading.run())
    async with asyncio.timeout(30):
        while follower.refused < 3:
            await asyncio.sleep(0.01)
    assert left(mails) == names
    follower.refuses = False
    await until_journalled(store, 3)
    reading.stop()
    await asyncio.wait_for(run, 30)
    assert left(mails) == []


async def test_a_spool_that_is_not_there_yet_is_waited_for(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "later"
    reading = source(store, MailSpool(path))
    with pytest.raises(SpoolError):
        await reading.read_once()
    run = asyncio.create_task(reading.run())
    path.mkdir(mode=0o770)
    put(MailSpool(path), 1)
    await until_journalled(store, 1)
    reading.stop()
    await asyncio.wait_for(run, 30)


async def test_a_long_backlog_is_read_without_resting(store: Store, mails: MailSpool) -> None:
    for number in range(1, 51):
        put(mails, number)
    reading = source(store, mails, settings=Settings(poll=3600.0, batch=10))
    run = asyncio.create_task(reading.run())
    found = await until_journalled(store, 50)
    assert [item.event.job_id for item in found] == list(range(1, 51))
    reading.stop()
    await asyncio.wait_for(run, 30)


async def test_a_slurm_that_does_not_say_its_name_holds_no_mail_up(store: Store, mails: MailSpool) -> None:
    async def silent() -> str:
        raise SlurmCommandError("scontrol: Unable to contact slurm controller")

    put(mails, 1)
    await MailSource(store, Journal(), mails, silent, Settings()).read_once()
    [item] = await recorded(store)
    assert item.event.cluster == ""


async def test_the_clusters_name_is_asked_once(store: Store, mails: MailSpool) -> None:
    asked: list[int] = []

    async def name() -> str:
        asked.append(1)
        return "c"

    reading = MailSource(store, Journal(), mails, name, Settings(batch=1))
    for number in (1, 2, 3):
        put(mails, number)
        await reading.read_once()
    assert (asked, {item.event.cluster for item in await recorded(store)}) == ([1], {"c"})
