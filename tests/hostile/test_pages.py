"""Every page over a store full of the corpus, in Chromium: no element, no attribute and no script is the text's.

The pages are those of the table of permissions, so that a new one is looked at without a line here; what it shows is
written in ``filled.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import Connection, delete, text

from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.store.tables import metadata
from headgate.web.permissions import PAGES, Line, Who
from tests.hostile.corpus import CORPUS, FAMILIES
from tests.hostile.filled import GIVEN, fill
from tests.web.pages.conftest import browser  # noqa: F401 - a fixture
from tests.web.pages.filled import site_place
from tests.web.pages.pages_place import PagesPlace
from tests.web.test_permissions import filled

AT_ONCE: Final = 40
"""Texts in a store at a time: half of them of whoever looks, as many as the overview lists."""
SHOWN: Final = [
    line
    for line in PAGES
    if line.method == "GET" and line.who is not Who.ANYBODY and "live" not in line.path and "/files" not in line.path
]
"""Every page but those of users' files: nobody says here where they lie."""
STRUCTURE: Final = """html => {
    const page = new DOMParser().parseFromString(html, 'text/html');
    return [...page.querySelectorAll('*')].map(one => [
        one.tagName.toLowerCase(), one.namespaceURI.split('/').pop(), one.getAttributeNames(),
        ['href', 'src', 'action', 'formaction'].map(name => one.getAttribute(name)).filter(found => found !== null),
    ]);
}"""
PLAIN: Final = [f"plain{number}" for number in range(AT_ONCE)]
_LEADS: Final = re.compile(r"(/ui(/|\?|$)|\?|#|https?://)[^\s\\]*")


async def structure(page: Page, place: PagesPlace, path: str) -> tuple[set[tuple[str, str, str]], list[str], str]:
    """Ask for a page as an administrator; return its elements with their attributes, where it leads, and its text."""
    async with place.client("admin") as anna:
        answer = await anna.http.get(path)
    assert answer.status_code in (200, 303), (path, answer.status_code)
    kinds, leads = set(), []
    for tag, space, attributes, addresses in await page.evaluate(STRUCTURE, answer.text):
        kinds |= {(tag, space, name) for name in ("", *attributes)}
        leads += addresses
    return kinds, leads, answer.text


@pytest.mark.browser
async def test_no_text_becomes_an_element_an_attribute_or_an_address(tmp_path: Path, browser: Browser) -> None:  # noqa: F811
    page = await browser.new_page()
    known: dict[str, set[tuple[str, str, str]]] = {}
    wrong: list[Any] = []
    seen, telling = 0, list[Line]()
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    migrate(store)
    async with site_place(store, tmp_path) as place:
        for plain in (PLAIN, PLAIN[: len(CORPUS) % AT_ONCE]):  # as many as in any batch: pages lay out few otherwise
            await store.write(emptied)
            await fill(store, plain, "anna")
            for line in SHOWN if plain is PLAIN else telling:
                kinds, _, found = await structure(page, place, filled(line.path, GIVEN))
                known[line.path] = known.get(line.path, set()) | kinds
                if plain is PLAIN:
                    seen += found.count("plain")
                    telling += [line] if "plain" in found else []
        for begin in range(0, len(CORPUS), AT_ONCE):
            await store.write(emptied)
            await fill(store, CORPUS[begin : begin + AT_ONCE], "anna")
            for line in telling:
                kinds, leads, _ = await structure(page, place, filled(line.path, GIVEN))
                wrong += [(line.path, begin, kind) for kind in kinds - known[line.path]]
                wrong += [(line.path, begin, lead) for lead in leads if lead and not _LEADS.fullmatch(lead)]
    store.close()
    assert not wrong, wrong
    assert seen >= AT_ONCE // 2  # the texts are on the pages
    await page.close()


def emptied(connection: Connection) -> None:
    """Take away all that the last texts left, but whoever is signed in."""
    for table in reversed(metadata.sorted_tables):
        if table.name not in ("alembic_version", "sessions"):
            connection.execute(delete(table))
    connection.execute(text("DELETE FROM sqlite_sequence"))  # what is numbered begins at 1 again


@pytest.mark.browser
@pytest.mark.parametrize("bypass", [False, True], ids=["with our policy", "without"])
async def test_no_script_of_a_text_runs(tmp_path: Path, browser: Browser, *, bypass: bool) -> None:  # noqa: F811
    worst = [text for family in ("html", "handlers", "attributes", "svg", "addresses") for text in FAMILIES[family]]
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    migrate(store)
    async with site_place(store, tmp_path) as place, place.served() as origin:
        await fill(store, PLAIN, "anna")
        page, telling = await browser.new_page(), list[Line]()
        for line in SHOWN:
            telling += [line] if "plain" in (await structure(page, place, filled(line.path, GIVEN)))[2] else []
        await page.close()
        context = await place.browsing(browser, origin, "admin", bypass_csp=bypass)
        hits: list[object] = []
        troubles: list[str] = []
        await context.expose_function("hit", lambda: hits.append(1))
        page = await context.new_page()
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("dialog", lambda dialog: hits.append(dialog.message))
        page.on("request", lambda request: None if request.url.startswith(origin) else hits.append(request.url))
        for begin in range(0, len(worst), AT_ONCE):
            await store.write(emptied)
            await fill(store, worst[begin : begin + AT_ONCE], "anna")
            for line in telling:
                answer = await page.goto(filled(line.path, GIVEN))
                assert answer is not None
                assert answer.status == 200
        # Browsers look for an icon where a page names none: what is shown in frames, and JSON.
        assert (hits, [one for one in troubles if "404" not in one]) == ([], [])
        await page.evaluate("hit()")  # a script would have been noticed
        assert hits == [1]
        await context.close()
    store.close()
