from __future__ import annotations

from headgate.store import audit
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.store.store import Store


async def fill(store: Store) -> None:
    for number, (user, via, action) in enumerate(
        [("ada", "bot slack", "jobs"), ("ben", "local socket", "link code"), ("ada", "local socket", "prefer")], 1
    ):
        await store.write(
            lambda c, n=number, u=user, v=via, a=action: audit.record(  # type: ignore[misc]
                c, user=u, via=v, action=a, outcome="done", subject="s", detail="d", now=float(n)
            )
        )


async def find(store: Store, limit: int = 10, **wanted: object) -> list[int]:
    chosen = AuditFilter(**wanted)  # type: ignore[arg-type]
    return [entry.id for entry in await store.read(lambda c: audit.find(c, chosen, limit=limit))]


async def test_an_entry_is_read_as_it_was_written(store: Store) -> None:
    await fill(store)
    [first, *_] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=10))
    assert first == AuditEntry(first.id, 1.0, "ada", "bot slack", "jobs", "s", "done", "d")


async def test_entries_are_chosen_by_who_how_what_and_when(store: Store) -> None:
    await fill(store)
    first, second, third = await find(store)
    assert await find(store, user="ada") == [first, third]
    assert await find(store, via="local socket") == [second, third]
    assert await find(store, action="jobs") == [first]
    assert await find(store, since=2.0) == [second, third]
    assert await find(store, until=2.0) == [first, second]


async def test_of_many_the_newest_are_read_oldest_first(store: Store) -> None:
    await fill(store)
    assert await find(store, limit=2) == (await find(store))[1:]


async def test_what_is_old_is_forgotten(store: Store) -> None:
    await fill(store)
    assert await store.write(lambda c: audit.forget(c, 2.5)) == 2
    assert await store.write(lambda c: audit.forget(c, 2.5)) == 0
    assert len(await find(store)) == 1


async def test_texts_of_strangers_are_cleaned_and_bounded(store: Store) -> None:
    nasty = "\x1b[2J\ud800\u202e\n" + "A" * 100_000
    await store.write(
        lambda c: audit.record(c, user=nasty, via=nasty, action=nasty, outcome=nasty, subject=nasty, detail=nasty)
    )
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=1))
    for text in (entry.user, entry.via, entry.action, entry.outcome, entry.subject, entry.detail):
        assert len(text) <= 1000
        assert not set(text) & set("\x1b\ud800\u202e\n")


async def test_an_entry_is_told_its_end_behind_what_it_said_in_the_beginning(store: Store) -> None:
    number = await store.write(
        lambda c: audit.record(c, user="ada", via="api", action="drain", outcome="begun", detail="why: dust")
    )
    other = await store.write(lambda c: audit.record(c, user="bob", via="api", action="drain", outcome="begun"))
    await store.write(lambda c: audit.finish(c, number, "failed", "there is\nno such node"))
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=2))
    assert [(one.id, one.outcome, one.detail) for one in entries] == [
        (number, "failed", "why: dust; there is no such node"),
        (other, "begun", ""),
    ]
