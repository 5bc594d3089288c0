"""Play Slack until interrupted; says where, and with which tokens."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN


async def play() -> None:
    """Play until cancelled, and tell each message on standard output."""
    async with FakeSlack() as slack:
        sys.stdout.write(f'base_url = "{slack.base_url}"\ntoken = "{BOT_TOKEN}"\nbot.app_token = "{APP_TOKEN}"\n')
        number = 1
        while True:
            sys.stdout.flush()
            post = await slack.posted(number)
            sys.stdout.write(f"{post.channel}: {post.arguments['text']}\n")
            number += 1


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(play())
