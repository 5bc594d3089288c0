"""Whom a proxy names is signed in there, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from headgate.store.store import Store
from headgate.web.pages.visitor import cookie_name
from tests.web.pages.pages_place import ORIGIN, PagesPlace, Person, pages_place

PROXY = {"pages.proxy": {"header": "X-Remote-User", "addresses": ["192.0.2.0/28", "2001:db8::7/128"]}}


def coming(place: PagesPlace, address: str, *headers: tuple[str, str]) -> httpx2.AsyncClient:
    """Somebody whose connection comes from an address, with headers."""
    transport = httpx2.ASGITransport(app=place.app, client=(address, 4711), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers=list(headers))


@pytest.mark.parametrize("address", ["192.0.2.5", "2001:db8::7"])
async def test_whom_the_proxy_names_comes_in(store: Store, tmp_path: Path, address: str) -> None:
    async with pages_place(store, tmp_path, **PROXY) as place:
        async with coming(place, address, ("X-Remote-User", "anna")) as anna:
            first = await anna.get("/ui/?state=x")
            assert first.headers["location"] == "/ui/sign-in?next=%2Fui%2F%3Fstate%3Dx"
            second = await anna.get(first.headers["location"])
            assert second.headers["location"] == "/ui/?state=x"
            shown = await anna.get("/ui/")
            assert ">anna<" in shown.text
            assert ">admin<" in shown.text
            # A form still brings its session's token.
            assert (await anna.post("/ui/theme", data={"theme": "dark"})).status_code == 403
            assert (await Person(anna).post("/theme", {"theme": "dark"})).status_code == 303
            out = await Person(anna).post("/sign-out")
            left = await anna.get(out.headers["location"])
            assert "Go on as anna" in left.text
            assert (await anna.get("/ui/")).status_code == 303
            await anna.get("/ui/sign-in")
            # Without the header, or from elsewhere, the session is not good.
            cookie = anna.cookies[cookie_name(place.site)]
        for where, headers in (
            (address, ()),
            ("192.0.2.77", (("X-Remote-User", "anna"),)),
            (address, (("X-Remote-User", "uma"),)),
        ):
            async with coming(place, where, *headers) as other:
                other.cookies.set(cookie_name(place.site), cookie)
                assert (await other.get("/ui/")).status_code == 303


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("192.0.2.77", [("X-Remote-User", "anna")], 200),
        ("10.0.0.1", [("X-Remote-User", "anna"), ("X-Forwarded-For", "192.0.2.5")], 200),
        ("192.0.2.5", [], 200),
        ("192.0.2.5", [("X_Remote_User", "anna")], 200),
        ("192.0.2.5", [("X-Remote-User", "root")], 403),
        ("192.0.2.5", [("X-Remote-User", "Root")], 403),
        ("192.0.2.5", [("X-Remote-User", "")], 403),
        ("192.0.2.5", [("X-Remote-User", "anna, uma")], 403),
        ("192.0.2.5", [("X-Remote-User", "../anna")], 403),
        ("192.0.2.5", [("X-Remote-User", "a" * 33)], 403),
        ("192.0.2.5", [("X-Remote-User", "uma"), ("X-Remote-User", "anna")], 403),
    ],
)
async def test_nobody_else_comes_in(
    store: Store, tmp_path: Path, address: str, headers: list[tuple[str, str]], status: int
) -> None:
    async with (
        pages_place(store, tmp_path, **PROXY) as place,
        coming(place, address, *headers) as somebody,
    ):
        assert (await somebody.get("/ui/sign-in")).status_code == status
        assert cookie_name(place.site) not in somebody.cookies
        assert (await somebody.get("/ui/")).status_code in (303, 403)


async def test_a_session_of_somebody_else_is_not_kept_behind_the_proxy(store: Store, tmp_path: Path) -> None:
    async with pages_place(store, tmp_path, **PROXY) as place:
        uma = await place.session("uma")
        async with coming(place, "192.0.2.5", ("X-Remote-User", "anna")) as anna:
            anna.cookies.set(cookie_name(place.site), uma, domain="headgate.test")
            answer: Any = await anna.get("/ui/", follow_redirects=True)
            assert ">anna<" in answer.text
