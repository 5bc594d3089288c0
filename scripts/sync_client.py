"""Write the client without asyncio from the one with it: they are the same, but for the words of asyncio.

python -m scripts.sync_client
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLIENT = Path(__file__).parents[1] / "src" / "headgate" / "client"
_WORDS = (
    ("The gateway, asked by asyncio. ``client.py`` is made of this by", "The gateway, asked without asyncio. Made by"),
    ("AsyncGenerator, AsyncIterator, Callable, Mapping", "Callable, Generator, Iterator, Mapping"),
    ("AsyncGenerator[Event]", "Generator[Event]"),
    ("async def ", "def "),
    ("async with ", "with "),
    ("async for ", "for "),
    ("await ", ""),
    ("AsyncIterator", "Iterator"),
    ("asynccontextmanager", "contextmanager"),
    ("aclosing", "closing"),
    ("AsyncClient", "Client"),
    ("aclose", "close"),
    ("__aenter__", "__enter__"),
    ("__aexit__", "__exit__"),
    ("aiter_bytes", "iter_bytes"),
    ("aiter(", "iter("),
    ("aread", "read"),
    ("import asyncio\nimport hashlib\nimport os\n", "import hashlib\nimport os\nimport time\n"),
    ("asyncio.sleep", "time.sleep"),
    ("ASYNC240, ", ""),
    ("as an async context manager", "in a ``with`` statement"),
)
_HEAD = "# ruff: noqa: C416, UP028 - what is written by a program is not polished by hand\n"


def without_asyncio(source: str) -> str:
    """Return the client's source without asyncio, formatted."""
    for word, plain in _WORDS:
        source = source.replace(word, plain)
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename=client.py", "-"]
    return subprocess.run(command, input=_HEAD + source, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write it."""
    (CLIENT / "client.py").write_text(without_asyncio((CLIENT / "async_client.py").read_text()))


if __name__ == "__main__":
    main()
