"""Signing in by a link of ``headgate login``, and what a session is good for."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser
from structlog.testing import capture_logs

from headgate.store import audit, sign_ins
from headgate.store.audit import AuditFilter
from headgate.store.sign_ins import SignInKind
from headgate.store.store import Store
from headgate.web.pages.visitor import cookie_name
from tests.web.pages.pages_place import PagesPlace, Person, pages_place, serious

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


async def link(place: PagesPlace, user: str = "uma", lifetime: float = 120.0) -> str:
    """What ``headgate login`` gives somebody, as it is below the pages' root."""
    kept = {"user": user}
    now = time.time()
    secret = await place.store.write(
        lambda c: sign_ins.issue(c, SignInKind.LINK, kept, now=min(now, now + lifetime), lifetime=lifetime)
    )
    return f"/sign-in/link/{secret}"


async def confirm(person: Person, path: str, opened: str | None = None) -> tuple[int, str]:
    """Open a link and press its button; return the status, and where it leads. ``opened``: the page it showed."""
    found = _CSRF.search((await person.get(path)).text if opened is None else opened)
    fields = {"csrf": found[1] if found else "", "link": path.rpartition("/")[2]}
    answer = await person.http.post("/ui/sign-in/link", data=fields)
    return answer.status_code, answer.headers.get("location", "")


async def lines(place: PagesPlace) -> list[tuple[str, str, str, str]]:
    """What the audit log says."""
    found = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=100))
    return [(one.user, one.action, one.outcome, one.subject) for one in found]


async def test_a_link_signs_in_once_whoever_presses_its_button(place: PagesPlace) -> None:
    path = await link(place)
    async with place.client(None) as uma, place.client(None) as thief:
        for _ in range(3):  # a preview of the link uses nothing up
            assert "Sign in as uma?" in (await uma.get(path)).text
        opened = (await thief.get(path)).text
        assert await confirm(uma, path) == (303, "/ui/")
        assert ">uma<" in (await uma.get("/")).text
        assert await confirm(thief, path, opened) == (403, "")
        assert (await thief.get(path)).status_code == 404
        assert (await thief.get("/")).status_code == 303
    assert await lines(place) == [
        ("uma", "sign in", "done", "link"),
        *[("", "sign in", "refused", "link: used, too old, or none")] * 2,
    ]


async def test_a_link_that_is_too_old_is_none(place: PagesPlace) -> None:
    path = await link(place, lifetime=-1.0)
    async with place.client(None) as uma:
        assert (await uma.get(path)).status_code == 404
        assert (await confirm(uma, path))[0] == 403


async def test_another_site_cannot_have_somebody_signed_in_as_somebody_else(place: PagesPlace) -> None:
    path = await link(place, "mallory")
    async with place.client(None) as victim, place.client(None) as mallory:
        shown = _CSRF.search((await mallory.get(path)).text)
        assert shown
        fields = {"csrf": shown[1], "link": path.rpartition("/")[2]}
        assert (await victim.http.post("/ui/sign-in/link", data=fields)).status_code == 403
        await victim.get(path)
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            found = _CSRF.search((await victim.get(path)).text)
            assert found
            answer = await victim.http.post("/ui/sign-in/link", data={**fields, "csrf": found[1]}, headers=headers)
            assert (answer.status_code, "another site" in answer.text) == (403, True)
        assert (await victim.get("/")).status_code == 303


async def test_signing_in_begins_a_new_session_and_ends_the_one_before(place: PagesPlace) -> None:
    async with place.client("viewer") as person:
        before = person.http.cookies[cookie_name(place.site)]
        path = await link(place)
        assert await confirm(person, path) == (303, "/ui/")
        assert person.http.cookies[cookie_name(place.site)] != before
    async with place.client(None) as other:
        other.http.cookies.set(cookie_name(place.site), before)
        assert (await other.get("/")).status_code == 303


async def test_a_cookie_that_somebody_planted_is_not_the_session_after_signing_in(place: PagesPlace) -> None:
    async with place.client(None) as victim:
        victim.http.cookies.set(cookie_name(place.site), "planted", domain="headgate.test", path="/")
        await confirm(victim, await link(place))
        assert victim.http.cookies[cookie_name(place.site)] != "planted"
    async with place.client(None) as planter:
        planter.http.cookies.set(cookie_name(place.site), "planted")
        assert (await planter.get("/")).status_code == 303


