"""Webhooks that apps register for events of their jobs."""

from __future__ import annotations

import secrets
import time
from http import HTTPStatus
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.gateway.gateway import Gateway
from headgate.gateway.owner import Owner
from headgate.gateway.refusals import TooManyError
from headgate.gateway.webhooks import new_hook
from headgate.model.submission import Hook
from headgate.store import audit, hooks
from headgate.web.api.asking import At, TheOwner, as_uuid

router = APIRouter(prefix="/hooks", tags=["events"])
HookId = Annotated[str, Path(alias="hookId", description="The webhook's id.")]


class NewHook(BaseModel):
    """A webhook that is to be registered."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://portal.example.org/jobs", "events": ["job.ended"]}]},
    )

    url: str = Field(max_length=2048, description="Where events are posted.", examples=["https://portal.example.org/"])
    secret: str | None = Field(
        None, max_length=256, description="Key of the signature; without it, one is made, and shown once."
    )
    events: tuple[Annotated[str, Field(max_length=64)], ...] = Field(
        (), max_length=20, description="Events it is told of, such as `job.ended`; `job.*` are all. Empty: all."
    )


class ShownHook(BaseModel):
    """A webhook. ``secret`` is there once, when it was made here."""

    id: str
    url: str
    user: str | None
    events: tuple[str, ...]
    created_at: float
    secret: str | None = None

    @classmethod
    def of(cls, hook: Hook, secret: str | None = None) -> Self:
        """Show a webhook."""
        return cls(
            id=hook.id, url=hook.url, user=hook.user, events=hook.kinds, created_at=hook.created_at, secret=secret
        )


@router.get("")
async def list_hooks(owner: TheOwner, at: At) -> list[ShownHook]:
    """List this user's webhooks."""
    found = await at.store.read(lambda connection: hooks.of_apps(connection, [owner.app.id]))
    return [ShownHook.of(one) for one in found.get(owner.app.id, ()) if one.user == owner.user]


@router.post("", status_code=HTTPStatus.CREATED)
async def add_hook(owner: TheOwner, new: NewHook, at: At) -> ShownHook:
    """Register a webhook for this user's jobs. Requests are signed, and repeated until they are taken."""
    made = secrets.token_urlsafe(32) if new.secret is None else None
    hook = new_hook(
        owner.app.id,
        new.url,
        new.secret or made or "",
        new.events,
        user=owner.user,
        hosts=at.settings.hook_hosts,
        now=time.time(),
    )
    most = at.settings.limits.hooks

    def work(connection: Connection) -> None:
        if hooks.count(connection, owner.app.id) >= most:
            raise TooManyError(f"an app has at most {most} webhooks; remove one first")
        hooks.add(connection, hook)
        _record(connection, owner, "register webhook", hook.id)

    await at.store.write(work)
    return ShownHook.of(hook, made)


@router.delete("/{hookId}", status_code=HTTPStatus.NO_CONTENT)
async def remove_hook(owner: TheOwner, hook_id: HookId, at: At) -> None:
    """Remove a webhook; what is owed to it is given up."""
    await _remove(at, owner, as_uuid(hook_id, "webhook"))


async def _remove(at: Gateway, owner: Owner, hook_id: str) -> None:
    def work(connection: Connection) -> bool:
        gone = hooks.remove(connection, owner.app.id, hook_id, owner.user)
        if gone:
            _record(connection, owner, "remove webhook", hook_id)
        return gone

    if not await at.store.write(work):
        raise NotFoundError("there is no such webhook")


def _record(connection: Connection, owner: Owner, action: str, hook_id: str) -> None:
    subject = f"webhook {hook_id}"
    audit.record(connection, user=owner.user, via=owner.principal.via, action=action, subject=subject, outcome="done")
