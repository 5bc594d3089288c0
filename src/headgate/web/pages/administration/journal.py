"""The audit log."""

from __future__ import annotations

import time
from typing import Final

from fastapi import APIRouter, Request, Response

from headgate.actions.refusals import ParametersError
from headgate.model.spans import read_span
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.web.pages.frame import page
from headgate.web.pages.notifications.asked import SPANS, whole_number
from headgate.web.pages.visitor import TheSite, TheVisitor

router = APIRouter(prefix="/administration")
_ROWS: Final = 100
_LONGEST: Final = 256
_LAST_PAGE: Final = 10_000
_WORDS: Final = ("user", "via", "action", "subject", "outcome")


@router.get("/audit")
async def entries(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show who had what done, newest first."""
    query = {name: request.query_params.get(name, "").strip() for name in (*_WORDS, "since")}
    if any(len(word) > _LONGEST or "\0" in word for word in query.values()):
        raise ParametersError("one of the words to filter by is too long")
    seconds = read_span(query["since"]) if query["since"] else None
    if query["since"] and seconds is None:
        raise ParametersError("since should be a span of time, such as 90m, 2h or 7d")
    number = max(1, min(whole_number(request.query_params.get("page") or "1", "page"), _LAST_PAGE))
    since = None if seconds is None else time.time() - seconds
    wanted = AuditFilter(**{name: query[name] or None for name in _WORDS}, since=since)  # type: ignore[arg-type]
    offset = (number - 1) * _ROWS
    found = await site.store.read(lambda c: audit.page(c, wanted, limit=_ROWS + 1, offset=offset))
    return await page(
        request,
        site,
        visitor,
        "administration/audit.html",
        rows=found[:_ROWS],
        more=len(found) > _ROWS,
        query=query,
        number=number,
        spans=SPANS,
    )
