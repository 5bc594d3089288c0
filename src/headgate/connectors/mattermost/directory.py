"""Which channel a target means: asked of the server once an hour."""

from __future__ import annotations

import time
from collections import OrderedDict
from urllib.parse import quote

from headgate.connectors.mattermost.client import MattermostClient, RefusedError
from headgate.connectors.mattermost.targets import ChannelId, NamedChannel, Person, Target, is_id
from headgate.model.delivery import Reason
from headgate.notify.connector import GiveUp, TryAgain

_KEPT = 10_000
"""Targets remembered."""
_FRESH = 3600.0
"""Seconds after which the server is asked again: names change hands."""


class Directory:
    """Finds channels' ids, and remembers them for a while."""

    def __init__(self, client: MattermostClient) -> None:
        self._client = client
        self._known: OrderedDict[Target, tuple[str, float]] = OrderedDict()
        self._own = ""

    async def channel_of(self, target: Target) -> str:
        """Return the id of the channel to post to. Raises RefusedError."""
        if isinstance(target, ChannelId):
            return target.channel
        found, until = self._known.get(target, ("", 0.0))
        if found and time.monotonic() < until:
            return found
        channel = await self._ask(target)
        self._known[target] = (channel, time.monotonic() + _FRESH)
        self._known.move_to_end(target)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return channel

    async def direct_channel(self, user: str) -> str:
        """Return the id of the channel that a person, by id, shares with the bot. Raises RefusedError."""
        channel = await self._client.ask("POST", "channels/direct", [await self.own_id(), user])
        return _id_in(channel)

    async def own_id(self) -> str:
        """Return the bot's own user id. Raises RefusedError."""
        if not self._own:
            self._own = _id_in(await self._client.ask("GET", "users/me"))
        return self._own

    def forget(self, target: Target) -> None:
        """Ask again next time."""
        self._known.pop(target, None)

    async def _ask(self, target: Person | NamedChannel) -> str:
        if isinstance(target, NamedChannel):
            path = f"teams/name/{quote(target.team, safe='')}/channels/name/{quote(target.channel, safe='')}"
            return _id_in(await self._client.ask("GET", path))
        user = await self._client.ask("GET", f"users/username/{quote(target.name, safe='')}")
        if user.get("delete_at"):
            raise RefusedError(GiveUp(Reason.TARGET_REFUSED, f"the account of @{target.name} is deactivated"))
        return await self.direct_channel(_id_in(user))


def _id_in(answer: dict[str, object]) -> str:
    found = answer.get("id")
    if not is_id(found):
        raise RefusedError(TryAgain(Reason.BAD_ANSWER, "the answer has no id"))
    return str(found)
