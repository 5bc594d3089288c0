from __future__ import annotations

import time

from sqlalchemy import Connection

from headgate.model.delivery import DeliveryState, Reason
from headgate.store import claims, delivery_pages, outcomes
from headgate.store.claims import Limits
from headgate.store.deliveries import DeliveryFilter
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from tests.web.pages.notifications.told import DEAD, OTHERS, READY, tell


async def test_a_page_holds_the_newest_first(store: Store) -> None:
    await tell(store)
    first = await store.read(lambda c: delivery_pages.page(c, DeliveryFilter(), limit=2, offset=0))
    second = await store.read(lambda c: delivery_pages.page(c, DeliveryFilter(), limit=2, offset=2))
    assert [one.id for one in (*first, *second)] == [5, 4, 3, 2]
    assert await store.read(lambda c: delivery_pages.numbers(c, DeliveryFilter(user="vera"), limit=9)) == [OTHERS]


async def test_everybodys_and_one_users_are_counted(store: Store) -> None:
    await tell(store)
    dead = DeliveryFilter(states=(DeliveryState.DEAD,))
    everybodys = await store.read(lambda c: delivery_pages.counted(c, dead))
    umas = await store.read(lambda c: delivery_pages.counted(c, DeliveryFilter(user="uma")))
    assert (everybodys[DeliveryState.DEAD], everybodys[DeliveryState.READY]) == (2, 1)
    assert (umas[DeliveryState.DEAD], umas[DeliveryState.DELIVERED], umas[DeliveryState.WAITING]) == (1, 1, 0)


async def test_a_connector_whose_messages_failed_says_when_they_are_tried_again(store: Store) -> None:
    await tell(store)
    now = time.time()

    def health(later: float = 0.0) -> delivery_pages.Health:
        return store.read_now(lambda c: delivery_pages.health(c, "mailto", since=now - 60, now=now + later))

    before = health()
    assert (before.backlog, before.dead, before.delivered, before.failed) == (1, 2, 1, 2)
    assert before.last_error is not None
    assert before.last_error[1:3] == (OTHERS, "expired")
    assert before.paused_until is None, "what is held for a person is not a connector's trouble"

    def fail(connection: Connection) -> None:
        claims.claim(connection, "mailto", Limits(), owner="w", now=now + 4000, lease=60, most=10)
        again = Settled((READY,), DeliveryState.READY, Reason.TIMEOUT, "no answer", not_before=now + 5000)
        outcomes.record(connection, [again], owner="w", now=now)

    await store.write(fail)
    assert health().paused_until == now + 5000
    assert health(6000).paused_until is None
    other = await store.read(lambda c: delivery_pages.health(c, "slack", since=0, now=now))
    assert other == delivery_pages.Health(0, 0, 0, 0, None, None)
    assert [one.id for one in await store.read(lambda c: delivery_pages.with_numbers(c, [DEAD, 99]))] == [DEAD]
