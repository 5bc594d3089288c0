"""Seconds from a change of a node to the first step of the rule that it begins, beside bare ``scontrol show node``.

The node is real, and so are the watcher and the engine, as ``headgate serve`` runs them. The baseline asks scontrol
again and again, without pause, until it tells of the change. Changes come at any moment
between two looks of the watcher. "Woken" means that the watcher is told to look at once, as a trigger of Slurm does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from bench.report import Spread, print_goal, print_machine, print_table
from headgate.actions.action import Call, NoParameters, action
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.registry import Actions
from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.model.event import EventKind
from headgate.model.role import Role
from headgate.rules.engine import EngineSettings, RuleEngine
from headgate.rules.matching import Names
from headgate.slurm.client import SlurmClient
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.migrate import migrate
from headgate.store.signals import Topic
from headgate.store.store import Store, ring
from headgate.testing.cluster import Cluster

INTERVALS = (10.0, 2.0)
"""Seconds between two looks: as ``nodes.interval`` is by default, and shorter."""
ALLOWED: Final = 2.0
"""Seconds that a look, the journal and the engine may take beside the waiting for the next look."""
_NODE: Final = "n1"
_PATIENCE: Final = 120.0
_RULE: Final = """\
name: fire
enabled: true
trigger: {type: node.drained}
action: {ref: bench.fire}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a rule fired later than it should."""
    parser = argparse.ArgumentParser(prog="./dev bench rules", description=__doc__)
    parser.add_argument("--runs", type=int, default=8, help="changes of each kind")
    parser.add_argument("--intervals", type=float, nargs="+", default=INTERVALS, help="seconds between two looks")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with Cluster("bench-rules", nodes=2) as cluster:
        baseline = asyncio.run(_baseline(cluster, chosen.runs))
        measured = {f"every {one:g} s": asyncio.run(_rules(cluster, one, chosen.runs)) for one in chosen.intervals}
        woken = asyncio.run(_rules(cluster, max(chosen.intervals), chosen.runs, woken=True))
    _show(baseline, {**measured, "woken": woken})
    allowed = {f"every {one:g} s": one + ALLOWED for one in chosen.intervals} | {"woken": ALLOWED}
    late = [name for name, most in allowed.items() if max({**measured, "woken": woken}[name].fired) > most]
    goal = f"fired within the watcher's interval and {ALLOWED:g} s more, woken within {ALLOWED:g} s"
    return 0 if print_goal(goal, not late) else 1


@dataclass(slots=True)
class Latencies:
    """Seconds after a change: when its event was in the journal, and when the rule's step began."""

    written: list[float] = field(default_factory=list)
    fired: list[float] = field(default_factory=list)


class _Node:
    """A node that is drained and resumed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def drain(self) -> float:
        """Drain it; return when slurmctld had done so."""
        await asyncio.to_thread(self._update, "state=drain", "reason=bench")
        return time.time()

    async def resume(self) -> None:
        """Take it back into service."""
        await asyncio.to_thread(self._update, "state=resume")

    async def is_drained(self) -> None:
        """Ask ``scontrol show node``, without pause, until it says so."""
        while "+DRAIN" not in await asyncio.to_thread(self._cluster.command, "scontrol", "-o", "show", "node", _NODE):
            continue

    def _update(self, *words: str) -> None:
        self._cluster.command("scontrol", "update", f"nodename={_NODE}", *words)


async def _baseline(cluster: Cluster, runs: int) -> list[float]:
    """Ask for the node without pause, until it is drained."""
    node, found = _Node(cluster), []
    for _ in range(runs):
        changed = await node.drain()
        async with asyncio.timeout(_PATIENCE):
            await node.is_drained()
        found.append(time.time() - changed)
        await node.resume()
        await asyncio.sleep(random.random())
    return found


class _Fired:
    """An action that only says when it was called."""

    def __init__(self) -> None:
        self.at: asyncio.Queue[float] = asyncio.Queue()

    def actions(self) -> Catalogue:
        @action("bench.fire", role=Role.VIEWER)
        async def fire(asked: NoParameters, call: Call) -> str:
            """Say when it was called."""
            del asked, call
            self.at.put_nowait(time.time())
            return "fired"

        return Catalogue([fire])


async def _rules(cluster: Cluster, interval: float, runs: int, *, woken: bool = False) -> Latencies:
    """Drain the node at any moment, and wait until the rule has fired."""
    fired, node, found = _Fired(), _Node(cluster), Latencies()
    async with _running(cluster, interval, fired) as store:
        bell = store.bell(Topic.EVENTS)
        for _ in range(runs):
            await asyncio.sleep(random.uniform(0.0, interval) + 1.0)
            changed = await node.drain()
            if woken:
                await store.write(lambda connection: ring(connection, Topic.NODES))
            async with asyncio.timeout(_PATIENCE):
                found.fired.append(await fired.at.get() - changed)
            found.written.append(await store.read(_last_written) - changed)
            await node.resume()
            async with asyncio.timeout(_PATIENCE):
                while not await store.read(_is_resumed):
                    await bell.wait(1.0)
    return found


@contextlib.asynccontextmanager
async def _running(cluster: Cluster, interval: float, fired: _Fired) -> AsyncIterator[Store]:
    """Run a watcher and an engine on a store of their own, which both have begun with."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory:
        rules = Path(directory, "rules.d")
        store = await asyncio.to_thread(_made, Path(directory), rules)
        client = SlurmClient(SlurmSettings(bin=cluster.bin))
        watcher = NodeWatcher(store, Journal(), client, NodeWatcherSettings(interval=interval))
        actions = Actions(Context(store), fired.actions())
        engine = RuleEngine(store, actions, EngineSettings(rules, library=None), Names({}, {}))
        await engine.turn()  # from here on it follows
        await watcher.tick()
        tasks = [asyncio.create_task(part.run()) for part in (watcher, engine)]
        try:
            yield store
        finally:
            watcher.stop()
            engine.stop()
            await asyncio.gather(*tasks)
            await asyncio.to_thread(store.close)


def _made(directory: Path, rules: Path) -> Store:
    """Make a store, and a rule."""
    rules.mkdir()
    (rules / "fire.yaml").write_text(_RULE)
    store = Store(f"sqlite:///{directory}/headgate.db")
    migrate(store)
    return store


def _last_written(connection: Connection) -> float:
    wanted = EventFilter(kind=EventKind.NODE_DRAINED.value)
    return journal.find(connection, wanted, limit=1)[-1].recorded_at


def _is_resumed(connection: Connection) -> bool:
    drained, resumed = (
        journal.find(connection, EventFilter(kind=kind), limit=1) for kind in ("node.drained", "node.resumed")
    )
    return bool(resumed) and resumed[-1].id > drained[-1].id


def _show(baseline: Sequence[float], measured: Mapping[str, Latencies]) -> None:
    rows = [["scontrol show node, without pause", Spread.of(baseline).text(".2f"), "-"]]
    rows += [
        [f"Headgate, looking {name}" if name != "woken" else "Headgate, woken at the change"]
        + [Spread.of(values).text(".2f") for values in (latencies.written, latencies.fired)]
        for name, latencies in measured.items()
    ]
    print_table(["seconds after the change", "known", "step began"], rows)


if __name__ == "__main__":
    sys.exit(main())
