"""A browser before anybody is signed in: a cookie that ties what it began to what it goes on with.

A form of a stranger has no session's token; its own is made from this cookie, which no other site can set or read.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from headgate.gateway.refusals import NotAllowedError
from headgate.store.sessions import hash_of
from headgate.web.pages.forms import Form, read_form
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite

_NAME: Final = "headgate_browser"
_LONGEST: Final = 3600
"""Seconds a browser has for signing in."""


def _name(site: Site) -> str:
    return f"__Host-{_NAME}" if site.settings.pages.secure else _NAME


def browser_of(request: Request, site: Site) -> str:
    """Return what a browser's cookie holds, or something new for it to hold."""
    return request.cookies.get(_name(site)) or secrets.token_urlsafe(32)


def csrf_of(browser: str) -> str:
    """Return the token of a form in this browser."""
    return hash_of(f"csrf {browser}")


def mark_of(browser: str) -> str:
    """Return what is kept of a browser, to know it again."""
    return hash_of(f"mark {browser}")


def remember(response: Response, site: Site, browser: str) -> None:
    """Have a browser keep its cookie. Lax: it comes along when the provider sends people back."""
    response.set_cookie(
        _name(site), browser, max_age=_LONGEST, path="/", secure=site.settings.pages.secure, httponly=True,
        samesite="lax",
    )  # fmt: skip


def forget(response: Response, site: Site) -> None:
    """Have a browser drop its cookie."""
    response.delete_cookie(_name(site), path="/", secure=site.settings.pages.secure, httponly=True, samesite="lax")


async def strangers_form(request: Request, site: TheSite) -> Form:
    """Return what a form of a page for strangers brings. Raises NotAllowedError for one that is not ours."""
    form = await read_form(request, site.settings.pages.url)
    browser = request.cookies.get(_name(site), "")
    if not browser or not secrets.compare_digest(form.get("csrf").encode(), csrf_of(browser).encode()):
        raise NotAllowedError("this form is too old, or not from here; load the page again and repeat what you did")
    return form


StrangersForm = Annotated[Form, Depends(strangers_form)]
