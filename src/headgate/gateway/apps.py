"""Apps: who is asking, and for whom an app may ask."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from headgate.errors import NotFoundError
from headgate.executor.groups import groups_of
from headgate.gateway.refusals import BadRequestError, ConflictError, NotAllowedError, UnknownAppError
from headgate.model.app import App, AppRules, AppToken, new_token, same_hash, token_hash
from headgate.store import apps
from headgate.store.store import Store

_REMEMBERED: Final = 5.0
"""Seconds for which a token that was looked up is good without another look: so long one goes on that is revoked."""
_GROUPS_REMEMBERED: Final = 60.0
_MOST: Final = 10_000
_LONGEST: Final = 512
"""Characters of a token."""
_USED_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: an app by its token, or an administrator. ``user``: the only one it may act for, if any.

    ``groups``: those that an OpenID Connect token named.
    """

    app: App | None
    token: str
    """The token's name, for the audit log."""
    user: str | None = None
    address: str = ""
    groups: frozenset[str] = frozenset()

    @property
    def admin(self) -> bool:
        """Whether it is an administrator: one who manages apps and submits nothing."""
        return self.app is None

    @property
    def via(self) -> str:
        """By which way it asks, for the audit log."""
        return "api admin" if self.app is None else f"api {self.app.name}"


@dataclass(slots=True)
class _Seen:
    at: float
    principal: Principal
    expires_at: float | None


