"""The audit log over REST."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from headgate.model.right import Right
from headgate.store import audit
from headgate.store.audit import AuditEntry, AuditFilter
from headgate.web.api.actions import TheCaller
from headgate.web.api.asking import At
from headgate.web.api.paging import point_on

router = APIRouter(prefix="/audit", tags=["audit"])
_Word = Annotated[str | None, Query(max_length=300, pattern=r"^[^\x00]*$")]
_Moment = Annotated[float | None, Query(allow_inf_nan=False)]
_LARGEST: Final = 10**15


class ShownEntry(BaseModel):
    """A line of the audit log."""

    id: int
    time: float = Field(description="Seconds since the epoch.")
    user: str = Field(description="The Unix account; empty if nobody knows whose doing it was.")
    via: str = Field(description="By which way: `page`, `command line`, `bot matrix`, `api portal`.")
    action: str
    subject: str
    outcome: str = Field(description="`done`, `refused`, `failed`; `begun` while it is not over.")
    detail: str

    @classmethod
    def of(cls, one: AuditEntry) -> Self:
        """Show an entry."""
        return cls(**asdict(one))


async def _wanted(  # noqa: PLR0917 - FastAPI hands them over by name
    user: Annotated[_Word, Query(description="Only of this account.")] = None,
    via: Annotated[_Word, Query(description="Only by this way.")] = None,
    action: Annotated[_Word, Query(description="Only this action.")] = None,
    subject: Annotated[_Word, Query(description="Only about this, such as `job 123`.")] = None,
    outcome: Annotated[_Word, Query(description="Only with this outcome.")] = None,
    since: Annotated[_Moment, Query(description="Then or later, in seconds.")] = None,
    until: Annotated[_Moment, Query(description="Then or earlier, in seconds.")] = None,
) -> AuditFilter:
    return AuditFilter(user, via, action, since, until, subject, outcome)


@router.get("")
async def list_entries(
    *,
    request: Request,
    response: Response,
    caller: TheCaller,
    at: At,
    wanted: Annotated[AuditFilter, Depends(_wanted)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Entries of one page.")] = 100,
    before: Annotated[
        int | None, Query(ge=1, lt=_LARGEST, description="Where the page before ended: only older ones.")
    ] = None,
) -> list[ShownEntry]:
    """List who had what done and what became of it, newest first. `Link` names the next page. Takes the role admin."""
    caller.require(Right.ADMINISTER)
    found = await at.store.read(lambda c: audit.page(c, wanted, limit=limit + 1, before=before))
    if len(found) > limit:
        point_on(request, response, "before", found[limit - 1].id)
    return [ShownEntry.of(one) for one in found[:limit]]
