"""What visitors see and change about themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from headgate.errors import HeadgateError, NotFoundError, StoreError
from headgate.model.message import Outcome
from headgate.model.person import FAILURES
from headgate.model.person_words import filter_words, preference_words
from headgate.store import audit, sessions
from headgate.store.sessions import Session
from headgate.web.own import Code, Things
from headgate.web.pages.forms import TheForm
from headgate.web.pages.frame import go_on, page
from headgate.web.pages.me import wishes
from headgate.web.pages.me.own import own_of, who_of
from headgate.web.pages.notifications.asked import whole_number
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import TheSite, TheVisitor, Visitor

router = APIRouter(prefix="/me")
_PLACE: Final = "/me"
T = TypeVar("T")


@router.get("")
async def me(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Show everything about the visitor."""
    return await _shown(request, site, visitor)


@router.post("/code")
async def make_code(request: Request, site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Make a code that links a chat; it is shown on this answer, and kept nowhere."""
    own, connector = own_of(site), form.get("connector")
    made = await site.store.write(lambda connection: own.make_code(connection, who_of(visitor), connector))
    return await _shown(request, site, visitor, made)


@router.post("/unlink")
async def unlink(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Untie the visitor's account from a chat identity."""
    own, connector, identity = own_of(site), form.get("connector"), form.get("identity")
    return await _change(
        site,
        visitor,
        lambda connection: own.unlink(connection, who_of(visitor), connector, identity),
        lambda gone: f"{connector}: {', '.join(link.name or link.identity for link in gone)} is not linked any more.",
    )


@router.post("/prefer")
async def prefer(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Set how the visitor wants to be told."""
    own = own_of(site)

    def write(connection: Connection) -> None:
        preferred = wishes.preferences_of(form, own.preferences(connection, visitor.user))
        own.prefer(connection, who_of(visitor), preferred)

    return await _change(site, visitor, write, lambda _: "Your preferences are kept.")


@router.post("/subscribe")
async def subscribe(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """Subscribe the visitor to their own jobs."""
    own, connector = own_of(site), form.get("connector")

    def write(connection: Connection) -> int:
        return own.subscribe(connection, who_of(visitor), connector, wishes.filter_of(form))

    return await _change(site, visitor, write, lambda number: f"Subscription {number}: you are told by {connector}.")


@router.post("/unsubscribe")
async def unsubscribe(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """End a subscription of the visitor."""
    own, number = own_of(site), whole_number(form.get("number"), "number")
    return await _change(
        site,
        visitor,
        lambda connection: own.unsubscribe(connection, who_of(visitor), number),
        lambda _: f"Subscription {number} is over.",
    )


@router.post("/sessions/end")
async def end_session(site: TheSite, visitor: TheVisitor, form: TheForm) -> Response:
    """End one of the visitor's sessions, or all but this one."""
    chosen = form.get("session")

    def write(connection: Connection) -> int:
        if chosen:
            ended = int(chosen != visitor.session.hash and sessions.end_of(connection, visitor.user, chosen))
        else:
            ended = sessions.end_others(connection, visitor.user, visitor.session.hash)
        if not ended:
            raise NotFoundError("there is no other session of yours")
        who = who_of(visitor)
        audit.record(connection, user=who.user, via=who.via, action="sign out", outcome="done", detail=f"{ended} ended")
        return ended

    return await _change(
        site, visitor, write, lambda ended: "The session is over." if ended == 1 else f"{ended} sessions are over."
    )


async def _change(site: Site, visitor: Visitor, write: Callable[[Connection], T], told: Callable[[T], str]) -> Response:
    """Change something, and go back to tell what became of it; what was wrong is told there, too."""
    try:
        done = await site.store.write(write)
    except StoreError:
        raise
    except HeadgateError as error:
        return await go_on(site, visitor, _PLACE, f"{error.message[:1].upper()}{error.message[1:]}.", kind="failed")
    return await go_on(site, visitor, _PLACE, told(done))


async def _shown(request: Request, site: Site, visitor: Visitor, code: Code | None = None) -> Response:
    own, now, idle = own_of(site), time.time(), site.settings.pages.session_idle

    def read(connection: Connection) -> tuple[Things, list[Session]]:
        things = own.things(connection, visitor.user)
        return things, sessions.of_user(connection, visitor.user, now=now, idle=idle)

    things, signed_in = await site.store.read(read)
    preferred = things.preferences
    muted = preferred.muted_until is not None and preferred.muted_until > now
    return await page(
        request,
        site,
        visitor,
        "me/me.html",
        things=things,
        sessions=signed_in,
        code=code,
        default=own.default_connector,
        preferred=preferred,
        muted=muted,
        said_as=preference_words(preferred.model_dump(mode="json")),
        outcomes=list(Outcome),
        failures=FAILURES,
        told_of=lambda wanted: filter_words(wanted.model_dump(mode="json")),
        clock_of=wishes.clock_of,
        span_of=wishes.span_of,
    )
