from __future__ import annotations

import asyncio
import json
import sys

from headgate.connectors.discord.connector import DiscordConnector
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.samples import SUCCEEDED
from headgate.notify.connector import Delivered, Envelope


async def test_it_says_where_it_is_prints_what_it_takes_and_stops_when_told() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "headgate.testing.discord", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        settings = DiscordSettings.model_validate({"token": told["token"], "url": told["url"]})
        discord = DiscordConnector("discord", settings)

        async def commit() -> None:
            """Nothing to wait for."""

        outcome = await discord.send(Envelope(f"user/{told['person']}", SUCCEEDED, "key-1"), commit)
        await discord.aclose()
        assert isinstance(outcome, Delivered)
        taken = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert taken["id"] == outcome.reference
        assert "Completed" in taken["message"]["content"]
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
