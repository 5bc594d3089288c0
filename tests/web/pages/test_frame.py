from __future__ import annotations

import pytest
from playwright.async_api import Browser

from headgate.web.pages.headers import POLICY
from tests.web.pages.pages_place import ORIGIN, PEOPLE, PagesPlace, serious


async def test_a_stranger_is_sent_to_sign_in_and_back_to_where_they_wanted(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        answer = await stranger.get("/", state="RUNNING")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/ui/sign-in?next=%2Fui%2F%3Fstate%3DRUNNING"


async def test_a_cookie_that_is_no_session_is_a_stranger(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        stranger.http.cookies.set("headgate_session", "x" * 43)
        assert (await stranger.get("/")).status_code == 303


@pytest.mark.parametrize("role", PEOPLE)
async def test_everybody_has_an_overview_and_is_led_only_to_what_they_may_see(place: PagesPlace, role: str) -> None:
    async with place.client(role) as person:
        answer = await person.get("/")
    assert answer.status_code == 200
    assert ("/ui/administration" in answer.text) == (role == "admin")
    assert ("/ui/nodes" in answer.text) == (role != "user")
    assert f">{PEOPLE[role]}<" in answer.text


async def test_every_answer_says_what_a_browser_may_load_and_keep(place: PagesPlace) -> None:
    async with place.client("viewer") as person:
        answers = [await person.get("/"), await person.get("/nowhere")]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
    assert answers[1].status_code == 404
    assert "There is no such page" in answers[1].text


async def test_the_root_leads_to_the_pages(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        answer = await stranger.http.get(ORIGIN)
    assert answer.headers["location"] == "/ui/"


@pytest.mark.browser
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_frame_has_nothing_serious_for_those_who_cannot_see_or_use_a_mouse(
    place: PagesPlace, browser: Browser
) -> None:
    async with place.served() as origin:
        context = await place.browsing(browser, origin, "admin", color_scheme="dark")
        page = await context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        await page.goto("/ui/")
        assert await serious(page) == []
        assert troubles == []
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await context.close()
