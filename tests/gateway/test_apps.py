"""Who asks, and for whom they may."""

from __future__ import annotations

import pytest

from headgate.errors import NotFoundError
from headgate.executor.groups import groups_of
from headgate.gateway.apps import Apps, Principal
from headgate.gateway.refusals import BadRequestError, ConflictError, NotAllowedError, UnknownAppError
from headgate.model.app import AppRules
from headgate.store.store import Store
from headgate.testing.cluster.accounts import ensure_users


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_token_says_which_app_asks_and_nothing_like_it_does(store: Store) -> None:
    apps = Apps(store)
    app, token = await apps.add("portal", AppRules(users=("ada",)))
    assert (await apps.authenticate(token)).app == app
    for wrong in (token[:-1], token + "x", token.upper(), "", "x" * 10_000, "\ud800", app.id):
        with pytest.raises(UnknownAppError):
            await apps.authenticate(wrong)


async def test_an_expired_and_a_revoked_token_are_refused(store: Store) -> None:
    clock = Clock()
    apps = Apps(store, clock=clock)
    app, _ = await apps.add("portal", AppRules())
    _, short = await apps.give_token(app, "short", lifetime=10)
    kept, long = await apps.give_token(app, "long")
    await apps.authenticate(short)
    clock.now += 10
    with pytest.raises(UnknownAppError):
        await apps.authenticate(short)
    await apps.authenticate(long)
    await apps.revoke(app, kept.id)
    with pytest.raises(UnknownAppError):
        await apps.authenticate(long)
    with pytest.raises(NotFoundError):
        await apps.revoke(app, kept.id)


async def test_another_process_revoking_a_token_is_noticed_within_seconds(store: Store) -> None:
    clock = Clock()
    here, there = Apps(store, clock=clock), Apps(store, clock=clock)
    app, _ = await here.add("portal", AppRules())
    kept, token = await here.give_token(app, "x")
    await here.authenticate(token)
    await there.revoke(app, kept.id)
    clock.now += 6
    with pytest.raises(UnknownAppError):
        await here.authenticate(token)


async def test_rotating_gives_a_new_token_and_a_grace_to_the_old_ones(store: Store) -> None:
    clock = Clock()
    apps = Apps(store, clock=clock)
    app, first = await apps.add("portal", AppRules())
    _, second = await apps.rotate(app, "new", grace=60)
    assert (await apps.authenticate(first)).app == app
    clock.now += 60
    with pytest.raises(UnknownAppError):
        await apps.authenticate(first)
    assert (await apps.authenticate(second)).app == app


async def test_an_app_that_is_switched_off_is_refused_at_once(store: Store) -> None:
    apps = Apps(store)
    app, token = await apps.add("portal", AppRules())
    await apps.authenticate(token)
    await apps.change(app, app.rules, disabled=True)
    with pytest.raises(NotAllowedError):
        await apps.authenticate(token)


async def test_an_app_acts_for_whom_its_rules_name(store: Store) -> None:
    apps = Apps(store)
    app, token = await apps.add("portal", AppRules(users=("ada",), groups=("headgate-none",)))
    principal = await apps.authenticate(token)
    assert await apps.acting_for(principal, "ada") == "ada"
    with pytest.raises(NotAllowedError):
        await apps.acting_for(principal, "ben")
    with pytest.raises(UnknownAppError):
        await apps.acting_for(principal, None)
    assert app.rules.users == ("ada",)


async def test_a_token_of_one_user_acts_for_that_one_only(store: Store) -> None:
    apps = Apps(store)
    app, _ = await apps.add("portal", AppRules(any_user=True))
    _, token = await apps.give_token(app, "adas", user="ada")
    principal = await apps.authenticate(token)
    assert await apps.acting_for(principal, None) == "ada"
    with pytest.raises(NotAllowedError):
        await apps.acting_for(principal, "ben")


async def test_an_administrator_acts_for_nobody(store: Store) -> None:
    apps = Apps(store)
    _, token = await apps.give_token(None, "admin")
    principal = await apps.authenticate(token)
    assert principal.admin
    with pytest.raises(NotAllowedError):
        await apps.acting_for(principal, "ada")


async def test_members_of_a_group_are_acted_for(store: Store) -> None:
    ensure_users()
    apps = Apps(store)
    group = min(groups_of("ada"))
    app, _ = await apps.add("portal", AppRules(groups=(group,)))
    assert await apps.may_act_for(app, "ada")
    assert not await apps.may_act_for(app, "no-such-user")


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "x" * 65, "ümlaut", "a/b"])
async def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadRequestError):
        await Apps(store).add(name, AppRules())


async def test_a_name_is_given_once(store: Store) -> None:
    apps = Apps(store)
    await apps.add("portal", AppRules())
    with pytest.raises(ConflictError):
        await apps.add("portal", AppRules())


async def test_the_last_use_of_tokens_is_written_down_now_and_then(store: Store) -> None:
    clock = Clock()
    apps = Apps(store, clock=clock)
    app, token = await apps.add("portal", AppRules())
    await apps.authenticate(token)
    await apps.note_use()
    assert [one.used_at for one in await apps.tokens(app)] == [1000.0]


def test_a_principal_says_by_which_way_it_asks() -> None:
    assert Principal(None, "x").via == "api admin"
