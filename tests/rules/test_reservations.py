"""A reservation that begins soon is an event, once."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.actions.action import Call, NoParameters, action
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.registry import Actions
from headgate.events.journal import Journal
from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.rules.reservations import ReservationWatch, upcoming
from headgate.store.store import Store

NOW = 1_800_000_000.0
DAY = 86400.0


def reservation(start: float, **more: Any) -> dict[str, JSON]:
    return {"nodes": ["n1", "n2"], "start": start, "end": start + DAY, "users": ["ada"], "flags": [], **more}


@pytest.mark.parametrize(
    ("start", "more", "told"),
    [
        (NOW + DAY, {}, True),
        (NOW + 1, {}, True),
        (NOW + DAY + 1, {}, False),
        (NOW, {}, False),
        (NOW - 1, {}, False),
        (NOW + 60, {"flags": ["TIME_FLOAT"]}, False),
    ],
)
def test_only_what_begins_within_the_notice_is_told(start: float, more: dict[str, Any], told: bool) -> None:
    assert bool(upcoming({"maint": reservation(start, **more)}, "alpha", NOW, DAY)) is told


def test_an_event_says_whose_it_is_and_has_a_key_without_a_time_of_ours() -> None:
    [first] = upcoming({"maint": reservation(NOW + 3600.0)}, "alpha", NOW, DAY)
    [again] = upcoming({"maint": reservation(NOW + 3600.0)}, "alpha", NOW + 60, DAY)
    assert (first.key, first.time) == (again.key, again.time)
    assert (first.subject, first.data["users"], first.data["begins_in"]) == ("reservation maint", ["ada"], 3600.0)


@pytest.mark.parametrize("found", [None, [], "x", {"a": None}, {"a": {"start": "soon"}}])
def test_what_is_no_reservation_is_passed_over(found: JSON) -> None:
    assert upcoming(found, "alpha", NOW, DAY) == []


async def test_it_is_written_once_for_every_time_it_begins(store: Store) -> None:
    found: dict[str, Any] = {"maint": reservation(NOW + 3600.0), "later": reservation(NOW + 3 * DAY)}

    @action("slurm.reservation.list", role=Role.VIEWER)
    async def list_(asked: NoParameters, call: Call) -> dict[str, Any]:
        """List."""
        del asked, call
        return found

    async def cluster() -> str:
        return "alpha"

    now = NOW
    actions = Actions(Context(store), Catalogue([list_]))
    watch = ReservationWatch(store, Journal(), actions, cluster, notice=DAY, every=1, clock=lambda: now)
    assert [await watch.look(), await watch.look()] == [1, 0]
    found["maint"] = reservation(NOW + 7200.0)
    assert await watch.look() == 1
    now += 2 * DAY + 1
    assert await watch.look() == 1