class Apps:
    """Knows apps by their tokens, and makes and ends both."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._groups: OrderedDict[str, tuple[float, frozenset[str]]] = OrderedDict()
        self._used: dict[str, float] = {}
        self._used_at = 0.0

    async def authenticate(self, token: str) -> Principal:
        """Say who holds this token. Raises UnknownAppError, NotAllowedError for an app that is switched off."""
        if not 0 < len(token) <= _LONGEST:
            raise UnknownAppError("this token is not known")
        hash_, now = token_hash(token), self._clock()
        seen = self._seen.get(hash_)
        if seen is None or now - seen.at > _REMEMBERED:
            seen = await self._look_up(hash_, now)
        if seen.expires_at is not None and seen.expires_at <= now:
            raise UnknownAppError("this token has expired")
        if seen.principal.app is not None and seen.principal.app.disabled:
            raise NotAllowedError(f"the app {seen.principal.app.name} is switched off")
        return seen.principal

    async def named(self, name: str) -> App:
        """Return an app by name or id. Raises NotFoundError."""
        found = await self._store.read(lambda connection: apps.find(connection, name))
        if found is None:
            raise NotFoundError(f"there is no app {name[:64]!a}")
        return found

    async def every(self) -> list[App]:
        """Return all apps, by name."""
        return await self._store.read(apps.every)

    async def may_act_for(self, app: App, user: str) -> bool:
        """Say whether an app's rules let it act for a user."""
        if app.rules.names(user):
            return True
        return bool(app.rules.groups) and not (await self._groups_of(user)).isdisjoint(app.rules.groups)

    async def acting_for(self, principal: Principal, user: str | None) -> str:
        """Return the user that is acted for: the token's own, or the one that was named. Raises NotAllowedError."""
        if principal.app is None:
            raise NotAllowedError("an administrator's token manages apps; jobs are an app's")
        if principal.user is not None:
            if user not in (None, principal.user):
                raise NotAllowedError("this token is good for another user than the one that was named")
            return principal.user
        if user is None:
            raise UnknownAppError("the User header is missing: whose job is it?")
        if not await self.may_act_for(principal.app, user):
            raise NotAllowedError(f"the app {principal.app.name} may not act for this user")
        return user

    async def add(self, name: str, rules: AppRules, *, app_id: str | None = None) -> tuple[App, str]:
        """Make an app and its first token, which is told only now. Raises ConflictError, BadRequestError."""
        app = App(app_id or str(uuid.uuid4()), checked_name(name), rules, self._clock())
        token = new_token()

        def work(connection: Connection) -> bool:
            if not apps.add(connection, app):
                return False
            return apps.add_token(connection, _token(app.id, "first", self._clock()), token_hash(token))

        if not await self._store.write(work):
            raise ConflictError(f"there is an app {name} already")
        return app, token

    async def change(self, app: App, rules: AppRules, *, disabled: bool) -> App:
        """Change what an app may do, from now on."""
        await self._store.write(lambda connection: apps.change(connection, app.id, rules, disabled=disabled))
        self._seen.clear()
        return replace(app, rules=rules, disabled=disabled)

    async def remove(self, app: App) -> None:
        """Forget an app, with its tokens and jobs; jobs in Slurm and files stay."""
        await self._store.write(lambda connection: apps.remove(connection, app.id))
        self._seen.clear()

    async def give_token(
        self, app: App | None, name: str, *, user: str | None = None, lifetime: float | None = None
    ) -> tuple[AppToken, str]:
        """Make a token of an app, or (None) an administrator's. It is told only now. ``lifetime``: in seconds."""
        now, text = self._clock(), new_token()
        kept = _token(None if app is None else app.id, name, now, user, None if lifetime is None else now + lifetime)
        await self._store.write(lambda connection: apps.add_token(connection, kept, token_hash(text)))
        return kept, text

    async def rotate(self, app: App | None, name: str, *, grace: float) -> tuple[AppToken, str]:
        """Make a new token, and let all others end after ``grace`` seconds."""
        kept, text = await self.give_token(app, name)
        app_id, at = kept.app_id, self._clock() + grace
        await self._store.write(lambda connection: apps.expire(connection, app_id, at, but=kept.id))
        self._seen.clear()
        return kept, text

    async def tokens(self, app: App | None) -> Sequence[AppToken]:
        """Return what is kept of an app's tokens."""
        return await self._store.read(lambda connection: apps.tokens_of(connection, None if app is None else app.id))

    async def revoke(self, app: App | None, token_id: str) -> None:
        """End a token now. Raises NotFoundError."""
        app_id = None if app is None else app.id
        if not await self._store.write(lambda connection: apps.revoke(connection, token_id, app_id)):
            raise NotFoundError("there is no such token")
        self._seen.clear()

    async def note_use(self) -> None:
        """Write down when tokens were last used, for all at once, now and then."""
        now = self._clock()
        if not self._used or now - self._used_at < _USED_EVERY:
            return
        used, self._used, self._used_at = self._used, {}, now
        await self._store.write(lambda connection: apps.used(connection, used))

    async def _look_up(self, hash_: str, now: float) -> _Seen:
        found = await self._store.read(lambda connection: apps.token_with(connection, hash_))
        if found is None or not same_hash(found[1], hash_):
            raise UnknownAppError("this token is not known")
        token, _, app = found
        self._used[token.id] = now
        seen = _Seen(now, Principal(app, token.name, token.user), token.expires_at)
        self._seen[hash_] = seen
        if len(self._seen) > _MOST:
            self._seen.popitem(last=False)
        return seen

    async def _groups_of(self, user: str) -> frozenset[str]:
        now = self._clock()
        known = self._groups.get(user)
        if known is None or now - known[0] > _GROUPS_REMEMBERED:
            known = now, await asyncio.to_thread(groups_of, user)
            self._groups[user] = known
            if len(self._groups) > _MOST:
                self._groups.popitem(last=False)
        return known[1]


def checked_name(name: str) -> str:
    """Return a name that an app may have. Raises BadRequestError."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    if not (plain.isascii() and plain.isalnum() and name[0].isalnum() and len(name) <= 64):  # noqa: PLR2004 - as said
        raise BadRequestError("an app's name is 1 to 64 letters, digits and -_. and begins with a letter or digit")
    return name


def _token(
    app_id: str | None, name: str, now: float, user: str | None = None, expires_at: float | None = None
) -> AppToken:
    return AppToken(str(uuid.uuid4()), app_id, name, user, now, expires_at, None)
