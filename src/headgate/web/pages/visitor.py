"""Who looks at a page, and what they may: every route of the pages gets its visitor from here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from headgate.actions.caller import Caller, CallerKind
from headgate.errors import HeadgateError
from headgate.executor.groups import groups_of
from headgate.model.right import Right
from headgate.store import sessions
from headgate.store.sessions import Session
from headgate.web.pages.signing.proxy import named_by_proxy
from headgate.web.pages.site import Site, site_of

COOKIE: Final = "headgate_session"
SECURE_COOKIE: Final = "__Host-headgate_session"
"""The cookie where pages come by https: browsers take this name only from the site itself, and only so."""
BY_PROXY: Final = "proxy"
"""The way of sessions that a proxy stands for."""
_NOTE_EVERY: Final = 60.0
"""Seconds between two notes of a session's use."""


class SignInNeededError(HeadgateError):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    caller: Caller
    session: Session

    @property
    def user(self) -> str:
        """Their Unix account."""
        return self.caller.user

    @property
    def csrf(self) -> str:
        """What every form of theirs brings along."""
        return self.session.csrf

    def has(self, right: Right) -> bool:
        """Whether they have a right."""
        return self.caller.has(right)

    def require(self, right: Right) -> None:
        """Raise NotPermittedError unless they have a right."""
        self.caller.require(right)

    def sees_job_of(self, user: str) -> bool:
        """Whether they may see a job of this account: their own, or with the right to see everybody's."""
        return bool(user and user == self.user) or self.has(Right.SEE_JOBS)


TheSite = Annotated[Site, Depends(site_of)]


def cookie_name(site: Site) -> str:
    """Return the name of the session's cookie."""
    return SECURE_COOKIE if site.settings.pages.secure else COOKIE


async def may_sign_in(site: Site, user: str, oidc_groups: Collection[str]) -> bool:
    """Whether the settings let somebody in, by the groups they are in now."""
    allowed = site.settings.pages.allowed
    if allowed.everybody:
        return True
    groups = await asyncio.to_thread(groups_of, user) if allowed.groups else frozenset()
    return allowed.hold(user, groups, oidc_groups)


async def visitor_of(request: Request, site: TheSite) -> Visitor:
    """Return who is signed in. Raises SignInNeededError."""
    secret = request.cookies.get(cookie_name(site), "")
    if not secret:
        raise SignInNeededError("sign in first")
    now, idle = time.time(), site.settings.pages.session_idle
    session = await site.store.read(lambda connection: sessions.find(connection, secret, now=now, idle=idle))
    if session is None:
        raise SignInNeededError("you were signed out; sign in again")
    # Where a proxy has people sign in, a session is good only for whom it names now; one that began there, only there.
    named = named_by_proxy(request, site.settings.pages)
    if (named is not None or session.way == BY_PROXY) and named != session.user:
        raise SignInNeededError("you are somebody else now; sign in again")
    if not await may_sign_in(site, session.user, session.groups):
        raise SignInNeededError("you may not sign in here any more")
    if now - session.used_at > _NOTE_EVERY:
        await site.store.write(lambda connection: sessions.use(connection, session.hash, now), found_again=True)
    role = await site.desk.roles.of_user(session.user, session.groups)
    caller = Caller(CallerKind.PAGE, session.user, role, "page", session.user, session.address)
    visitor = Visitor(caller, session)
    request.state.visitor = visitor
    return visitor


TheVisitor = Annotated[Visitor, Depends(visitor_of)]
