"""The connector against ``emulate``, an independent Slack in a process of its own: posted, and read back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from headgate.connectors.samples import FAILED, SAMPLES
from headgate.connectors.slack.connector import SlackConnector
from headgate.connectors.slack.settings import SlackSettings
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".venv" / "bin" / "node"
EMULATE = ROOT / ".counterparts" / "node_modules" / "emulate" / "dist" / "index.js"
TOKEN = "xoxb-emulated-1234567890"
SEED = {
    "slack": {
        "channels": [{"name": "cluster"}],
        "tokens": [{"token": TOKEN, "scopes": ["chat:write", "channels:read", "channels:history"]}],
    }
}
pytestmark = pytest.mark.skipif(
    not (NODE.exists() and EMULATE.exists()), reason="node or emulate is not installed under .counterparts"
)


async def commit() -> None:
    return None


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """Start emulate, and return a client of its Web API."""
    (tmp_path / "seed.json").write_text(json.dumps(SEED))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["start", "-s", "slack", "-p", str(port), "--seed", str(tmp_path / "seed.json")]
    process = await asyncio.create_subprocess_exec(
        NODE,
        EMULATE,
        *arguments,
        cwd=tmp_path,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # what is called node here starts the real one, which does not end with it
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    base = f"http://127.0.0.1:{port}/api/"
    try:
        async with httpx2.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
            await until_up(process, client)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def until_up(process: asyncio.subprocess.Process, client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                await client.post("auth.test")
            except httpx2.TransportError:
                assert process.returncode is None
                await asyncio.sleep(0.1)
            else:
                return


@pytest.fixture
async def connector(api: httpx2.AsyncClient) -> AsyncIterator[SlackConnector]:
    connector = SlackConnector("slack", SlackSettings.model_validate({"token": TOKEN, "base_url": str(api.base_url)}))
    yield connector
    await connector.aclose()


async def channel_of(api: httpx2.AsyncClient) -> str:
    channels = (await api.post("conversations.list")).json()["channels"]
    return next(str(each["id"]) for each in channels if each["name"] == "cluster")


async def test_each_kind_of_message_is_posted_and_can_be_read_back(
    api: httpx2.AsyncClient, connector: SlackConnector
) -> None:
    channel = await channel_of(api)
    for name, message in SAMPLES.items():
        outcome = await connector.send(Envelope(connector.check_target(channel), message, name), commit)
        assert isinstance(outcome, Delivered)
        assert outcome.reference.startswith(f"{channel}:")
    kept = (await api.post("conversations.history", json={"channel": channel})).json()["messages"]
    sent = [json.loads(connector.render(Envelope(channel, each, "")).payload) for each in SAMPLES.values()]
    assert [each["blocks"] for each in reversed(kept)] == [each["blocks"] for each in sent]
    assert [each["attachments"][0]["color"] for each in reversed(kept)] == [
        each["attachments"][0]["color"] for each in sent
    ]


async def test_an_unknown_channel_is_given_up(connector: SlackConnector) -> None:
    outcome = await connector.send(Envelope("C0NOWHERE", FAILED, "key"), commit)
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "channel_not_found")
