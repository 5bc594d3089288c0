"""Who and what there is on a fake Mattermost: users, teams, channels, posts. No I/O.

What they look like: https://developers.mattermost.com/api-documentation/, schemas User, Channel, Post.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

_ALPHABET = "abcdefghijkmnopqrstuvwxyz1356789"


@dataclass(slots=True)
class User:
    """An account."""

    id: str
    username: str
    is_bot: bool = False
    delete_at: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the User object, as far as a bot reads it."""
        return {"id": self.id, "username": self.username, "is_bot": self.is_bot, "delete_at": self.delete_at}


@dataclass(slots=True)
class Channel:
    """A channel. ``type``: O open, P private, D direct, G group."""

    id: str
    team: str
    name: str
    type: str
    members: set[str] = field(default_factory=set)
    delete_at: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the Channel object, as far as a bot reads it."""
        return {
            "id": self.id,
            "team_id": _id(f"team {self.team}") if self.team else "",
            "type": self.type,
            "name": self.name,
            "display_name": self.name,
            "delete_at": self.delete_at,
        }


class World:
    """Everything a fake server knows. There is one bot, ``bot``, from the start."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.bot = self.add_user("headgate", is_bot=True)

    def new_id(self) -> str:
        """Return an id that was not given to anything yet: 26 letters and digits."""
        return _id(f"number {next(self._numbers)}")

    def add_user(self, username: str, *, is_bot: bool = False) -> User:
        """Create an account."""
        user = User(self.new_id(), username, is_bot)
        self.users[user.id] = user
        return user

    def add_channel(self, team: str, name: str, *members: User, kind: str = "O") -> Channel:
        """Create a channel in a team with these members."""
        channel = Channel(self.new_id(), team, name, kind, {member.id for member in members})
        self.channels[channel.id] = channel
        return channel

    def direct_channel(self, one: User, other: User) -> Channel:
        """Return the channel two people share; it is made when it is first asked for."""
        name = "__".join(sorted((one.id, other.id)))
        found = next((channel for channel in self.channels.values() if channel.name == name), None)
        return found or self.add_channel("", name, one, other, kind="D")

    def user_named(self, username: str) -> User | None:
        """Return the account with this name."""
        return next((user for user in self.users.values() if user.username == username), None)

    def channel_named(self, team: str, name: str) -> Channel | None:
        """Return a team's channel by its name."""
        found = (channel for channel in self.channels.values() if (channel.team, channel.name) == (team, name))
        return next(found, None)

    def add_post(self, author: User, channel: Channel, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a post and return it as the server would."""
        props = {**body.get("props", {}), **({"from_bot": "true"} if author.is_bot else {})}
        post = {
            "id": self.new_id(),
            "create_at": len(self.posts) + 1,
            "user_id": author.id,
            "channel_id": channel.id,
            "root_id": body.get("root_id", ""),
            "message": body.get("message", ""),
            "type": body.get("type", ""),
            "props": props,
            "file_ids": body.get("file_ids", []),
            "pending_post_id": body.get("pending_post_id", ""),
        }
        self.posts[str(post["id"])] = post
        return post


def _id(of: str) -> str:
    digest = hashlib.sha256(of.encode()).digest()
    return "".join(_ALPHABET[octet % len(_ALPHABET)] for octet in digest[:26])
