"""One worker in a process of its own: ``python -m bench.delivery_worker URL OWNER SAFE`` (SAFE: 1 or 0).

It says ``ready``, waits for a line, works, and says how many deliveries are recorded and when (monotonic clock, which
all processes of a machine share) until its standard input ends; last it says how many messages it was given to send,
and how many CPU seconds it took for all this.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import structlog

from bench.backlog import CONNECTOR, WARM_UP, WARM_UPS
from headgate.config.connector import ConnectorSettings
from headgate.config.settings import Settings
from headgate.notify import metrics
from headgate.notify.connector import Commit, Delivered, Envelope, Outcome
from headgate.notify.pipeline import Worker
from headgate.service.messages import make_worker
from headgate.store.store import Store

_LOOK = 0.005


class InstantConnector:
    """A service that has taken every message as soon as it is asked to."""

    def __init__(self, name: str, *, repeat_safe: bool) -> None:
        self.name = name
        self.repeat_safe = repeat_safe
        self.wants_events = False
        self.taken = 0

    def check_target(self, target: str) -> str:
        """Return the target as it is."""
        return target

    async def send(self, envelope: Envelope, commit: Commit) -> Outcome:  # noqa: ARG002 - what it is does not matter
        """Take it."""
        await commit()
        self.taken += 1
        return Delivered()

    async def aclose(self) -> None:
        """Close nothing."""


def recorded(connector: str) -> int:
    """Return how many deliveries of a connector this process has recorded as delivered."""
    return sum(
        int(sample.value)
        for metric in metrics.DELIVERIES.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels == {"connector": connector, "how": "delivered"}
    )


def worker_of(store: Store, connector: InstantConnector, owner: str) -> Worker:
    """Make the worker as the service would, with all settings as they come but for the bound per recipient."""
    own = ConnectorSettings(kind=connector.name, recipient_burst=10**9)
    return make_worker(Settings(), store, connector, own, owner)


async def warm_up(store: Store, owner: str) -> None:
    """Deliver a few, so that queries are compiled and connections are open."""
    connector = InstantConnector(WARM_UP, repeat_safe=True)
    worker = worker_of(store, connector, f"{owner}-warm")
    task = asyncio.create_task(worker.run())
    begun = time.monotonic()
    # Another process may have taken some of them, so it ends after a while all the same.
    while recorded(WARM_UP) < WARM_UPS and time.monotonic() - begun < 1:  # noqa: ASYNC110 - a metric has no event
        await asyncio.sleep(_LOOK)
    worker.stop()
    await task


async def main(url: str, owner: str, *, repeat_safe: bool) -> None:
    """Work until standard input ends."""
    store = Store(url)
    await warm_up(store, owner)
    connector = InstantConnector(CONNECTOR, repeat_safe=repeat_safe)
    worker = worker_of(store, connector, owner)
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    begun = time.process_time()
    working, listening = asyncio.create_task(worker.run()), asyncio.create_task(store.listen())
    stop = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    told = 0
    while not stop.done():
        if (now := recorded(CONNECTOR)) != told:
            told = now
            _say(f"{time.monotonic()} {told}")
        await asyncio.sleep(_LOOK)
    worker.stop()
    await working
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    store.close()
    _say(f"taken {connector.taken} {time.process_time() - begun}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Standard output is for the figures.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(main(sys.argv[1], sys.argv[2], repeat_safe=sys.argv[3] == "1"))
