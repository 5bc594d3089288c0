"""Letting somebody in, turning somebody away, letting somebody out: each with its line in the audit log."""

from __future__ import annotations

import time
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from headgate.gateway.refusals import NotAllowedError
from headgate.store import audit, sessions
from headgate.store.sessions import hash_of
from headgate.web.addresses import address_of
from headgate.web.pages.signing import browser
from headgate.web.pages.signing.places import ours
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor, cookie_name, may_sign_in

VIA = "page"


def address_at(request: Request, site: Site) -> str:
    """Return where a browser is."""
    return address_of(request, site.settings.gateway.trusted_proxies)


async def let_in(
    request: Request, site: Site, user: str, way: str, *, then: str, groups: frozenset[str] = frozenset()
) -> Response:
    """Begin a session, and send the browser on. The one it had ends: what is known before is never good after.

    Raises NotAllowedError for somebody who may not sign in here.
    """
    own, address, now = site.settings.pages, address_at(request, site), time.time()
    if not await may_sign_in(site, user, groups):
        await turned_away(request, site, f"{way}: {user} is not among those who may sign in", user=user)
        raise NotAllowedError(f"{user} may not sign in here; ask the administrators")
    before = request.cookies.get(cookie_name(site), "")

    def work(connection: Connection) -> str:
        if before:
            sessions.end(connection, hash_of(before))
        audit.record(
            connection, user=user, via=VIA, action="sign in", outcome="done", subject=way, detail=address, now=now
        )
        return sessions.begin(
            connection,
            user,
            way=way,
            now=now,
            lifetime=own.session_lifetime,
            groups=tuple(sorted(groups)),
            address=address,
        )

    secret = await site.store.write(work)
    response = RedirectResponse(ours(then), HTTPStatus.SEE_OTHER)
    # Lax, and not Strict: a link in a message, and the provider's way back, lead to a page as who one is. What changes
    # anything is a form, which needs its session's token besides.
    response.set_cookie(
        cookie_name(site),
        secret,
        max_age=int(own.session_lifetime),
        path="/",
        secure=own.secure,
        httponly=True,
        samesite="lax",
    )
    browser.forget(response, site)
    return response


async def turned_away(request: Request, site: Site, why: str, *, user: str = "") -> None:
    """Note that somebody was not let in. Raises TooManyError, and notes no more, for whoever tries too often."""
    address = address_at(request, site)
    site.entrance.lockout.check(address)
    site.entrance.lockout.wrong(address)
    await site.store.write(
        lambda connection: audit.record(
            connection,
            user=user,
            via=VIA,
            action="sign in",
            outcome="refused",
            subject=why,
            detail=address,
        )
    )


async def let_out(request: Request, site: Site, visitor: Visitor, path: str) -> Response:
    """End a session in the store, and send the browser to a path of ours."""
    address = address_at(request, site)

    def work(connection: Connection) -> None:
        sessions.end(connection, visitor.session.hash)
        audit.record(
            connection,
            user=visitor.user,
            via=VIA,
            action="sign out",
            outcome="done",
            subject=visitor.session.way,
            detail=address,
        )

    await site.store.write(work)
    response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
    response.delete_cookie(
        cookie_name(site), path="/", secure=site.settings.pages.secure, httponly=True, samesite="lax"
    )
    return response
