"""Who asks: the token, and the user it acts for. Every route gets its principal or its owner from here."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Path, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from headgate.gateway.apps import Principal
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import BadRequestError, NotAllowedError, UnavailableError, UnknownAppError
from headgate.model.app import TOKEN_PREFIX, App
from headgate.model.right import Right
from headgate.model.submission import Submission
from headgate.web.addresses import address_of
from headgate.web.api.callers import OIDC, as_caller

_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
_JWT_PARTS: Final = 3

token_header = APIKeyHeader(name="X-Auth-Token", auto_error=False, description="An app's token.")
bearer_header = HTTPBearer(auto_error=False, description="An app's token, or one of the OpenID Connect provider.")

GatewaySource = Callable[[], Gateway | None]
"""Returns the gateway of the configuration that is in force; None while there is none."""


# Asked for by every request, and so no plain function: that would be run in a thread.
async def gateway_of(request: Request) -> Gateway:
    """Return the gateway. Raises UnavailableError while there is none."""
    source: GatewaySource = request.app.state.gateway
    gateway = source()
    if gateway is None:
        raise UnavailableError("the gateway is not running here; try again in a while")
    return gateway


At = Annotated[Gateway, Depends(gateway_of)]


async def principal_of(
    request: Request,
    at: At,
    app_token: Annotated[str | None, Security(token_header)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(bearer_header)],
) -> Principal:
    """Say who asks. Raises UnknownAppError, NotAllowedError, TooManyError."""
    address = address_of(request, at.settings.trusted_proxies)
    at.lockout.check(address)
    try:
        principal = await _known(at, app_token, None if bearer is None else bearer.credentials)
    except UnknownAppError:
        if app_token or bearer:
            at.lockout.wrong(address)
        raise
    if principal.app is not None:
        at.pace.take(principal.app)
    return replace(principal, address=address)


async def _known(at: Gateway, app_token: str | None, bearer: str | None) -> Principal:
    """Return who holds these. Both may come: then the bearer says who the user is, and the app's token which app."""
    if bearer is not None and at.oidc is not None and _looks_like_jwt(bearer):
        holder = await at.oidc.holder(bearer)
        user = holder.account
        if app_token is not None:
            principal = await at.apps.authenticate(app_token)
            if principal.app is None or principal.user not in (None, user):
                raise NotAllowedError("the app's token and the bearer's are not good for the same user")
            return replace(principal, user=user, groups=holder.groups)
        assert at.settings.oidc is not None  # noqa: S101 - there is a verifier
        app = await at.apps.named(at.settings.oidc.app)
        if app.disabled:
            raise NotAllowedError(f"the app {app.name} is switched off")
        return Principal(app, OIDC, user, groups=holder.groups)
    token = app_token or bearer
    if not token:
        raise UnknownAppError("a token is missing: X-Auth-Token, or Authorization: Bearer")
    return await at.apps.authenticate(token)


def _looks_like_jwt(token: str) -> bool:
    return not token.startswith(TOKEN_PREFIX) and len(token.split(".")) == _JWT_PARTS


Asking = Annotated[Principal, Depends(principal_of)]


async def administers(principal: Principal, at: Gateway) -> bool:
    """Whether whoever asks may administer: with an administrator's token, or by their role, as on the pages."""
    if principal.admin or at.desk is None:
        return principal.admin
    return (await as_caller(principal, at.desk)).has(Right.ADMINISTER)


async def administrator(principal: Asking, at: At) -> Principal:
    """Let only administrators through. Raises NotAllowedError."""
    if not await administers(principal, at):
        raise NotAllowedError("this takes an administrator's token, or the role admin")
    return principal


Administrator = Annotated[Principal, Depends(administrator)]


AppId = Annotated[str, Path(alias="appId", description="The app's id.")]


async def app_in_path(principal: Asking, at: At, app_id: AppId) -> App:
    """Return the app a path names: the token's own, or for administrators' tokens any one.

    Raises NotFoundError, NotAllowedError.
    """
    found = await at.apps.named(as_uuid(app_id, "app"))
    if not principal.admin and not _is_of(principal, found):
        raise NotAllowedError("this token is another app's")
    return found


async def known_app(principal: Asking, at: At, app_id: AppId) -> App:
    """Return the app a path names, to be looked at or changed: the token's own, or for administrators any one.

    Raises NotFoundError, NotAllowedError.
    """
    found = await at.apps.named(as_uuid(app_id, "app"))
    if not _is_of(principal, found) and not await administers(principal, at):
        raise NotAllowedError("this token is another app's")
    return found


def _is_of(principal: Principal, app: App) -> bool:
    return principal.app is not None and principal.app.id == app.id


AppInPath = Annotated[App, Depends(known_app)]
UserHeader = Annotated[
    str | None, Header(alias="User", max_length=256, description="The Unix account whose jobs these are.")
]


async def owner_of(principal: Asking, at: At, user: UserHeader = None) -> Owner:
    """Return whose jobs are asked about: an app's, and of one user. Raises NotAllowedError, UnknownAppError."""
    if user is not None and not _USER.fullmatch(user):
        raise BadRequestError("the User header names no account")
    acting = await at.apps.acting_for(principal, user)
    if not await _allowed(at, principal, acting):
        raise NotAllowedError("the app may not act for this user")
    assert principal.app is not None  # noqa: S101 - an administrator acts for nobody
    return Owner(principal, principal.app, acting)


async def _allowed(at: Gateway, principal: Principal, user: str) -> bool:
    """Whether the app's rules allow this user, also where the token names one."""
    return principal.app is not None and await at.apps.may_act_for(principal.app, user)


TheOwner = Annotated[Owner, Depends(owner_of)]
JobId = Annotated[str, Path(alias="jobId", description="The job's id: a UUID.")]


async def job_of(job_id: JobId, owner: TheOwner, at: At) -> Submission:
    """Return the job a path names, if it is this app's and user's. Raises NotFoundError."""
    return await at.control.get(owner, as_uuid(job_id, "job"))


TheJob = Annotated[Submission, Depends(job_of)]


def as_uuid(text: str, what: str) -> str:
    """Return a UUID as it is kept. Raises HTTPException 404: nothing has such an id."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no such {what}") from None
