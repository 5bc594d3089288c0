"""A strict Mattermost on a loopback port: the part of the API v4 that a bot needs, and its web socket.

Read ``server.py`` first. It is made from the documentation, not from a server, and stricter than one: it refuses what
the documentation does not name. ``checks.py`` and ``world.py`` name the page that each rule is from. For tests, and
for people who write bots::

    async with FakeMattermost() as server:
        ada = server.world.add_user("ada")
        ...  # a bot with server.url and server.token
        await server.say(ada, server.world.direct_channel(ada, server.world.bot), "jobs")
        assert server.posts[-1]["message"]
"""

from __future__ import annotations

from headgate.testing.mattermost.server import FakeMattermost
from headgate.testing.mattermost.world import Channel, User, World

__all__ = ["Channel", "FakeMattermost", "User", "World"]
