"""Apps and tokens: kept as hashes, found by them, ended one by one or together."""

from __future__ import annotations

from headgate.model.app import App, AppRules, AppToken, new_token, token_hash
from headgate.store import apps
from headgate.store.store import Store


def app(name: str = "portal", number: int = 1) -> App:
    return App(f"00000000-0000-0000-0000-{number:012d}", name, AppRules(users=("ada",)), 1000.0)


def token(app_id: str | None, number: int = 1, expires_at: float | None = None) -> AppToken:
    return AppToken(f"t{number}", app_id, "first", None, 1000.0, expires_at, None)


async def test_an_app_is_found_by_name_and_by_id_with_its_rules(store: Store) -> None:
    assert await store.write(lambda c: apps.add(c, app()))
    assert await store.read(lambda c: apps.find(c, "portal")) == app()
    assert await store.read(lambda c: apps.find(c, app().id)) == app()
    assert await store.read(lambda c: apps.find(c, "other")) is None


async def test_a_name_is_given_once(store: Store) -> None:
    assert await store.write(lambda c: apps.add(c, app()))
    assert not await store.write(lambda c: apps.add(c, app(number=2)))
    assert len(await store.read(apps.every)) == 1


async def test_an_app_called_like_anothers_id_does_not_hide_it(store: Store) -> None:
    first = app()
    await store.write(lambda c: apps.add(c, first))
    await store.write(lambda c: apps.add(c, app(first.id, 2)))
    found = await store.read(lambda c: apps.find(c, first.id))
    assert found is not None
    assert found.name == "portal"


async def test_a_token_is_found_by_its_hash_and_nothing_else_is_kept(store: Store) -> None:
    text = new_token()
    await store.write(lambda c: apps.add(c, app()))
    await store.write(lambda c: apps.add_token(c, token(app().id), token_hash(text)))
    found = await store.read(lambda c: apps.token_with(c, token_hash(text)))
    assert found is not None
    assert (found[0].id, found[2]) == ("t1", app())
    assert await store.read(lambda c: apps.token_with(c, text)) is None


async def test_rotating_ends_all_other_tokens_of_that_app_only(store: Store) -> None:
    await store.write(lambda c: apps.add(c, app()))
    await store.write(lambda c: apps.add(c, app("other", 2)))
    for number, (owner, end) in enumerate(
        [(app().id, None), (app().id, 1500.0), (app().id, None), (app("o", 2).id, None)]
    ):
        kept = token(owner, number, end)
        await store.write(lambda c, kept=kept: apps.add_token(c, kept, f"hash {kept.id}"))  # type: ignore[misc]
    assert await store.write(lambda c: apps.expire(c, app().id, 2000.0, but="t2")) == 1
    ends = {one.id: one.expires_at for one in await store.read(lambda c: apps.tokens_of(c, app().id))}
    assert ends == {"t0": 2000.0, "t1": 1500.0, "t2": None}
    assert [one.expires_at for one in await store.read(lambda c: apps.tokens_of(c, app("o", 2).id))] == [None]


async def test_a_token_is_revoked_by_its_own_app_only(store: Store) -> None:
    await store.write(lambda c: apps.add(c, app()))
    await store.write(lambda c: apps.add_token(c, token(app().id), "hash"))
    assert not await store.write(lambda c: apps.revoke(c, "t1", None))
    assert await store.write(lambda c: apps.revoke(c, "t1", app().id))
    assert await store.read(lambda c: apps.token_with(c, "hash")) is None


async def test_removing_an_app_removes_its_tokens(store: Store) -> None:
    await store.write(lambda c: apps.add(c, app()))
    await store.write(lambda c: apps.add_token(c, token(app().id), "hash"))
    assert await store.write(lambda c: apps.remove(c, app().id))
    assert await store.read(lambda c: apps.token_with(c, "hash")) is None


async def test_the_last_use_is_kept_and_old_tokens_are_forgotten(store: Store) -> None:
    await store.write(lambda c: apps.add_token(c, token(None, 1, 1500.0), "hash"))
    await store.write(lambda c: apps.used(c, {"t1": 1200.0}))
    assert [one.used_at for one in await store.read(lambda c: apps.tokens_of(c, None))] == [1200.0]
    assert await store.write(lambda c: apps.forget_tokens(c, 1600.0)) == 1
