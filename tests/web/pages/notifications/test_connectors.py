from __future__ import annotations

from pathlib import Path

import pytest

from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.smtp.sink import SmtpSink
from tests.web.pages.notifications.told import tell
from tests.web.pages.pages_place import PagesPlace, pages_place


async def test_every_connector_is_shown_with_how_it_fares(place: PagesPlace) -> None:
    await tell(place.store)
    async with place.client("viewer") as vera:
        text = (await vera.get("/notifications/connectors")).text
    assert "2 dead" in text
    assert "expired: tried long enough" in text
    assert "Send it to me" not in text
    assert "from_address" not in text, "settings are for administrators"


async def test_who_has_no_role_is_not_shown_connectors(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        assert (await uma.get("/notifications/connectors")).status_code == 403
        assert "/notifications/connectors" not in (await uma.get("/notifications")).text
        assert (await uma.post("/notifications/connectors/trial", {"connector": "mailto"})).status_code == 403


async def test_an_administrator_sees_the_settings(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        text = (await anna.get("/notifications/connectors")).text
    assert "from_address" in text
    assert "slurm@example.org" in text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_trial_goes_to_whoever_asks_for_it(store: Store, tmp_path: Path) -> None:
    async with SmtpSink() as sink:
        mail = {
            "host": "127.0.0.1",
            "port": sink.port,
            "from_address": "slurm@example.org",
            "domain": "example.org",
            "security": "none",
        }
        async with (
            pages_place(store, tmp_path, **{"connectors.mailto": mail}) as place,
            place.client("operator") as oscar,
        ):
            await oscar.post(
                "/notifications/connectors/trial",
                {"connector": "mailto", "sample": "failed", "target": "eve@example.org"},
            )
            told = (await oscar.get("/notifications/connectors")).text
    assert "is with mailto, for oscar@example.org" in told
    [taken] = sink.mails
    assert taken.recipients == ("oscar@example.org",)
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (entry.user, entry.via, entry.action, entry.subject, entry.outcome) == (
        "oscar", "page", "connector test", "mailto", "done",
    )  # fmt: skip


async def test_a_trial_that_is_not_taken_says_why(place: PagesPlace) -> None:
    async with place.client("operator") as oscar:
        await oscar.post("/notifications/connectors/trial", {"connector": "mailto"})
        assert "did not take it (not now): unreachable" in (await oscar.get("/notifications/connectors")).text
        assert (await oscar.post("/notifications/connectors/trial", {"connector": "x"})).status_code == 404
        assert (
            await oscar.post("/notifications/connectors/trial", {"connector": "mailto", "sample": "x"})
        ).status_code == 400
