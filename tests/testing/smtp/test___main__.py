from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import aiosmtplib


async def test_run_on_its_own_it_prints_its_port_keeps_mails_and_ends_when_told(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headgate.testing.smtp", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        await aiosmtplib.send(b"\r\nx\r\n", sender="a@b.c", recipients=["d@e.f"], hostname="127.0.0.1", port=port)
    finally:
        process.send_signal(signal.SIGTERM)
        status = await process.wait()
    assert status == 0
    assert kept(tmp_path) == [".eml"]


def kept(directory: Path) -> list[str]:
    """Return the suffixes of a directory's files."""
    return [file.suffix for file in directory.iterdir()]
