"""Somebody who uses a Matrix homeserver: makes rooms, invites, says things and reads what is there."""

from __future__ import annotations

import itertools
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from headgate.testing.matrix.synapse import SynapseError

_ROOT = "/_matrix/client/v3"


class Person:
    """A user of a homeserver with an access token; use it as an async context manager."""

    def __init__(self, url: str, user: str, token: str) -> None:
        """``user`` is the whole user id, such as ``@ada:test.local``."""
        self.user = user
        self.token = token
        self._numbers = itertools.count(1)
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx2.AsyncClient(base_url=url + _ROOT, headers=headers, timeout=60, trust_env=False)

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, content: object = None, **query: str) -> dict[str, Any]:
        """Make a call of the client-server API and return its answer. Raises SynapseError if it is refused."""
        answer = await self._client.request(method, path, json=content, params=query)
        if answer.is_error:
            raise SynapseError(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        said: dict[str, Any] = answer.json()
        return said

    async def make_room(
        self, *invited: str, alias: str = "", encrypted: bool = False, public: bool = False, direct: bool = False
    ) -> str:
        """Make a room and return its id."""
        encryption = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
        asked = {
            "preset": "public_chat" if public else "private_chat",
            "invite": list(invited),
            "is_direct": direct,
            "initial_state": [encryption] if encrypted else [],
            **({"room_alias_name": alias} if alias else {}),
        }
        return str((await self.ask("POST", "/createRoom", asked))["room_id"])

    async def invite(self, room: str, user: str) -> None:
        """Invite somebody."""
        await self.ask("POST", f"/rooms/{quote(room, safe='')}/invite", {"user_id": user})

    async def join(self, room: str) -> None:
        """Join a room, by its id or alias."""
        await self.ask("POST", f"/join/{quote(room, safe='')}", {})

    async def leave(self, room: str) -> None:
        """Leave a room."""
        await self.ask("POST", f"/rooms/{quote(room, safe='')}/leave", {})

    async def kick(self, room: str, user: str, *, ban: bool = False, reason: str = "") -> None:
        """Put somebody out of a room."""
        asked = {"user_id": user, **({"reason": reason} if reason else {})}
        await self.ask("POST", f"/rooms/{quote(room, safe='')}/{'ban' if ban else 'kick'}", asked)

    async def encrypt(self, room: str) -> None:
        """Switch encryption on, which cannot be undone."""
        path = f"/rooms/{quote(room, safe='')}/state/m.room.encryption/"
        await self.ask("PUT", path, {"algorithm": "m.megolm.v1.aes-sha2"})

    async def say(self, room: str, body: str, **content: object) -> str:
        """Say something, as ``m.text`` if ``content`` does not differ, and return the event's id."""
        path = f"/rooms/{quote(room, safe='')}/send/m.room.message/said-{next(self._numbers)}"
        return str((await self.ask("PUT", path, {"msgtype": "m.text", "body": body, **content}))["event_id"])

    async def events(self, room: str, kind: str = "m.room.message", *, of: str = "") -> list[dict[str, Any]]:
        """Return the events of a kind in a room, oldest first: all, or those of one sender."""
        path = f"/rooms/{quote(room, safe='')}/messages"
        chunk = (await self.ask("GET", path, dir="b", limit="200"))["chunk"]
        return [event for event in reversed(chunk) if event["type"] == kind and of in ("", event["sender"])]

    async def membership(self, room: str, user: str) -> dict[str, Any]:
        """Return the content of somebody's member event in a room we are in: ``membership``, ``reason``."""
        return await self.ask("GET", f"/rooms/{quote(room, safe='')}/state/m.room.member/{quote(user, safe='')}")
