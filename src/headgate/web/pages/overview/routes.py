"""The overview."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headgate.web.pages.frame import page
from headgate.web.pages.overview.now import read_now, tone_of
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter()


@router.get("/")
async def overview(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show how the cluster is now, and what is in trouble; to who has no role, their own jobs and messages."""
    kinds = {name: own.kind for name, own in site.settings.connectors.items()}
    found = await site.store.read(lambda connection: read_now(connection, visitor, kinds))
    return await page(request, site, visitor, "overview/overview.html", found=found, tone_of=tone_of)
