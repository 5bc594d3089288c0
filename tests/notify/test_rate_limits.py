"""A service that allows one message per second gets no more than that, in order, and holds nobody else up."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from headgate.connectors.webhook.connector import WebhookConnector
from headgate.connectors.webhook.settings import WebhookSettings
from headgate.notify.pipeline import Worker, WorkerSettings
from headgate.notify.retries import RetryPolicy
from headgate.store.claims import Limits
from headgate.store.store import Store
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, HttpSink
from tests.notify.test_pipeline import digest, settled
from tests.store.owed import owe

_ALLOWED = 1.0
_MESSAGES = 8


class Strict:
    """Allows one request per second, and says so to who comes sooner."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, str]] = []
        self.refused = 0

    def __call__(self, request: ReceivedRequest) -> Answer:
        now = time.monotonic()
        if self.taken and now - self.taken[-1][0] < _ALLOWED * 0.98:
            self.refused += 1
            return Answer(429, {"Retry-After": "1"})
        self.taken.append((now, request.json["message"]["title"]))
        return Answer(200)


@pytest.mark.slow
async def test_one_per_second_in_order_while_others_run_at_full_speed(store: Store, tmp_path: Path) -> None:
    del tmp_path
    strict = Strict()
    async with HttpSink() as slow, HttpSink() as quick:
        slow.choose = strict
        workers = []
        for name, sink in (("slow", slow), ("quick", quick)):
            endpoints = {"ops": {"url": f"{sink.url}/x"}}
            given = WebhookSettings.model_validate({"endpoints": endpoints, "timeout": 10.0})
            connector = WebhookConnector(name, given)
            connector.wants_events = False  # as if people read there
            own = WorkerSettings(
                limits=Limits(recipient_burst=10_000), concurrency=4, poll=0.05, retries=RetryPolicy(first=0.1)
            )
            workers.append((connector, Worker(store, connector, own, owner=name, make_digest=digest)))
        await owe(store, [("ops", number) for number in range(_MESSAGES)], connector="slow")
        await owe(store, [("ops", 100 + number) for number in range(200)], connector="quick")
        tasks = [asyncio.create_task(worker.run()) for _, worker in workers]
        while len(quick.requests) < 200:
            await asyncio.sleep(0.05)
        slow_by_then = len(strict.taken)
        found = await settled(store)
        for connector, worker in workers:
            worker.stop()
            await connector.aclose()
        await asyncio.gather(*tasks)
    assert [title for _, title in strict.taken] == [f"job {number} of ops" for number in range(_MESSAGES)]
    assert slow_by_then < _MESSAGES
    assert strict.refused <= 4, "once it was told, it keeps the pace"
    assert len(found) == _MESSAGES + 200
