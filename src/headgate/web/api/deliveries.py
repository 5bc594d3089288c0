"""Messages over REST: who was told what, when, and why not yet; replaying and dropping them."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from headgate.actions.caller import Caller
from headgate.errors import NotFoundError
from headgate.gateway.refusals import ConflictError
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.right import Right
from headgate.store import deliveries, delivery_changes, delivery_pages
from headgate.store.deliveries import Delivery, DeliveryFilter, Failure
from headgate.store.delivery_changes import Change, Operator
from headgate.store.store import Store
from headgate.web.api.actions import TheCaller
from headgate.web.api.asking import Asking, At, owner_of
from headgate.web.api.paging import point_on

router = APIRouter(prefix="/deliveries", tags=["deliveries"])
_LARGEST: Final = 10**15
_MOST: Final = 1024
_NO_NUL: Final = r"^[^\x00]*$"
_DROPPED: Final = "dropped by an operator"
Number = Annotated[int, Path(ge=1, lt=_LARGEST, description="A delivery's number.")]
Text = Annotated[str | None, Query(max_length=_MOST, pattern=_NO_NUL)]
Whole = Annotated[int | None, Query(ge=1, lt=_LARGEST)]


class ShownDelivery(BaseModel):
    """One message to one recipient, and what became of it. Times are seconds since the epoch."""

    id: int
    event: int = Field(description="The number of the event that it tells of.")
    connector: str
    target: str
    user: str = Field(description="Whose job it is about; empty if it is about none.")
    job_id: int | None
    subject: str = Field(description="What it is about, such as `job 12`.")
    title: str | None = Field(description="What it says, in a line; null while it is not made.")
    state: DeliveryState
    reason: Reason | None = Field(description="Why it is not there, or was late.")
    detail: str
    attempts: int = Field(description="Attempts that failed.")
    owed_at: float
    next_at: float | None = Field(description="Before this it is not tried (again); null if it is not going to be.")
    finished_at: float | None
    folded_into: str | None = Field(description="The key of the digest that told it, if one did.")

    @classmethod
    def of(cls, one: Delivery) -> Self:
        """Show a delivery."""
        title = None if one.message is None else json.loads(one.message).get("title")
        return cls(
            id=one.id,
            event=one.event_id,
            connector=one.connector,
            target=one.target,
            user=one.user,
            job_id=one.job_id,
            subject=one.subject,
            title=None if title is None else str(title),
            state=one.state,
            reason=one.reason,
            detail=one.detail or "",
            attempts=one.attempts,
            owed_at=one.created_at,
            next_at=one.not_before if one.state.open else None,
            finished_at=one.finished_at,
            folded_into=one.folded_into,
        )


class ShownFailure(BaseModel):
    """An attempt that failed."""

    time: float
    reason: Reason
    detail: str

    @classmethod
    def of(cls, one: Failure) -> Self:
        """Show a failed attempt."""
        return cls(time=one.time, reason=one.reason, detail=one.detail)


class WholeDelivery(ShownDelivery):
    """A delivery with its message and every attempt that failed."""

    message: dict[str, Any] | None = Field(description="Title, facts, hints, links, text; null while it is not made.")
    failures: list[ShownFailure]


class WhyDropped(BaseModel):
    """Why a delivery is dropped."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"why": "nobody reads that list"}]})

    why: str = Field(
        _DROPPED, min_length=1, max_length=500, pattern=_NO_NUL, description="Kept with it, and in the audit log."
    )


# Asked for by every request, and so no plain function: that would be run in a thread.
async def sight_of(principal: Asking, caller: TheCaller, at: At) -> str | None:
    """Return whose messages are seen: everybody's (None) with the right, else those of the user of the token.

    Raises NotPermittedError for whoever is neither.
    """
    if principal.user is None or caller.has(Right.SEE_DELIVERIES):
        caller.require(Right.SEE_DELIVERIES)
        return None
    return (await owner_of(principal, at)).user


