from __future__ import annotations

import asyncio
import grp
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Connection

from headgate.store import audit, retention
from headgate.store.audit import AuditFilter
from headgate.store.standings import Stored, keep
from headgate.store.store import Store
from headgate.web.pages.application import make_pages
from tests.web.pages.pages_place import PagesPlace, pages_place

PATHS: Final = ("", "/apps", "/tokens", "/roles", "/audit", "/configuration", "/doctor")


@pytest.mark.parametrize("role", ["user", "viewer", "operator"])
async def test_nobody_but_administrators_is_let_in(place: PagesPlace, role: str) -> None:
    async with place.client(role) as person:
        for path in PATHS:
            assert (await person.get(f"/administration{path}")).status_code == 403
        for path in ("/apps/add", "/tokens/add", "/tokens/revoke", "/doctor", "/apps/x/change", "/apps/x/switch"):
            assert (await person.post(f"/administration{path}", {"name": "x"})).status_code == 403


async def test_a_stranger_is_sent_to_sign_in(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        for path in PATHS:
            assert (await stranger.get(f"/administration{path}")).status_code == 303


async def test_the_service_its_store_and_its_sources_are_shown(place: PagesPlace) -> None:
    standing = Stored("watcher", "head<b>1", 100.0, "squeue <i>fails", 1e12)
    await place.store.write(lambda c: keep(c, [standing]))
    await place.store.write(lambda c: retention.keep_cleaned(c, retention.Cleaned(1.0, {"events": 41, "jobs": 1})))
    async with place.client("admin") as anna:
        answer = await anna.get("/administration")
    assert answer.status_code == 200
    assert "squeue &lt;i&gt;fails" in answer.text
    assert "42 rows forgotten" in answer.text
    assert "<dt>sessions</dt><dd>1</dd>" in answer.text
    assert ("SQLite" if place.store.sqlite else "PostgreSQL") in answer.text


async def test_roles_are_shown_with_who_is_in_their_groups_and_where_it_is_written(
    store: Store, tmp_path: Path
) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    roles = {"users": ["oscar"], "groups": [group, "no-such-group"], "apps": ["portal"], "oidc_groups": ["staff"]}
    async with pages_place(store, tmp_path, **{"roles.operator": roles}) as place, place.client("admin") as anna:
        text = (await anna.get("/administration/roles")).text
    for word in ("oscar", "portal", "staff", f"Group {group}", "this host knows no such group", "headgate.toml:"):
        assert word in text
    assert "slurm.node.drain" in text


async def test_the_audit_log_is_filtered_and_paged(place: PagesPlace) -> None:
    def write(connection: Connection) -> None:
        for number in range(101):
            audit.record(connection, user="ben", via="page", action="cancel", outcome="done", subject=f"job {number}")
        audit.record(connection, user="eve", via="bot slack", action="link", outcome="refused", detail="<b>no</b>")

    await place.store.write(write)
    async with place.client("admin") as anna:

        async def rows(**query: str) -> int:
            return (await anna.get("/administration/audit", **query)).text.count('data-label="When"')

        assert await rows() == 100
        assert await rows(page="2") == 2
        assert await rows(user="eve") == 1
        assert await rows(via="bot slack", action="link", outcome="refused") == 1
        assert await rows(subject="job 7", since="1h") == 1
        assert await rows(outcome="failed") == 0
        assert (await anna.get("/administration/audit", since="ever")).status_code == 400
        assert "&lt;b&gt;no" in (await anna.get("/administration/audit", user="eve")).text


async def test_the_configuration_is_shown_with_origins_and_meanings(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        own = (await anna.get("/administration/configuration")).text
        everything = await anna.get("/administration/configuration", all="1")
        found = (await anna.get("/administration/configuration", find="session_idle")).text
    assert "connectors.mailto.from_address" in own
    assert "headgate.toml:" in own
    assert "notify.attempts" not in own
    assert "notify.attempts" in everything.text
    assert len(everything.content) < 150_000
    assert "7200" in found
    assert "after which somebody is signed out" in found


@dataclass(frozen=True)
class Seen:
    area: str
    level: str
    what: str
    advice: str = ""


async def test_the_doctor_is_asked_by_a_button_and_its_words_are_no_markup(
    place: PagesPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examine() -> Sequence[Seen]:
        return [Seen("store", "well", "fine"), Seen("slurm", "wrong", "sinfo <b>", "start it")]

    monkeypatch.setattr(place, "app", make_pages(lambda: replace(place.site, examine=examine)))
    async with place.client("admin") as anna:
        assert "start it" not in (await anna.get("/administration/doctor")).text
        found = (await anna.post("/administration/doctor")).text
    assert "1 of 2 are wrong" in found
    assert "sinfo &lt;b&gt;" in found
    [entry] = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (entry.user, entry.via, entry.action, entry.detail) == ("anna", "page", "doctor", "1 of 2 are wrong")


async def test_a_doctor_that_takes_too_long_is_left(place: PagesPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    async def examine() -> Sequence[Seen]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr("headgate.web.pages.administration.routes._PATIENCE", 0.01)
    monkeypatch.setattr(place, "app", make_pages(lambda: replace(place.site, examine=examine)))
    async with place.client("admin") as anna:
        answer = await anna.post("/administration/doctor")
    assert answer.status_code == 503
    assert "headgate doctor" in answer.text
