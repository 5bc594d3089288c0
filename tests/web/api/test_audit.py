"""The audit log by REST."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from headgate.store import audit
from headgate.store.store import Store
from tests.web.api.asked import ALL, asking, following


@pytest.fixture
async def logged(store: Store) -> Store:
    """A store with three entries."""
    for number, (user, outcome) in enumerate((("ada", "done"), ("ben", "refused"), ("ada", "failed")), 1):

        def work(connection: Connection, user: str = user, outcome: str = outcome, now: int = number) -> None:
            audit.record(
                connection, user=user, via="page", action="cancel", outcome=outcome, subject=f"job {now}",
                detail="<b>why</b>", now=float(now),
            )  # fmt: skip

        await store.write(work)
    return store


async def test_the_log_is_listed_newest_first_and_filtered(logged: Store) -> None:
    async with asking(logged, "admin") as client:
        found = (await client.get("/audit")).json()
        assert [one["id"] for one in found] == [3, 2, 1]
        assert found[1] == {
            "id": 2,
            "time": 2.0,
            "user": "ben",
            "via": "page",
            "action": "cancel",
            "subject": "job 2",
            "outcome": "refused",
            "detail": "<b>why</b>",
        }
        for query, expected in {
            "user=ada": [3, 1],
            "outcome=refused": [2],
            "subject=job%201": [1],
            "via=api": [],
            "action=cancel&since=2&until=2": [2],
            "before=2": [1],
        }.items():
            assert [one["id"] for one in (await client.get(f"/audit?{query}")).json()] == expected, query
        for query in ("limit=0", "limit=1001", "before=0", "user=%00", "since=nan"):
            assert (await client.get(f"/audit?{query}")).status_code == 400


async def test_pages_follow_each_other_to_the_end(logged: Store) -> None:
    async with asking(logged, "admin") as client:
        first = await client.get("/audit?limit=2")
        second = await following(client, first)
        assert second is not None
        assert [one["id"] for one in first.json() + second.json()] == [3, 2, 1]
        assert await following(client, second) is None


@pytest.mark.parametrize("name", ALL)
async def test_it_is_for_administrators(logged: Store, name: str) -> None:
    async with asking(logged, name) as client:
        assert (await client.get("/audit")).status_code == (200 if name in ("admin", "administrator") else 403)


async def test_a_users_token_is_none_of_an_administrators(logged: Store) -> None:
    async with asking(logged, "admin", user="uma") as client:
        assert (await client.get("/audit")).status_code == 403
