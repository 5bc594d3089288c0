"""The pages of signing in and out, and how light the pages are."""

from __future__ import annotations

import secrets
import time
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from headgate.bots.rates import Allowance
from headgate.errors import HeadgateError, NotFoundError
from headgate.gateway.refusals import NotAllowedError, TooManyError
from headgate.model.text import one_line
from headgate.store import sign_ins
from headgate.store.sign_ins import SignInKind
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import bare_page
from headgate.web.pages.signing import browser
from headgate.web.pages.signing.browser import StrangersForm, browser_of, csrf_of, mark_of
from headgate.web.pages.signing.door import address_at, let_in, let_out, turned_away
from headgate.web.pages.signing.oidc import OidcSignIn
from headgate.web.pages.signing.places import ours
from headgate.web.pages.signing.proxy import named_by_proxy
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import SignInNeededError, TheSite, TheVisitor, visitor_of

router = APIRouter()
_AT_PROVIDER: Final = 900.0
"""Seconds somebody has for signing in at the provider."""
_A_YEAR: Final = 31_536_000
_THEMES: Final = frozenset({"light", "dark"})
_GONE: Final = "this link was used, or is too old; get a new one with: headgate login"
Next = Annotated[str, Query(alias="next", max_length=4096)]


@router.get("/sign-in")
async def sign_in(request: Request, site: TheSite, then: Next = "", out: str = "") -> Response:
    """Show the ways to sign in; who is in already, or whom the proxy names, goes on."""
    try:
        await visitor_of(request, site)
    except SignInNeededError:
        pass
    else:
        return RedirectResponse(ours(then), HTTPStatus.SEE_OTHER)
    named = named_by_proxy(request, site.settings.pages)
    if named is not None and not out:
        return await let_in(request, site, named, "proxy", then=then)
    left = await site.entrance.oidc.left_at() if out and site.entrance.oidc is not None else None
    status = HTTPStatus.OK
    return bare_page(
        request, site, "signing/sign_in.html", status=status, then=ours(then), out=bool(out), left=left, named=named
    )


@router.get("/sign-in/link/{secret}")
async def show_link(request: Request, secret: str, site: TheSite) -> Response:
    """Ask whoever opens a link whether they want to be signed in; programs that look at links do not use it up."""
    found = await site.store.read(
        lambda connection: sign_ins.look(connection, SignInKind.LINK, secret, now=time.time())
    )
    if found is None:
        await turned_away(request, site, "link: used, too old, or none")
        raise NotFoundError(_GONE)
    mine = browser_of(request, site)
    response = bare_page(
        request,
        site,
        "signing/link.html",
        status=HTTPStatus.OK,
        user=found["user"],
        secret=secret,
        csrf=csrf_of(mine),
    )
    browser.remember(response, site, mine)
    return response


@router.post("/sign-in/link")
async def use_link(request: Request, site: TheSite, form: StrangersForm) -> Response:
    """Sign in whoever has a link, which is good no more then."""
    secret = form.get("link")
    found = await site.store.write(
        lambda connection: sign_ins.take(connection, SignInKind.LINK, secret, now=time.time())
    )
    if found is None or not site.settings.pages.links:
        await turned_away(request, site, "link: used, too old, or none")
        raise NotAllowedError(_GONE)
    return await let_in(request, site, found["user"], "link", then=form.get("next"))


@router.get("/sign-in/oidc")
async def begin_oidc(request: Request, site: TheSite, then: Next = "") -> Response:
    """Send somebody to the provider. What they come back with is good once, and in this browser."""
    provider = _provider(site)
    if site.entrance.beginnings.ask(address_at(request, site)) is not Allowance.GO:
        raise TooManyError("too many sign-ins were begun from this address; wait a minute")
    mine, nonce, verifier = browser_of(request, site), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    data = {"nonce": nonce, "verifier": verifier, "next": ours(then), "browser": mark_of(mine)}
    state = await site.store.write(
        lambda c: sign_ins.issue(c, SignInKind.OIDC, data, now=time.time(), lifetime=_AT_PROVIDER)
    )
    address = await provider.begun_at(state=state, nonce=nonce, verifier=verifier)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    browser.remember(response, site, mine)
    return response


@router.get("/sign-in/oidc/back")
async def back_from_oidc(
    request: Request,
    site: TheSite,
    *,
    state: Annotated[str, Query(max_length=4096)] = "",
    code: Annotated[str, Query(max_length=8192)] = "",
    iss: Annotated[str | None, Query(max_length=4096)] = None,
    error: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Sign in who comes back from the provider."""
    provider = _provider(site)
    begun = await site.store.write(
        lambda connection: sign_ins.take(connection, SignInKind.OIDC, state, now=time.time())
    )
    if begun is None or not secrets.compare_digest(begun["browser"], mark_of(browser_of(request, site))):
        await turned_away(request, site, "oidc: not begun in this browser, or too long ago")
        raise NotAllowedError("this sign-in was not begun in this browser, or too long ago; begin again")
    if error:
        said = one_line(error, 80)
        await turned_away(request, site, f"oidc: {said}")
        raise NotAllowedError(f"{provider.name} did not sign you in: {said}")
    try:
        holder = await provider.holder(code, issuer=iss, nonce=begun["nonce"], verifier=begun["verifier"])
    except HeadgateError as refused:
        await turned_away(request, site, f"oidc: {refused.message}")
        raise
    return await let_in(request, site, holder.account, "oidc", then=begun["next"], groups=holder.groups)


@router.post("/sign-out")
async def sign_out(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """End the session."""
    del form
    return await let_out(request, site, visitor, f"/ui/sign-in?out={visitor.session.way}")


@router.post("/theme")
async def choose_theme(site: TheSite, form: TheForm) -> Response:
    """Have the pages light, dark, or as the system is."""
    response = RedirectResponse(ours(form.get("back")), HTTPStatus.SEE_OTHER)
    theme, secure = form.get("theme"), site.settings.pages.secure
    if theme in _THEMES:
        response.set_cookie(
            "headgate_theme", theme, max_age=_A_YEAR, path="/", secure=secure, httponly=True, samesite="lax"
        )
    else:
        response.delete_cookie("headgate_theme", path="/", secure=secure, httponly=True, samesite="lax")
    return response


def _provider(site: Site) -> OidcSignIn:
    if site.entrance.oidc is None:
        raise NotFoundError("nobody signs in by OpenID Connect here")
    return site.entrance.oidc
