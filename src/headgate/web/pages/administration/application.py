"""Everything below ``/ui/administration``, for those who may administer."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from headgate.model.right import Right
from headgate.web.pages.administration import apps, journal, routes, tokens
from headgate.web.pages.visitor import TheVisitor


async def administrator(visitor: TheVisitor) -> None:
    """Let nobody else in. Raises NotPermittedError."""
    visitor.require(Right.ADMINISTER)


router = APIRouter(dependencies=[Depends(administrator)])
for _part in (routes.router, journal.router, apps.router, tokens.router):
    router.include_router(_part)