Sight = Annotated[str | None, Depends(sight_of)]


async def _wanted(  # noqa: PLR0917 - FastAPI hands them over by name
    caller: TheCaller,
    sight: Sight,
    state: Annotated[list[DeliveryState] | None, Query(max_length=20, description="Only in these states.")] = None,
    connector: Text = None,
    target: Text = None,
    user: Annotated[Text, Query(description="Only about jobs of this user.")] = None,
    job: Annotated[Whole, Query(description="Only about this job, or the tasks of this array.")] = None,
    event: Annotated[Whole, Query(description="Only of this event.")] = None,
    since: Annotated[float | None, Query(allow_inf_nan=False, description="Owed then or later, in seconds.")] = None,
) -> DeliveryFilter:
    if sight is not None and user not in (None, sight):
        caller.require(Right.SEE_DELIVERIES)
    return DeliveryFilter(tuple(state or ()), connector, target, job, sight or user, event, since)


@router.get("")
async def list_deliveries(
    *,
    request: Request,
    response: Response,
    at: At,
    wanted: Annotated[DeliveryFilter, Depends(_wanted)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Deliveries of one page.")] = 100,
    before: Annotated[Whole, Query(description="Where the page before ended: only older ones.")] = None,
) -> list[ShownDelivery]:
    """List messages, newest first: with the role viewer everybody's, else those about the token's user's jobs.

    `Link` names the next page, if there is one.
    """
    found = await at.store.read(lambda c: delivery_pages.page(c, wanted, limit=limit + 1, before=before))
    if len(found) > limit:
        point_on(request, response, "before", found[limit - 1].id)
    return [ShownDelivery.of(one) for one in found[:limit]]


@router.get("/{number}")
async def show_delivery(number: Number, sight: Sight, at: At) -> WholeDelivery:
    """Show a message with all that became of it. Of others' jobs it takes the role viewer."""

    def work(connection: Connection) -> tuple[Delivery, list[Failure]]:
        found = deliveries.get(connection, number)
        if found is None or sight not in (None, found.user):
            raise NotFoundError(f"there is no delivery {number}")
        return found, deliveries.history(connection, number)

    one, failures = await at.store.read(work)
    return WholeDelivery(
        **ShownDelivery.of(one).model_dump(),
        message=None if one.message is None else json.loads(one.message),
        failures=[ShownFailure.of(item) for item in failures],
    )


@router.post("/{number}/replay")
async def replay_delivery(number: Number, caller: TheCaller, at: At) -> ShownDelivery:
    """Try one again now that was given up, was dropped, or waits for its next try. Takes the role operator.

    One in another state is a conflict.
    """
    return await _changed(at.store, caller, number, Change.RETRY)


@router.post("/{number}/drop")
async def drop_delivery(number: Number, caller: TheCaller, at: At, given: WhyDropped | None = None) -> ShownDelivery:
    """Take one out of the queue. Takes the role operator. One that was delivered, or is being sent, is a conflict."""
    return await _changed(at.store, caller, number, Change.DROP, _DROPPED if given is None else given.why)


async def _changed(store: Store, caller: Caller, number: int, what: Change, why: str = "") -> ShownDelivery:
    """Change a delivery. Raises NotPermittedError, NotFoundError, ConflictError."""
    caller.require(Right.CHANGE_DELIVERIES)

    def work(connection: Connection) -> tuple[Delivery, bool]:
        if deliveries.get(connection, number) is None:
            raise NotFoundError(f"there is no delivery {number}")
        who = Operator(caller.user, caller.via)
        changed = delivery_changes.change(connection, what, [number], who, why=why, now=time.time())
        found = deliveries.get(connection, number)
        assert found is not None  # noqa: S101 - in one transaction
        return found, bool(changed)

    one, changed = await store.write(work)
    if not changed:
        raise ConflictError(f"delivery {number} is {one.state}: it is not in a state for this")
    return ShownDelivery.of(one)
