"""``python -m headgate.testing.smtp DIRECTORY [--port N]``: keep every mail as a file until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from headgate.testing.smtp.sink import SmtpSink


def main() -> None:
    """Run a sink until SIGTERM or SIGINT; the port is printed as the first line."""
    parser = argparse.ArgumentParser(prog="python -m headgate.testing.smtp", description=__doc__)
    parser.add_argument("directory", type=Path, help="where mails are kept, one .eml file each")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    options = parser.parse_args()
    asyncio.run(_serve(options.directory, options.port))


async def _serve(directory: Path, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with SmtpSink(port=port, directory=directory) as sink:
        sys.stdout.write(f"{sink.port}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    main()
