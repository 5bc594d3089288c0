from __future__ import annotations

import asyncio
import re
import signal
import sys

import httpx2

from headgate.testing.slack.workspace import BOT_TOKEN


async def test_it_is_played_by_hand_and_tells_each_message() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headgate.testing.slack", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        said = (await process.stdout.readuntil(b"app_token")).decode()
        found = re.search(r'base_url = "([^"]+)"', said)
        assert found
        await process.stdout.readline()
        async with httpx2.AsyncClient(trust_env=False) as client:
            body = {"channel": "#general", "text": "Hello"}
            headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
            await client.post(f"{found[1]}/chat.postMessage", json=body, headers=headers)
        assert (await process.stdout.readline()).decode() == "C0GENERAL: Hello\n"
    finally:
        process.send_signal(signal.SIGINT)
        await process.communicate()
