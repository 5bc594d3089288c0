"""``python -m headgate.testing.telegram [--port N] CHAT…``: take messages to these chats, and print them."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from headgate.testing.telegram.chats import Chat
from headgate.testing.telegram.server import TelegramServer
from headgate.testing.telegram.telegram import Telegram


def main() -> None:
    """Serve until SIGTERM or SIGINT; the address is printed as the first line, the token as the second."""
    parser = argparse.ArgumentParser(prog="python -m headgate.testing.telegram", description=__doc__)
    parser.add_argument("chats", type=int, nargs="+", metavar="CHAT", help="numbers of chats; negative ones are groups")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    options = parser.parse_args()
    asyncio.run(_serve(options.chats, options.port))


async def _serve(chats: list[int], port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    telegram = Telegram()
    for chat in chats:
        telegram.add(Chat(chat, "private" if chat > 0 else "supergroup", f"Chat {chat}"))
    async with TelegramServer(telegram, port=port) as server:
        _say(f"{server.url}\n{telegram.token}")
        shown = 0
        while not stopped.is_set():
            for sent in telegram.sent[shown:]:
                _say(f"--- to {sent.chat}\n{sent.text}")
            shown = len(telegram.sent)
            await asyncio.sleep(0.1)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
