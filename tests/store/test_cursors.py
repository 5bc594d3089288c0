from __future__ import annotations

import pytest

from headgate.store import cursors
from headgate.store.store import Store


async def test_a_cursor_that_was_never_set_is_none(store: Store) -> None:
    assert await store.read(lambda c: cursors.read(c, "a")) is None


@pytest.mark.parametrize("value", [0.0, 1.0, 1795231618.0002546, 2.0**53])
async def test_a_cursor_is_read_back_to_the_last_digit(store: Store, value: float) -> None:
    await store.write(lambda c: cursors.advance(c, "a", 5.0))
    await store.write(lambda c: cursors.advance(c, "a", value))
    assert await store.read(lambda c: (cursors.read(c, "a"), cursors.read(c, "b"))) == (value, None)


async def test_a_cursor_that_is_set_once_stays(store: Store) -> None:
    for value in (1.0, 2.0):
        await store.write(lambda c, one=value: cursors.set_once(c, "a", one))  # type: ignore[misc]
    assert await store.read(lambda c: cursors.read(c, "a")) == 1.0
