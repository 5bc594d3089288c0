"""Asking the API as whoever has a role: with an app's token, an administrator's, or one that is good for one user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.gateway import GatewaySettings
from headgate.config.roles import Members, RolesSettings
from headgate.gateway.apps import Apps
from headgate.gateway.following import Follower
from headgate.gateway.gateway import Gateway
from headgate.model.app import AppRules
from headgate.model.role import Role
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.web.api.application import make_api

ROLES = RolesSettings(**{role.value: Members(apps=(role.value,)) for role in Role})
ALL = ("stranger", *Role, "administrator")
"""Apps are called by their role; the stranger has none, and `administrator` is no app."""


@asynccontextmanager
async def asking(
    store: Store, name: str, user: str | None = None, rules: Path | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask with the token of an app that is made for it. ``user``: the only one for whom it is good.

    ``rules``: the directory of the site's.
    """
    apps = Apps(store)
    if name == "administrator":
        _, token = await apps.give_token(None, "first")
    else:
        app, token = await apps.add(name, AppRules(any_user=True, rate=10_000, burst=100_000))
        if user is not None:
            _, token = await apps.give_token(app, f"of {user}", user=user)
    desk = Desk(Actions(Context(store)), Roles(ROLES))
    gateway = Gateway(GatewaySettings(), store, {}, Follower(frozenset(), 0.0), desk=desk, rules=rules)
    transport = httpx2.ASGITransport(make_api(lambda: gateway))
    headers = {"X-Auth-Token": token, "Accept": "application/json"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://headgate", headers=headers) as client:
        yield client


async def following(client: httpx2.AsyncClient, answer: httpx2.Response) -> httpx2.Response | None:
    """Ask for the next page, if there is one."""
    link = answer.links.get("next")
    return None if link is None else await client.get(link["url"])


async def pages_of(client: httpx2.AsyncClient, path: str) -> list[Any]:
    """Ask for a list's pages, one after the other; return what each holds."""
    answer: httpx2.Response | None = await client.get(path)
    found = []
    while answer is not None:
        found.append(answer.json())
        answer = await following(client, answer)
    return found


async def entries(store: Store) -> list[tuple[str, str, str, str]]:
    """What the audit log has: by which way, what, of what, and what became of it."""
    found = await store.read(lambda c: audit.find(c, AuditFilter(), limit=20))
    return [(one.via, one.action, one.subject, one.outcome) for one in found]
