from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from headgate.gateway.apps import Apps
from headgate.gateway.refusals import NotAllowedError, UnknownAppError
from headgate.model.app import token_hash
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.store.tables import metadata
from tests.web.pages.pages_place import PagesPlace

_TOKEN = re.compile(r"hgt_[A-Za-z0-9_-]{40,}")


def token_in(text: str) -> str:
    found = _TOKEN.findall(text)
    assert len(found) == 1
    return str(found[0])


async def everything(store: Store) -> str:
    """Return all that the store holds."""

    def read(connection: Any) -> str:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))

    return await store.read(read)


async def test_a_token_is_shown_once_and_is_nowhere_else(place: PagesPlace) -> None:
    with capture_logs() as logged:
        async with place.client("admin") as anna:
            made = await anna.post("/administration/apps/add", {"name": "portal", "users": "ada, ben", "rate": "5"})
            token = token_in(made.text)
            assert made.status_code == 200
            assert made.headers["cache-control"] == "no-store"
            app = await Apps(place.store).named("portal")
            own = await anna.post("/administration/tokens/add", {"name": "ops", "lifetime": "12h"})
            more = await anna.post(f"/administration/apps/{app.id}/tokens/add", {"name": "second", "user": "ada"})
            tokens = [token, token_in(own.text), token_in(more.text)]
            pages = ["", "/apps", f"/apps/{app.id}", "/tokens", "/audit", "/configuration?all=1", "/roles"]
            later = [(await anna.http.get(f"/ui/administration{path}")).text for path in pages]
    assert len(set(tokens)) == 3
    kept = await everything(place.store)
    for one in tokens:
        assert token_hash(one) in kept
        for text in (kept, str(logged), *later):
            assert one not in text
    assert app.rules.users == ("ada", "ben")
    assert (await Apps(place.store).authenticate(tokens[0])).app == app
    assert (await Apps(place.store).authenticate(tokens[1])).admin
    assert (await Apps(place.store).authenticate(tokens[2])).user == "ada"
    entries = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert [(one.user, one.via, one.action, one.subject) for one in entries] == [
        ("anna", "page", "create app", "app portal"),
        ("anna", "page", "create token", "administrators"),
        ("anna", "page", "create token", "app portal"),
    ]


async def test_a_token_is_revoked_and_an_app_switched_off_and_changed(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        token = token_in((await anna.post("/administration/apps/add", {"name": "portal"})).text)
        app = await Apps(place.store).named("portal")
        await anna.post(
            f"/administration/apps/{app.id}/change", {"any_user": "1", "partitions": "gpu", "max_active": "7"}
        )
        await anna.post(f"/administration/apps/{app.id}/switch", {"to": "off"})
        with pytest.raises(NotAllowedError, match="switched off"):
            await Apps(place.store).authenticate(token)
        await anna.post(f"/administration/apps/{app.id}/switch", {"to": "on"})
        changed = await Apps(place.store).named("portal")
        assert (changed.rules.any_user, changed.rules.partitions, changed.rules.max_active) == (True, ("gpu",), 7)
        [kept] = await Apps(place.store).tokens(app)
        await anna.post(f"/administration/apps/{app.id}/tokens/revoke", {"token": kept.id})
        with pytest.raises(UnknownAppError):
            await Apps(place.store).authenticate(token)
        again = await anna.post(f"/administration/apps/{app.id}/tokens/revoke", {"token": kept.id})
        assert again.status_code == 404
    entries = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert [(one.action, one.detail) for one in entries][1:4] == [
        ("change app", ""), ("change app", "switched off"), ("change app", "switched on"),
    ]  # fmt: skip


async def test_an_apps_token_is_not_revoked_by_way_of_another_app(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        token = token_in((await anna.post("/administration/apps/add", {"name": "one"})).text)
        await anna.post("/administration/apps/add", {"name": "two"})
        first, second = await Apps(place.store).every()
        [kept] = await Apps(place.store).tokens(first)
        for path in (f"/apps/{second.id}/tokens/revoke", "/tokens/revoke"):
            assert (await anna.post(f"/administration{path}", {"token": kept.id})).status_code == 404
    assert (await Apps(place.store).authenticate(token)).app == first


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "../x"}, "an app&#39;s name is"),
        ({"name": ""}, "an app&#39;s name is"),
        ({"name": "x", "user_pattern": "("}, "user pattern"),
        ({"name": "x", "rate": "fast"}, "rate"),
        ({"name": "x", "users": "a;b"}, "users"),
        ({"name": "taken"}, "there is an app taken already"),
    ],
)
async def test_an_app_that_makes_no_sense_is_not_made(place: PagesPlace, fields: dict[str, str], why: str) -> None:
    async with place.client("admin") as anna:
        await anna.post("/administration/apps/add", {"name": "taken"})
        await anna.post("/administration/apps/add", fields)
        assert why in (await anna.get("/administration/apps")).text
    assert [app.name for app in await Apps(place.store).every()] == ["taken"]


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "n" * 65}, {"name": "x", "lifetime": "soon"}, {"name": "<b>"}]
)
async def test_a_token_that_makes_no_sense_is_not_made(place: PagesPlace, fields: dict[str, str]) -> None:
    async with place.client("admin") as anna:
        await anna.post("/administration/tokens/add", fields)
        assert "No token was made" in (await anna.get("/administration/tokens")).text
    assert await Apps(place.store).tokens(None) == []
