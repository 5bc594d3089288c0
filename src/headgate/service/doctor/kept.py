"""The store: whether it can be used, whether there is room, and what it says of deliveries and sources."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from headgate.config.settings import Settings
from headgate.errors import StoreError
from headgate.events.sources.listing import as_listed, configured
from headgate.model.delivery import DeliveryState
from headgate.model.finding import Finding, note, well, wrong
from headgate.store import deliveries, standings
from headgate.store.revision import NEWEST, current, following
from headgate.store.store import Store

_ROOM: Final = 1024**3
"""Bytes that should be free where SQLite writes."""
_GIB: Final = 1024**3


async def examine(settings: Settings) -> list[Finding]:
    """Look at the store, and at what it holds."""
    area = "store"
    try:
        store = Store(settings.store.url.get_secret_value())
    except StoreError as error:
        return [wrong(area, error.message, "set [store] url; for SQLite its directory must be there and be writable")]
    try:
        revision = await store.read(current)
        if revision is None:
            return [
                wrong(area, f"{store.shown_url} holds no tables", "run `headgate store migrate`, or start the service")
            ]
        if revision not in (NEWEST, following(NEWEST)):
            what = f"{store.shown_url} is at revision {revision}, this Headgate needs {NEWEST}"
            advice = "run `headgate store migrate`" if revision < NEWEST else "install the newer Headgate that made it"
            return [wrong(area, what, advice)]
        found = [well(area, f"{store.shown_url}, at revision {revision}")]
        if store.sqlite and store.url.database:
            found += _room(Path(store.url.database))
        found += _deliveries(settings, await store.read(deliveries.counts))
        return found + await store.read(lambda connection: _sources(settings, connection))
    except StoreError as error:
        return [wrong(area, error.message, "see that the database runs and may be reached from here")]
    finally:
        store.close()


def _room(database: Path) -> Iterator[Finding]:
    if not os.access(database, os.W_OK) or not os.access(database.parent, os.W_OK):
        yield wrong(
            "store", f"{database} cannot be written by uid {os.geteuid()}", "run the doctor as Headgate's account"
        )
    free = shutil.disk_usage(database.parent).free
    if free < _ROOM:
        what = f"only {free / _GIB:.2f} GiB are free where {database} lies"
        yield note("store", what, "make room, or keep less: store.events_days, store.deliveries_days")


def _deliveries(settings: Settings, counts: Mapping[tuple[str, DeliveryState], int]) -> Iterator[Finding]:
    dead: Counter[str] = Counter()
    for (connector, state), count in counts.items():
        if state is DeliveryState.DEAD:
            dead[connector] += count
    for name in sorted(settings.connectors):
        if dead[name]:
            advice = f"see why: headgate delivery list --state dead --connector {name}; again: headgate delivery retry"
            yield note("connectors", f"{name}: {dead[name]} deliveries were given up", advice)
        else:
            yield well("connectors", f"{name}: nothing was given up")
    for name in sorted(set(dead) - set(settings.connectors)):
        what = f"{name or 'none'}: {dead[name]} deliveries were given up, and there is no such connector"
        yield note("connectors", what, "see them: headgate delivery list --state dead")


def _sources(settings: Settings, connection: Connection) -> list[Finding]:
    found = []
    for one in as_listed(configured(settings), standings.recall(connection)):
        if one.on and one.problem:
            where = f" (on {one.host})" if one.host else ""
            found.append(
                wrong("sources", f"{one.name}{where}: {one.problem}", "see `headgate source list`, and the log")
            )
        elif one.on and one.seen_at is not None:
            found.append(well("sources", one.name))
    return found
