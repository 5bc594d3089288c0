"""The played Telegram as a program."""

from __future__ import annotations

import asyncio
import signal
import sys

import httpx2


async def test_it_says_where_it_is_prints_messages_and_ends_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headgate.testing.telegram", "17", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        token = (await process.stdout.readline()).decode().strip()
        async with httpx2.AsyncClient(trust_env=False) as client:
            await client.post(f"{url}/bot{token}/sendMessage", json={"chat_id": 17, "text": "hello"})
        assert await process.stdout.readline() == b"--- to 17\n"
        assert await process.stdout.readline() == b"hello\n"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
