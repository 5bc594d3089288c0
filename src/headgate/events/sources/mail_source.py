"""From the mail spool to the journal: each record becomes one event, with the deliveries that follow from it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from headgate.errors import RecordError, SlurmError, SpoolError, StoreError
from headgate.events.journal import Journal
from headgate.events.mail_events import mail_event
from headgate.events.sources.mail.order import in_order
from headgate.events.sources.mail.reading import read_request
from headgate.events.sources.mail.record import parse_record
from headgate.events.sources.mail.spool import MailSpool, SpooledRecord
from headgate.events.sources.standings import Standing
from headgate.model.mail import MailRequest
from headgate.store.store import Store

_log = structlog.get_logger(__name__)

RECORDS = Counter("headgate_mail_records", "Records of the mail spool, by what became of them.", ["result"])
SPOOL_SEEN = Gauge(
    "headgate_mail_spool_read_timestamp_seconds", "When the mail spool was last read, seconds since the epoch."
)


class SpoolSettings(Protocol):
    """``poll``: seconds between two looks; ``batch``: records in one transaction."""

    @property
    def poll(self) -> float:
        """Seconds between two looks into the spool."""

    @property
    def batch(self) -> int:
        """Records in one transaction."""


class MailSource:
    """Reads the spool until it is stopped. A record leaves the spool only once it is in the journal."""

    def __init__(
        self,
        store: Store,
        events: Journal,
        spool: MailSpool,
        cluster: Callable[[], Awaitable[str]],
        settings: SpoolSettings,
        *,
        standing: Standing | None = None,
    ) -> None:
        """``standing``: where it says how it fares."""
        self._store = store
        self._standing = standing or Standing()
        self._events = events
        self._spool = spool
        self._ask_cluster = cluster
        self._cluster = ""
        self._settings = settings
        self._stop = asyncio.Event()
        self._told = ""

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()

    async def run(self) -> None:
        """Read until ``stop``."""
        while not self._stop.is_set():
            try:
                more = await self.read_once() >= self._settings.batch
                self._told = ""
                self._standing.well()
            except (SpoolError, StoreError) as error:
                more = False
                self._standing.failed(error.message)
                if self._told != error.message:
                    _log.error("mail.cannot_read", error=error.message)
                self._told = error.message
            if not more:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._settings.poll):
                await self._stop.wait()
        except TimeoutError:
            return

    async def read_once(self) -> int:
        """Journal one batch of records; return how many there were. Raises SpoolError or StoreError."""
        records = await asyncio.to_thread(self._spool.pending, self._settings.batch)
        SPOOL_SEEN.set(time.time())
        if not records:
            return 0
        self._standing.saw(time.time())
        cluster = await self._cluster_name()
        requests = {record.name: request for record in records if (request := await self._request(record)) is not None}
        if requests:
            read = [mail_event(request, cluster=cluster) for request in in_order([*requests.values()])]
            await self._store.write(lambda connection: self._events.append(connection, read))
            await asyncio.to_thread(self._spool.remove, list(requests))
            RECORDS.labels("read").inc(len(read))
            _log.info("mail.read", records=len(read))
        return len(records)

    async def _request(self, record: SpooledRecord) -> MailRequest | None:
        try:
            return read_request(parse_record(record.data, name=record.name))
        except RecordError as error:
            RECORDS.labels("unreadable").inc()
            await asyncio.to_thread(self._spool.set_aside, record.name, error.message)
            return None

    async def _cluster_name(self) -> str:
        """Return the cluster's name for records that do not say it; not knowing it must not hold a mail up."""
        if not self._cluster:
            try:
                async with asyncio.timeout(2):
                    self._cluster = await self._ask_cluster()
            except (SlurmError, TimeoutError):
                return ""
        return self._cluster
