"""The roles of one service in a process of its own: ``python -m bench.role_service URL CLUSTERS``.

It says ``ready``, and ``held`` and when (monotonic clock, which all processes of a machine share) as soon as it has all
roles; it ends well on SIGTERM, and when its standard input ends. CLUSTERS 0: no roles, but a bare question on one
connection as often as roles ask.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import sys
import time

import structlog

from headgate.service.role_keeper import RoleKeeper
from headgate.service.roles import Role
from headgate.store.store import Store

_ONCE = ("composer", "resolver", "rules", "reservations", "settler", "triggers", "builds")
_EVERY = 2.0


def names(clusters: int) -> list[str]:
    """Return the roles of a service that looks after so many clusters; bots and forges would be some more."""
    return [*_ONCE, *(f"{kind} cluster{number}" for number in range(clusters) for kind in ("watcher", "nodes"))]


class Idle:
    """A part that does nothing. ``every`` of them are running once the last of them is."""

    running = 0

    def __init__(self, every: int, all_run: asyncio.Event) -> None:
        self._every, self._all_run = every, all_run
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Do nothing until ``stop``."""
        Idle.running += 1
        if Idle.running == self._every:
            self._all_run.set()
        await self._stop.wait()
        Idle.running -= 1

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stop.set()


async def _bare(store: Store) -> None:
    async with await store.connect() as connection:
        while True:
            await connection.execute("SELECT 1")
            await asyncio.sleep(_EVERY)


async def _hold(store: Store, clusters: int, stop: asyncio.Event) -> None:
    keeper, wanted, all_run = RoleKeeper(store), names(clusters), asyncio.Event()
    roles = [Role(keeper, name, functools.partial(Idle, len(wanted), all_run)) for name in wanted]
    tasks = [asyncio.create_task(role.run()) for role in roles]
    saying = asyncio.create_task(_say_held(all_run))
    await stop.wait()
    for role in roles:
        role.stop()
    await asyncio.gather(*tasks)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    await keeper.aclose()


async def _say_held(all_run: asyncio.Event) -> None:
    await all_run.wait()
    print(f"held {time.monotonic()}", flush=True)


async def main(url: str, clusters: int) -> None:
    """Hold roles until SIGTERM."""
    store, stop = Store(url), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(sys.stdin, stop.set)
    print("ready", flush=True)
    if clusters:
        await _hold(store, clusters, stop)
    else:
        asking = asyncio.create_task(_bare(store))
        await stop.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    store.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
