"""Tokens of apps and of administrators: made, shown once, and revoked."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from headgate.actions.refusals import ParametersError
from headgate.model.app import App
from headgate.model.spans import read_span
from headgate.web.api.bodies import NewToken
from headgate.web.pages.administration.apps import PLACE, apps_of, record
from headgate.web.pages.forms import Form, TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/administration")
_OWN: Final = "/administration/tokens"


@router.get("/tokens")
async def listed(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show what is kept of administrators' tokens."""
    tokens = await apps_of(site).tokens(None)
    return await page(request, site, visitor, "administration/tokens.html", tokens=tokens)


@router.post("/tokens/add")
async def add_own(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Make an administrator's token; it is shown on this answer only."""
    return await _add(request, site, visitor, form, None)


@router.post("/tokens/revoke")
async def revoke_own(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """End an administrator's token now."""
    return await _revoke(site, visitor, form, None)


@router.post("/apps/{app_id}/tokens/add")
async def add(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm, app_id: str) -> Response:
    """Make a token of an app; it is shown on this answer only."""
    return await _add(request, site, visitor, form, await apps_of(site).named(app_id))


@router.post("/apps/{app_id}/tokens/revoke")
async def revoke(site: TheSite, visitor: TheVisitor, form: TheForm, app_id: str) -> Response:
    """End a token of an app now."""
    return await _revoke(site, visitor, form, await apps_of(site).named(app_id))


async def _add(request: Request, site: Site, visitor: Visitor, form: Form, app: App | None) -> Response:
    back = _back(app)
    try:
        new = _new(form, app)
    except ParametersError as error:
        return await go_on(site, visitor, back, f"No token was made: {error.message}.", kind="failed")
    _, token = await apps_of(site).give_token(app, new.name, user=new.user, lifetime=new.lifetime)
    await record(site, visitor, "create token", _subject(app), new.name)
    return await page(
        request, site, visitor, "administration/token.html", app=app, name=new.name, token=token, back=back
    )


async def _revoke(site: Site, visitor: Visitor, form: Form, app: App | None) -> Response:
    token_id = form.get("token")
    await apps_of(site).revoke(app, token_id)
    await record(site, visitor, "revoke token", _subject(app), token_id)
    return await go_on(site, visitor, _back(app), "The token is good for nothing any more.")


def _new(form: Form, app: App | None) -> NewToken:
    """Return what a form asks for, within the bounds of the API. Raises ParametersError."""
    user = (form.get("user") or None) if app is not None else None
    lifetime = _lifetime(form.get("lifetime"))
    try:
        return NewToken(name=form.get("name"), user=user, lifetime=lifetime)
    except ValidationError as error:
        first = error.errors()[0]
        raise ParametersError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def _lifetime(word: str) -> float | None:
    if not word:
        return None
    seconds = read_span(word)
    if not seconds:
        raise ParametersError(f"{word[:40]!r} is no span of time, such as 12h or 30d")
    return seconds


def _subject(app: App | None) -> str:
    return "administrators" if app is None else f"app {app.name}"


def _back(app: App | None) -> str:
    return _OWN if app is None else f"{PLACE}/{app.id}"
