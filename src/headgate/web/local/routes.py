"""The routes of the local socket. Each is about whoever asks: no route takes a user's name.

Actions and executions, for those who have a role, are in ``actions.py`` and ``executions.py``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query
from sqlalchemy import Connection

from headgate.actions.refusals import ParametersError
from headgate.model.person import Preferences
from headgate.store import deliveries, people, sign_ins
from headgate.store.deliveries import DeliveryFilter
from headgate.store.sign_ins import SignInKind
from headgate.web.local import actions, executions
from headgate.web.local.bodies import (
    Code,
    CodeRequest,
    ShownConnector,
    ShownDelivery,
    ShownLink,
    ShownSubscription,
    SignIn,
    SubscriptionRequest,
    Summary,
)
from headgate.web.local.desk import Asker, LocalDesk, asker_of, desk_of
from headgate.web.problems import Bounded, handle_problems

Who = Annotated[Asker, Depends(asker_of)]
At = Annotated[LocalDesk, Depends(desk_of)]

_MAX_BODY = 64 * 1024

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
    found = await at.store.read(lambda connection: at.own.things(connection, who.name))
    return Summary(
        user=who.name,
        uid=who.uid,
        default_connector=at.default_connector,
        connectors=tuple(map(ShownConnector.of, found.reach)),
        links=tuple(map(ShownLink.of, found.links)),
        preferences=found.preferences,
        subscriptions=tuple(map(ShownSubscription.of, found.subscriptions)),
    )


@router.post("/me/codes", status_code=HTTPStatus.CREATED)
async def make_code(asked: CodeRequest, who: Who, at: At) -> Code:
    """Make a code that links a chat to the asker's account; an older one for the same connector is void."""
    made = await at.store.write(lambda connection: at.own.make_code(connection, who.own, asked.connector))
    return Code(connector=made.connector, code=made.code, say=made.say, expires_at=made.expires_at)


@router.post("/me/sign-ins", status_code=HTTPStatus.CREATED)
async def make_sign_in(who: Who, at: At) -> SignIn:
    """Make a link that signs the asker in to the pages, once."""
    if at.sign_in is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "nobody signs in to the pages by a link here")
    offered, now = at.sign_in, at.clock()

    def work(connection: Connection) -> str:
        at.own.record(connection, who.own, "sign-in link")
        kept = {"user": who.name}
        return sign_ins.issue(connection, SignInKind.LINK, kept, now=now, lifetime=offered.lifetime)

    secret = await at.store.write(work)
    return SignIn(url=f"{offered.origin}/ui/sign-in/link/{secret}", expires_at=now + offered.lifetime)


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
    gone = await at.store.write(lambda connection: at.own.unlink(connection, who.own, connector, identity))
    return [ShownLink.of(link) for link in gone]


@router.get("/me/preferences")
async def show_preferences(who: Who, at: At) -> Preferences:
    """Return what the asker prefers."""
    return await at.store.read(lambda connection: at.own.preferences(connection, who.name))


@router.put("/me/preferences")
async def prefer(preferred: Preferences, who: Who, at: At) -> Preferences:
    """Set what the asker prefers, all of it."""
    try:
        await at.store.write(lambda connection: at.own.prefer(connection, who.own, preferred))
    except ParametersError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, error.message) from error
    return preferred


@router.get("/me/subscriptions")
async def list_subscriptions(who: Who, at: At) -> list[ShownSubscription]:
    """Return the asker's subscriptions, oldest first."""
    found = await at.store.read(lambda connection: people.subscriptions_of(connection, [who.name]))
    return [ShownSubscription.of(subscription) for subscription in found]


@router.post("/me/subscriptions", status_code=HTTPStatus.CREATED)
async def subscribe(asked: SubscriptionRequest, who: Who, at: At) -> ShownSubscription:
    """Subscribe the asker to their own jobs; a subscription that is there already is not doubled."""
    connector, wanted = asked.connector, asked.filter
    number = await at.store.write(lambda connection: at.own.subscribe(connection, who.own, connector, wanted))
    return ShownSubscription(id=number, connector=connector, filter=wanted)


@router.delete("/me/subscriptions/{number}", status_code=HTTPStatus.NO_CONTENT)
async def unsubscribe(number: int, who: Who, at: At) -> None:
    """End a subscription of the asker."""
    await at.store.write(lambda connection: at.own.unsubscribe(connection, who.own, number))


@router.get("/me/deliveries")
async def list_deliveries(who: Who, at: At, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[ShownDelivery]:
    """Return the newest messages about the asker's jobs, oldest first."""
    wanted = DeliveryFilter(user=who.name)
    found = await at.store.read(lambda connection: deliveries.find(connection, wanted, limit=limit))
    return [ShownDelivery.of(one) for one in found]
