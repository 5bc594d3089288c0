"""The overview."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from headgate.store import own_jobs
from headgate.web.pages.frame import page
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter()
_MOST_OWN: Final = 20


@router.get("/")
async def overview(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show how the cluster is now."""
    jobs = await site.store.read(lambda connection: own_jobs.open_of(connection, visitor.user, _MOST_OWN))
    return await page(request, site, visitor, "overview/overview.html", jobs=jobs)
