"""The routes of the local socket. Each is about whoever asks: no route takes a user's name.

Actions and executions, for those who have a role, are in ``actions.py`` and ``executions.py``.
"""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from sqlalchemy import Connection

from headgate.model.person import Link, Preferences
from headgate.store import deliveries, links, people
from headgate.store.deliveries import DeliveryFilter
from headgate.web.local import actions, executions
from headgate.web.local.bodies import (
    Code,
    CodeRequest,
    ShownDelivery,
    ShownLink,
    ShownSubscription,
    SubscriptionRequest,
    Summary,
)
from headgate.web.local.desk import Asker, LocalDesk, asker_of, desk_of
from headgate.web.problems import Bounded, handle_problems

Who = Annotated[Asker, Depends(asker_of)]
At = Annotated[LocalDesk, Depends(desk_of)]

_MAX_BODY = 64 * 1024
_MOST_SUBSCRIPTIONS = 20
_LONGEST_MUTE = 366 * 86400.0

router = APIRouter()


def make_local_app(desk: LocalDesk) -> FastAPI:
    """Make the application that is served on the local socket."""
    app = FastAPI(title="Headgate, for yourself", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.include_router(router)
    app.include_router(actions.router)
    app.include_router(executions.router)
    app.add_middleware(Bounded, most=lambda _: _MAX_BODY)
    handle_problems(app)
    return app


@router.get("/me")
async def summary(who: Who, at: At) -> Summary:
    """Return everything about the asker."""

    def work(connection: Connection) -> Summary:
        return Summary(
            user=who.name,
            uid=who.uid,
            default_connector=at.default_connector,
            connectors=tuple(at.reach(connection, who.name)),
            links=tuple(map(ShownLink.of, people.links_of(connection, [who.name]))),
            preferences=_preferences_of(connection, who),
            subscriptions=tuple(map(ShownSubscription.of, people.subscriptions_of(connection, [who.name]))),
        )

    return await at.store.read(work)


@router.post("/me/codes", status_code=HTTPStatus.CREATED)
async def make_code(asked: CodeRequest, who: Who, at: At) -> Code:
    """Make a code that links a chat to the asker's account; an older one for the same connector is void."""
    at.require_bot(asked.connector)
    now, lifetime = at.clock(), at.settings.code_lifetime

    def work(connection: Connection) -> str:
        at.record(connection, who, "link code", asked.connector)
        return links.issue(connection, who.name, asked.connector, now=now, lifetime=lifetime)

    code = await at.store.write(work)
    return Code(connector=asked.connector, code=code, say=f"link {code}", expires_at=now + lifetime)


@router.get("/me/links")
async def list_links(who: Who, at: At) -> list[ShownLink]:
    """Return the chats that are linked to the asker's account."""
    found = await at.store.read(lambda connection: people.links_of(connection, [who.name]))
    return [ShownLink.of(link) for link in found]


@router.delete("/me/links/{connector}")
async def unlink(
    connector: str, who: Who, at: At, identity: Annotated[str | None, Query(max_length=1024)] = None
) -> list[ShownLink]:
    """Untie the asker's account from a connector, or from one identity there; return the links that are gone."""

    def work(connection: Connection) -> list[Link]:
        gone = links.unlink(connection, who.name, connector, identity)
        if gone:
            at.record(connection, who, "unlink", connector, ", ".join(link.identity for link in gone))
        return gone

    gone = await at.store.write(work)
    if not gone:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"you have no such link to {connector!r}")
    return [ShownLink.of(link) for link in gone]


@router.get("/me/preferences")
async def show_preferences(who: Who, at: At) -> Preferences:
    """Return what the asker prefers."""
    return await at.store.read(lambda connection: _preferences_of(connection, who))


@router.put("/me/preferences")
async def prefer(preferred: Preferences, who: Who, at: At) -> Preferences:
    """Set what the asker prefers, all of it."""
    if preferred.connector is not None:
        at.require(preferred.connector)
    until = preferred.muted_until
    if until is not None and not (math.isfinite(until) and 0 <= until <= at.clock() + _LONGEST_MUTE):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "muted_until: should be within a year from now")
    if preferred.quiet is not None and preferred.quiet.start == preferred.quiet.end:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "quiet: should begin and end at different times")

    def work(connection: Connection) -> None:
        people.prefer(connection, who.name, preferred)
        at.record(connection, who, "prefer", detail=preferred.model_dump_json(exclude_defaults=True))

    await at.store.write(work)
    return preferred


@router.get("/me/subscriptions")
async def list_subscriptions(who: Who, at: At) -> list[ShownSubscription]:
    """Return the asker's subscriptions, oldest first."""
    found = await at.store.read(lambda connection: people.subscriptions_of(connection, [who.name]))
    return [ShownSubscription.of(subscription) for subscription in found]


@router.post("/me/subscriptions", status_code=HTTPStatus.CREATED)
async def subscribe(asked: SubscriptionRequest, who: Who, at: At) -> ShownSubscription:
    """Subscribe the asker to their own jobs; a subscription that is there already is not doubled."""
    at.require(asked.connector)

    def work(connection: Connection) -> int:
        [reach] = [one for one in at.reach(connection, who.name) if one.name == asked.connector]
        if not reach.reaches:
            raise HTTPException(HTTPStatus.CONFLICT, reach.why_not)
        present = people.subscriptions_of(connection, [who.name])
        for one in present:
            if (one.connector, one.filter) == (asked.connector, asked.filter):
                return one.id
        if len(present) >= _MOST_SUBSCRIPTIONS:
            raise HTTPException(HTTPStatus.CONFLICT, f"you have {_MOST_SUBSCRIPTIONS} subscriptions; end one first")
        at.record(connection, who, "subscribe", asked.connector, asked.filter.model_dump_json(exclude_defaults=True))
        return people.subscribe(connection, who.name, asked.connector, asked.filter)

    number = await at.store.write(work)
    return ShownSubscription(id=number, connector=asked.connector, filter=asked.filter)


@router.delete("/me/subscriptions/{number}", status_code=HTTPStatus.NO_CONTENT)
async def unsubscribe(number: int, who: Who, at: At) -> None:
    """End a subscription of the asker."""

    def work(connection: Connection) -> bool:
        gone = abs(number) < 1 << 62 and people.unsubscribe(connection, who.name, number)
        if gone:
            at.record(connection, who, "unsubscribe", str(number))
        return gone

    if not await at.store.write(work):
        raise HTTPException(HTTPStatus.NOT_FOUND, f"you have no subscription {number}")


@router.get("/me/deliveries")
async def list_deliveries(who: Who, at: At, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[ShownDelivery]:
    """Return the newest messages about the asker's jobs, oldest first."""
    wanted = DeliveryFilter(user=who.name)
    found = await at.store.read(lambda connection: deliveries.find(connection, wanted, limit=limit))
    return [ShownDelivery.of(one) for one in found]


def _preferences_of(connection: Connection, who: Asker) -> Preferences:
    return people.preferences_of(connection, [who.name]).get(who.name, Preferences())
