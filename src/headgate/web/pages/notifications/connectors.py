"""The connectors: how each fares, how it is set up, and trying it."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.config.listing import list_settings
from headgate.config.load import shown
from headgate.connectors import trial
from headgate.connectors.samples import SAMPLES
from headgate.errors import HeadgateError, NotFoundError
from headgate.model.right import Right
from headgate.store import audit, delivery_pages
from headgate.store.delivery_pages import Health
from headgate.web.pages.administration.meaning import value_of
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.me.own import own_of
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter(prefix="/notifications/connectors")
_PLACE: Final = "/notifications/connectors"
_LATELY: Final = 86400.0
_PATIENCE: Final = 20.0
"""Seconds a service has to take a trial message."""


@router.get("")
async def connectors(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show every connector."""
    visitor.require(Right.SEE_DELIVERIES)
    names, now = sorted(site.settings.connectors), time.time()

    def read(connection: Connection) -> dict[str, Health]:
        return {name: delivery_pages.health(connection, name, since=now - _LATELY, now=now) for name in names}

    found = await site.store.read(read)
    reach = {}
    if visitor.has(Right.TRY_CONNECTORS):
        own = own_of(site)
        reach = {one.name: one for one in await site.store.read(lambda c: own.reach(c, visitor.user))}
    settings = {name: settings_of(site, name) for name in names} if visitor.has(Right.ADMINISTER) else {}
    return await page(
        request,
        site,
        visitor,
        "notifications/connectors.html",
        health=found,
        kinds={name: own.kind for name, own in site.settings.connectors.items()},
        own=site.settings.connectors,
        settings=settings,
        reach=reach,
        samples=list(SAMPLES),
        default=site.settings.notify.default_connector,
        most=delivery_pages.MOST_COUNTED,
    )


@router.post("/trial")
async def try_one(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Send a sample to the visitor, at once and without the queue."""
    visitor.require(Right.TRY_CONNECTORS)
    name, sample = form.get("connector"), form.get("sample", "succeeded")
    if name not in site.settings.connectors:
        raise NotFoundError("there is no such connector")
    if sample not in SAMPLES:
        raise ParametersError(f"there are these samples: {', '.join(SAMPLES)}")
    [reach] = [one for one in await site.store.read(lambda c: own_of(site).reach(c, visitor.user)) if one.name == name]
    if not reach.target:
        why = reach.why_not or f"{name} looks people up when a message is due, so there is no address to try yet"
        return await go_on(site, visitor, _PLACE, f"Nothing was sent: {why}", kind="failed")
    outcome, words = await _tried(site, name, reach.target, sample)
    await site.store.write(
        lambda c: audit.record(
            c,
            user=visitor.user,
            via=visitor.caller.via,
            action="connector test",
            subject=name,
            outcome="done" if outcome else "failed",
            detail=f"{sample} to {reach.target}",
        )
    )
    return await go_on(site, visitor, _PLACE, words, kind="done" if outcome else "failed")


async def _tried(site: Site, name: str, target: str, sample: str) -> tuple[bool, str]:
    try:
        async with asyncio.timeout(_PATIENCE):
            told = await trial.send(site.connectors[name], target, sample)
    except TimeoutError:
        return False, f"{name} did not take the sample within {_PATIENCE:g} seconds."
    except HeadgateError as error:
        return False, f"Nothing was sent: {error.message}"
    if told.delivered:
        return True, f"The sample '{sample}' is with {name}, for {told.target}."
    why = f"{(told.reason or '').replace('_', ' ')}: {told.detail}".strip(": ")
    return False, f"{name} did not take it ({told.outcome}): {why}"


def settings_of(site: Site, name: str) -> list[tuple[str, str, str]]:
    """Return name, value and origin of a connector's settings that are no defaults, secrets masked."""
    listed = list_settings(site.settings.connectors[name], site.settings.origins, ("connectors", name))
    return [
        (shown(setting.path[2:]), value_of(setting), str(setting.origin))
        for setting in listed
        if setting.origin.source != "default"
    ]


def targets_of(site: Site, name: str) -> tuple[str, ...]:
    """Return the names of targets that a connector's settings hold, such as its channels or endpoints."""
    own: Any = site.settings.connectors[name]
    tables = [getattr(own, field) for field in type(own).model_fields]
    return tuple(str(key) for table in tables if isinstance(table, dict) for key in table)
