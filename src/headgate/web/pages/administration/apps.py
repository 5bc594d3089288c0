"""Apps: client programs of the gateway, and what each may do."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.gateway.apps import Apps
from headgate.gateway.refusals import GatewayError
from headgate.model.app import App, AppRules, acts_for
from headgate.store import audit
from headgate.web.pages.administration import rules
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/administration/apps")
PLACE: Final = "/administration/apps"


@router.get("")
async def listed(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show all apps."""
    return await page(
        request,
        site,
        visitor,
        "administration/apps.html",
        apps=await apps_of(site).every(),
        acts_for=acts_for,
        rules=AppRules(),
    )


@router.post("/add")
async def add(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Make an app, and its first token, which is shown on this answer only."""
    try:
        app, token = await apps_of(site).add(form.get("name"), rules.rules_of(form))
    except (GatewayError, ParametersError) as error:
        return await go_on(site, visitor, PLACE, f"No app was made: {error.message}.", kind="failed")
    await record(site, visitor, "create app", f"app {app.name}")
    return await page(
        request,
        site,
        visitor,
        "administration/token.html",
        app=app,
        name="first",
        token=token,
        back=f"{PLACE}/{app.id}",
    )


@router.get("/{app_id}")
async def one(request: Request, site: TheSite, visitor: TheVisitor, app_id: str) -> Response:
    """Show an app, its rules and its tokens."""
    apps = apps_of(site)
    app = await apps.named(app_id)
    return await page(
        request,
        site,
        visitor,
        "administration/app.html",
        app=app,
        rules=app.rules,
        acts_for=acts_for,
        tokens=await apps.tokens(app),
    )


@router.post("/{app_id}/change")
async def change(site: TheSite, visitor: TheVisitor, form: TheForm, app_id: str) -> Response:
    """Change what an app may do."""
    apps = apps_of(site)
    app = await apps.named(app_id)
    try:
        wanted = rules.rules_of(form)
    except ParametersError as error:
        return await go_on(site, visitor, _at(app), f"Nothing was changed: {error.message}.", kind="failed")
    await apps.change(app, wanted, disabled=app.disabled)
    await record(site, visitor, "change app", f"app {app.name}")
    return await go_on(site, visitor, _at(app), f"The rules of {app.name} hold from now on.")


@router.post("/{app_id}/switch")
async def switch(site: TheSite, visitor: TheVisitor, form: TheForm, app_id: str) -> Response:
    """Switch an app off or on."""
    apps = apps_of(site)
    app = await apps.named(app_id)
    disabled = form.get("to") != "on"
    await apps.change(app, app.rules, disabled=disabled)
    word = "off" if disabled else "on"
    await record(site, visitor, "change app", f"app {app.name}", f"switched {word}")
    return await go_on(site, visitor, _at(app), f"{app.name} is {word}.")


def apps_of(site: Site) -> Apps:
    """Return the apps: of the gateway, if it runs here, so that it knows at once of what is changed."""
    gateway = site.gateway()
    return Apps(site.store) if gateway is None else gateway.apps


async def record(site: Site, visitor: Visitor, action: str, subject: str, detail: str = "") -> None:
    """Write into the audit log what an administrator did; the actions have the names they have in the API."""

    def write(connection: Connection) -> None:
        audit.record(
            connection,
            user=visitor.user,
            via=visitor.caller.via,
            action=action,
            subject=subject,
            outcome="done",
            detail=detail,
        )

    await site.store.write(write)


def _at(app: App) -> str:
    return f"{PLACE}/{app.id}"
