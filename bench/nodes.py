"""CPU seconds and Slurm calls of one look at the nodes (a tick), beside one bare scontrol with the same output.

The nodes are real to slurmctld and slurmdbd: beside four with a slurmd, as many as wanted that are switched off, as a
cloud's are. "5 % changing" means that between two looks so many of them were drained, or resumed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from functools import partial

from bench.report import Spread, print_goal, print_machine, print_table
from bench.usage import Usage, take
from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.slurm import process
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import nodes
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.cluster import Cluster

SIZES = (4, 1_000, 5_000)
GOAL_CALLS = 2
"""Calls of a tick: one scontrol, and one sacctmgr when nodes changed."""
_REAL = 4
_CHANGED = 0.05


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a tick took more calls than it should."""
    parser = argparse.ArgumentParser(prog="./dev bench nodes", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="ticks of each kind")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="nodes of the cluster")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    measured = {size: _of_size(size, chosen.runs) for size in sorted(chosen.sizes)}
    _show(measured)
    most = max(max(usage.calls) for kinds in measured.values() for usage in kinds.values() if usage.calls)
    goal = f"at most {GOAL_CALLS} calls in any tick, whatever the number of nodes"
    return 0 if print_goal(goal, most <= GOAL_CALLS) else 1


class ChangingNodes:
    """A real cluster, most of whose nodes are only names, of which some are drained and resumed in turn."""

    def __init__(self, cluster: Cluster, size: int) -> None:
        self._cluster = cluster
        self._first = "e" if size > _REAL else "n"
        count = size - _REAL if size > _REAL else size
        self._changing = f"{self._first}[1-{max(1, int(count * _CHANGED))}]"
        self._drained = False
        self.slurmctld = int((cluster.layout.run / "slurmctld.pid").read_text())
        self.settings = SlurmSettings(bin=cluster.bin, timeout=120)

    def change(self) -> None:
        """Drain, or resume, one node in twenty."""
        self._drained = not self._drained
        words = ("state=drain", "reason=bench") if self._drained else ("state=undrain",)
        self._cluster.command("scontrol", "update", f"nodename={self._changing}", *words)


def _of_size(size: int, runs: int) -> dict[str, Usage]:
    more = {}
    if size > _REAL:
        # slurmctld shows a cloud's nodes that are switched off only if it is asked to.
        cloud = f"e[1-{size - _REAL}] CPUs=16 RealMemory=16000 State=CLOUD"
        more = {"NodeName": cloud, "PrivateData": "cloud"}
    with (
        Cluster("bench-nodes", nodes=_REAL, extra_conf=more) as cluster,
        tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory,
    ):
        store = Store(f"sqlite:///{directory}/headgate.db")
        migrate(store)
        measured = asyncio.run(_measure(store, ChangingNodes(cluster, size), runs))
        store.close()
    return measured


async def _measure(store: Store, changing: ChangingNodes, runs: int) -> dict[str, Usage]:
    """Measure bare calls of scontrol, looks in which nothing changed, and looks in which much did."""
    client = SlurmClient(changing.settings)
    settings = NodeWatcherSettings(outages_interval=3600.0, cluster_interval=3600.0)
    watcher = NodeWatcher(store, Journal(), client, settings)
    await watcher.tick()
    kinds = {name: Usage() for name in ("bare scontrol", "nothing changed", "5 % changed")}
    for _ in range(runs):
        await take(kinds["bare scontrol"], changing.slurmctld, client, partial(_bare, changing))
    for _ in range(runs):
        await take(kinds["nothing changed"], changing.slurmctld, client, partial(_tick, watcher))
    for _ in range(runs):
        changing.change()
        await asyncio.sleep(1.0)  # slurmdbd hears of it
        await take(kinds["5 % changed"], changing.slurmctld, client, partial(_tick, watcher))
    return kinds


async def _bare(changing: ChangingNodes) -> int:
    """Run scontrol as the watcher does, and read nothing of what it says; return the number of nodes."""
    program, *words = nodes.command()
    argv = [changing.settings.bin / program if changing.settings.bin else program, *words]
    answer = await process.run(argv, env={"SLURM_TIME_FORMAT": "%s", "LC_ALL": "C"}, timeout=120)
    assert answer.code == 0, answer.stderr
    return answer.stdout.count("NodeName=")


async def _tick(watcher: NodeWatcher) -> int:
    await watcher.tick()
    return len(watcher.known)


def _show(measured: dict[int, dict[str, Usage]]) -> None:
    rows = []
    for size, kinds in measured.items():
        for name, usage in kinds.items():
            seconds = [
                Spread.of(values).text(".3f") for values in (usage.own, usage.commands, usage.slurmctld, usage.clock)
            ]
            calls = "1" if name == "bare scontrol" else Spread.of(usage.calls).text("g")
            rows.append([f"{size:,} nodes, {name}", f"{usage.records:,}", *seconds, calls])
    print_table(
        ["seconds", "records", "CPU Headgate", "CPU commands", "CPU slurmctld", "on the clock", "Slurm calls"], rows
    )


if __name__ == "__main__":
    sys.exit(main())
