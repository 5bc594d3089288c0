"""``python -m headgate.testing.discord``: take messages as Discord would, and print them, until told to stop.

The first line is JSON with ``url`` and ``token`` for the settings, and ``channel`` and ``person`` to send to; each
further line is a message that was taken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from headgate.testing.discord.server import CHANNEL, PERSON, TOKEN, FakeDiscord, Taken


def main() -> None:
    """Run a fake until SIGTERM or SIGINT."""
    argparse.ArgumentParser(prog="python -m headgate.testing.discord", description=__doc__).parse_args()
    asyncio.run(_serve())


async def _serve() -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with FakeDiscord() as fake:
        fake.on_taken = _tell
        _print({"url": fake.url, "token": TOKEN, "channel": CHANNEL, "person": PERSON})
        await stopped.wait()


def _tell(taken: Taken) -> None:
    _print({"id": taken.id, "channel": taken.channel, "message": taken.payload, "files": sorted(taken.files)})


def _print(data: object) -> None:
    sys.stdout.write(f"{json.dumps(data)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
