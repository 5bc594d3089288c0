"""Apps and their tokens: Slurmer's ``/apps``, and what administrators do with them."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.gateway.apps import Principal
from headgate.gateway.gateway import Gateway
from headgate.model.app import App
from headgate.store import audit
from headgate.web.api.asking import Administrator, AppInPath, Asking, At, as_uuid
from headgate.web.api.bodies import AppChange, NewApp, NewToken, Rotation, ShownApp, ShownToken

router = APIRouter(tags=["apps"])
TokenId = Annotated[str, Path(alias="tokenId", description="The token's id.")]


@router.get("/apps")
async def list_apps(_: Administrator, at: At) -> list[ShownApp]:
    """List all apps. Takes an administrator's token; no token is ever shown."""
    return [ShownApp.of(app) for app in await at.apps.every()]


@router.post("/apps")
async def add_app(principal: Administrator, new: NewApp, at: At) -> ShownApp:
    """Make an app, and its first token, which is shown only now."""
    app, token = await at.apps.add(new.name, new.rules)
    await _record(at, principal, "create app", app)
    return ShownApp.of(app, token)


@router.get("/apps/{appId}")
async def show_app(app: AppInPath) -> ShownApp:
    """Show an app: to itself, and to administrators."""
    return ShownApp.of(app)


@router.patch("/apps/{appId}")
async def change_app(principal: Administrator, app: AppInPath, change: AppChange, at: At) -> ShownApp:
    """Change what an app may do, or switch it off or on."""
    rules = app.rules if change.rules is None else change.rules
    disabled = app.disabled if change.disabled is None else change.disabled
    changed = await at.apps.change(app, rules, disabled=disabled)
    await _record(at, principal, "change app", app)
    return ShownApp.of(changed)


@router.delete("/apps/{appId}", status_code=HTTPStatus.NO_CONTENT)
async def remove_app(principal: Administrator, app: AppInPath, at: At) -> None:
    """Forget an app, with its tokens and what is known of its jobs. Jobs in Slurm and files stay."""
    await at.apps.remove(app)
    await _record(at, principal, "remove app", app)


@router.get("/apps/{appId}/tokens")
async def list_tokens(app: AppInPath, at: At) -> list[ShownToken]:
    """List an app's tokens, without the tokens themselves."""
    return [ShownToken.of(kept) for kept in await at.apps.tokens(app)]


@router.post("/apps/{appId}/tokens", status_code=HTTPStatus.CREATED)
async def add_token(principal: Administrator, app: AppInPath, new: NewToken, at: At) -> ShownToken:
    """Make a token of an app; it is shown only now."""
    kept, token = await at.apps.give_token(app, new.name, user=new.user, lifetime=new.lifetime)
    await _record(at, principal, "create token", app, new.name)
    return ShownToken.of(kept, token)


@router.post("/apps/{appId}/tokens/rotate", status_code=HTTPStatus.CREATED)
async def rotate_tokens(principal: Asking, app: AppInPath, wanted: Rotation, at: At) -> ShownToken:
    """Make a new token, shown only now, and let all others end. An app may do this itself."""
    if principal.user is not None:
        raise NotFoundError("a token of one user changes no others")
    kept, token = await at.apps.rotate(app, wanted.name, grace=wanted.grace)
    await _record(at, principal, "rotate tokens", app)
    return ShownToken.of(kept, token)


@router.delete("/apps/{appId}/tokens/{tokenId}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_token(principal: Administrator, app: AppInPath, token_id: TokenId, at: At) -> None:
    """End a token now."""
    await at.apps.revoke(app, as_uuid(token_id, "token"))
    await _record(at, principal, "revoke token", app)


async def _record(at: Gateway, principal: Principal, action: str, app: App, detail: str = "") -> None:
    def work(connection: Connection) -> None:
        audit.record(
            connection,
            user="",
            via=principal.via,
            action=action,
            subject=f"app {app.name}",
            outcome="done",
            detail=" ".join(word for word in (detail, f"by token {principal.token} from {principal.address}") if word),
            now=time.time(),
        )

    await at.store.write(work)
