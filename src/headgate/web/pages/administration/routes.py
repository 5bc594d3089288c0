"""The service and its store, sources, roles, the configuration in force, and the doctor."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate import __version__
from headgate.config.listing import list_settings
from headgate.config.load import shown
from headgate.events.sources import listing
from headgate.executor.groups import members_of
from headgate.gateway.refusals import UnavailableError
from headgate.model.right import Right
from headgate.model.role import Role
from headgate.store import audit, retention, standings, volume
from headgate.store.revision import NEWEST, current
from headgate.web.pages.administration.meaning import meaning_of, value_of
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import page
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor

_log = structlog.get_logger(__name__)
router = APIRouter(prefix="/administration")
_PATIENCE: Final = 60.0
"""Seconds that the doctor may take."""
_LOOK_UP: Final = 5.0
"""Seconds that the host may take to say who is in a group."""
_MOST_MEMBERS: Final = 200


@router.get("")
async def service(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show the service, its store and its sources."""

    def read(connection: Connection) -> Mapping[str, Any]:
        return {
            "revision": current(connection),
            "size": volume.size(connection),
            "rows": volume.rows(connection),
            "cleaned": retention.last_cleaned(connection),
            "kept": standings.recall(connection),
        }

    found = dict(await site.store.read(read))
    sources = listing.as_listed(listing.configured(site.settings), found.pop("kept"))
    return await page(
        request,
        site,
        visitor,
        "administration/service.html",
        **found,
        newest=NEWEST,
        sources=sources,
        url=site.store.shown_url,
        sqlite=site.store.sqlite,
        python=platform.python_version(),
        parts_here=site.settings.service.parts,
        config=site.settings.path,
        running=__version__,
        days=_kept_days(site),
        most=volume.MOST_COUNTED,
    )


@router.get("/roles")
async def roles(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show who has which role, and what each may do."""
    own = site.settings.roles
    wanted = sorted({group for role in Role for group in own.members(role).groups})
    try:
        async with asyncio.timeout(_LOOK_UP):
            groups = await asyncio.to_thread(lambda: {group: members_of(group) for group in wanted})
    except TimeoutError:
        groups = None
    return await page(
        request,
        site,
        visitor,
        "administration/roles.html",
        roles=[(role, own.members(role)) for role in reversed(Role)],
        of_rules=own.rules,
        groups=groups,
        most=_MOST_MEMBERS,
        written=lambda role, name: str(site.settings.origins.get(("roles", role.value, name), "")),
        rights=sorted(Right, key=lambda right: list(Role).index(right.role)),
        actions=list(site.desk.actions.catalogue),
    )


@router.get("/configuration")
async def configuration(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show every setting as it holds, with where it came from; secrets are masked."""
    everything = request.query_params.get("all", "") == "1"
    word = request.query_params.get("find", "").strip().lower()[:100]
    rows = []
    for setting in list_settings(site.settings, site.settings.origins):
        name = shown(setting.path)
        if (everything or word or setting.origin.source != "default") and word in name.lower():
            rows.append((name, value_of(setting), setting.origin, meaning_of(site.settings, setting.path)))
    return await page(
        request,
        site,
        visitor,
        "administration/configuration.html",
        rows=rows,
        everything=everything,
        word=word,
        config=site.settings.path,
    )


@router.get("/doctor")
async def doctor(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Offer the doctor."""
    return await page(request, site, visitor, "administration/doctor.html", found=None, able=site.examine is not None)


@router.post("/doctor")
async def examine(request: Request, site: TheSite, visitor: TheVisitor, _: TheForm) -> Response:
    """Have the doctor look at everything, and show what it found."""
    if site.examine is None:
        raise UnavailableError("there is no doctor here; run `headgate doctor` on the host of the service")
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await site.examine()
    except TimeoutError:
        raise UnavailableError(
            f"the doctor was not done within {_PATIENCE:g} seconds; run `headgate doctor` on the host of the service"
        ) from None
    wrong = sum(one.level == "wrong" for one in found)
    await site.store.write(
        lambda c: audit.record(
            c,
            user=visitor.user,
            via=visitor.caller.via,
            action="doctor",
            outcome="done",
            detail=f"{wrong} of {len(found)} are wrong",
        )
    )
    order = {"wrong": 0, "note": 1, "well": 2}
    ordered = sorted(found, key=lambda one: order.get(str(one.level), 0))
    return await page(request, site, visitor, "administration/doctor.html", found=ordered, able=True, wrong=wrong)


def _kept_days(site: Site) -> list[tuple[str, int, str]]:
    """Return what is kept for how many days, and the setting that says so."""
    own = site.settings
    return [
        ("events and jobs", own.store.events_days, "store.events_days"),
        ("messages that are over", own.store.deliveries_days, "store.deliveries_days"),
        ("the audit log", own.local.audit_days, "local.audit_days"),
        ("jobs of apps", own.gateway.keep_days, "gateway.keep_days"),
        ("builds", own.builds.jobs.keep_days, "builds.jobs.keep_days"),
    ]
