"""Links that sign people in to the pages are for whoever the kernel says asks."""

from __future__ import annotations

import time

import pytest

from headgate.store import audit, sign_ins
from headgate.store.audit import AuditFilter
from headgate.store.sign_ins import SignInKind
from headgate.store.store import Store
from headgate.store.tables import sign_ins as table
from tests.web.local.serving import ME, serving


async def test_a_link_is_for_whoever_asks(store: Store) -> None:
    async with serving(store) as local:
        mine = (await local.ask("POST", "/me/sign-ins")).json()
        status, theirs = await local.ask_as("daemon", "POST", "/me/sign-ins")
    assert status == 201
    secrets = [one["url"].removeprefix("https://headgate.example.org/ui/sign-in/link/") for one in (mine, theirs)]
    now = time.time()
    found = await store.read(lambda c: [sign_ins.look(c, SignInKind.LINK, one, now=now) for one in secrets])
    assert found == [{"user": ME}, {"user": "daemon"}]
    assert now + 60 < theirs["expires_at"] <= now + 120
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=10))
    assert [(one.user, one.action) for one in entries] == [(ME, "sign-in link"), ("daemon", "sign-in link")]
    kept = await store.read(lambda c: str(c.execute(table.select()).all()) + str(entries))
    assert not [secret for secret in secrets if secret in kept]


async def test_where_links_are_off_it_says_so(store: Store) -> None:
    async with serving(store, sign_in=None) as local:
        answer = await local.ask("POST", "/me/sign-ins")
    assert answer.status_code == 404
    assert "by a link" in answer.json()["detail"]


@pytest.mark.parametrize("kind", [kind for kind in SignInKind if kind is not SignInKind.LINK])
async def test_a_sign_in_of_one_kind_goes_on_as_no_other(store: Store, kind: SignInKind) -> None:
    data = {"user": "root"}
    secret = await store.write(lambda c: sign_ins.issue(c, kind, data, now=1.0, lifetime=10.0))
    assert await store.write(lambda c: sign_ins.take(c, SignInKind.LINK, secret, now=2.0)) is None
    assert await store.write(lambda c: sign_ins.take(c, kind, secret, now=12.0)) is None
    assert await store.write(lambda c: sign_ins.take(c, kind, secret, now=2.0)) == data
    assert await store.write(lambda c: sign_ins.take(c, kind, secret, now=2.0)) is None