async def test_signing_out_ends_the_session_in_the_store(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        kept = anna.http.cookies[cookie_name(place.site)]
        answer = await anna.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/sign-in?out=test")
        assert "You are signed out" in (await anna.get("/sign-in", out="test")).text
        anna.http.cookies.set(cookie_name(place.site), kept)
        assert (await anna.get("/")).status_code == 303
    assert await lines(place) == [("anna", "sign out", "done", "test")]


async def test_the_cookie_is_for_nobodys_scripts_and_by_https_for_nobody_else(store: Store, tmp_path: Path) -> None:
    async with pages_place(store, tmp_path, pages={"url": "https://headgate.test"}) as place, place.client(None) as uma:
        path = await link(place)
        found = _CSRF.search((await uma.http.get(f"https://headgate.test/ui{path}")).text)
        assert found
        fields = {"csrf": found[1], "link": path.rpartition("/")[2]}
        headers = {"Origin": "https://headgate.test"}
        answer = await uma.http.post("https://headgate.test/ui/sign-in/link", data=fields, headers=headers)
        [cookie] = [one for one in answer.headers.get_list("set-cookie") if "session" in one]
        assert cookie.startswith("__Host-headgate_session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_who_guesses_is_turned_away_and_a_right_link_is_not(store: Store, tmp_path: Path) -> None:
    async with pages_place(store, tmp_path, pages={"wrong_sign_ins": 3}) as place, place.client(None) as uma:
        answers = [await uma.get(f"/sign-in/link/{number}") for number in range(6)]
        assert [one.status_code for one in answers] == [404, 404, 404, 429, 429, 429]
        assert int(answers[-1].headers["retry-after"]) > 200
        assert len(await lines(place)) == 3
        assert await confirm(uma, await link(place)) == (303, "/ui/")


async def test_only_those_whom_the_settings_name_come_in_and_stay(store: Store, tmp_path: Path) -> None:
    allowed = {"users": ["vera"], "oidc_groups": ["hpc"]}
    async with pages_place(store, tmp_path, **{"pages.allowed": allowed}) as place:
        async with place.client(None) as person:
            assert await confirm(person, await link(place, "uma")) == (403, "")
            assert await confirm(person, await link(place, "vera")) == (303, "/ui/")
        async with place.client("user") as uma:
            assert (await uma.get("/")).status_code == 303
        async with place.client("user", ("hpc",)) as uma:
            assert (await uma.get("/")).status_code == 200
        assert ("uma", "sign in", "refused", "link: uma is not among those who may sign in") in await lines(place)


async def test_without_links_none_is_good(store: Store, tmp_path: Path) -> None:
    async with pages_place(store, tmp_path, pages={"links": False}) as place, place.client(None) as uma:
        assert (await confirm(uma, await link(place)))[0] == 403
        assert "headgate login" not in (await uma.get("/sign-in")).text


async def test_what_goes_wrong_is_logged_without_the_link(place: PagesPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    path = await link(place)
    monkeypatch.setattr(sign_ins, "look", broken)
    async with place.client(None) as uma:
        with capture_logs() as logs:
            assert (await uma.get(path)).status_code == 500
    assert [one["event"] for one in logs] == ["pages.broke"]
    assert path.rpartition("/")[2] not in str(logs)


@pytest.mark.parametrize(("theme", "kept"), [("dark", "dark"), ("light", "light"), ("auto", ""), ('"><script>', "")])
async def test_somebody_chooses_how_light_the_pages_are(place: PagesPlace, theme: str, kept: str) -> None:
    async with place.client("user") as uma:
        answer = await uma.post("/theme", {"theme": theme, "back": "/ui/?state=x"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/?state=x")
        assert (f'data-theme="{kept}"' in (await uma.get("/")).text) == bool(kept)


@pytest.mark.browser
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 740}}])
async def test_in_a_browser_somebody_comes_in_looks_around_and_leaves(
    place: PagesPlace, browser: Browser, options: Any
) -> None:
    async with place.served() as origin:
        context = await place.browsing(browser, origin, None, **options)
        page = await context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        await page.goto("/ui/")
        await page.wait_for_url("**/ui/sign-in?next=*")
        assert await serious(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.goto(f"/ui{await link(place, 'anna')}")
        assert await serious(page) == []
        await page.get_by_role("button", name="Sign in as anna").click()
        await page.wait_for_url("**/ui/")
        await page.get_by_role("button", name="Light", exact=True).click()
        assert await page.evaluate("document.documentElement.dataset.theme") == "light"
        await page.get_by_role("button", name="Sign out").click()
        assert await page.get_by_role("status").first.inner_text() == "You are signed out."
        assert troubles == []
        await context.close()
