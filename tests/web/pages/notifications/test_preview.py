from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from headgate.connectors.samples import SAMPLES
from headgate.store.store import Store
from tests.web.pages.notifications.told import DEAD, HOSTILE, OTHERS, tell
from tests.web.pages.pages_place import PagesPlace, pages_place

ALL: Final[dict[str, dict[str, Any]]] = {
    "connectors.slack": {"token": "xoxb-0-0-example"},
    "connectors.mattermost": {"url": "https://chat.example.org", "token": "a" * 26},
    "connectors.matrix": {"homeserver": "https://matrix.example.org", "token": "syt_example"},
    "connectors.telegram": {"token": "123456789:AAExampleExampleExampleExampleExampl"},
    "connectors.discord": {"token": "MTE5MDAwMDAwMDAwMDAwMDAwMA.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB"},
    "connectors.msteams.urls": {"general": "https://flows.example.org/workflows/1?sig=example"},
}


@pytest.fixture
async def many(store: Store, tmp_path: Path) -> AsyncIterator[PagesPlace]:
    """Pages of a site that has a connector of nearly every kind."""
    async with pages_place(store, tmp_path, **ALL) as made:
        yield made


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sample", SAMPLES)
async def test_every_connector_shows_what_it_makes_of_a_sample(many: PagesPlace, sample: str) -> None:
    async with many.client("user") as person:
        answer = await person.get("/notifications/preview", message=sample)
        assert answer.status_code == 200
        assert "cannot be shown" not in answer.text
        assert answer.text.count("<iframe") == 7
        assert len(answer.content) < 150_000
        assert "frame-src 'self'" in answer.headers["content-security-policy"]
        for name in many.site.settings.connectors:
            shown = await person.get("/notifications/preview/shown", connector=name, message=sample)
            assert shown.status_code == 200
            assert shown.headers["content-security-policy"].startswith("sandbox;")
            assert shown.headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_a_real_message_is_shown_and_a_mail_as_text(many: PagesPlace) -> None:
    await tell(many.store)
    async with many.client("user") as uma:
        answer = await uma.get("/notifications/preview", message=str(DEAD), connector="mailto")
        framed = await uma.get("/notifications/preview/shown", message=str(DEAD), connector="mailto")
        others = await uma.get("/notifications/preview/shown", message=str(OTHERS), connector="mailto")
    assert "To: uma1@example.org" in answer.text
    assert "Content-Transfer-Encoding" not in answer.text
    assert "\\u000d" not in answer.text, "line ends are line ends"
    assert "\\u202e" not in framed.text
    for text in (answer.text, framed.text):
        assert HOSTILE[:25] not in text
    assert others.status_code == 404


@pytest.mark.parametrize(
    "query", [{"connector": "nowhere"}, {"message": "nothing"}, {"message": "9" * 20}, {"message": "77"}]
)
async def test_what_is_not_there_is_not_shown(place: PagesPlace, query: dict[str, str]) -> None:
    async with place.client("viewer") as person:
        assert (await person.get("/notifications/preview", **query)).status_code in (400, 404)
