"""CPU seconds and Slurm calls of one look at the queue (a tick), beside one bare squeue with the same output.

The jobs are real: tasks of an array that wait for their begin time in a real slurmctld, each with a record of its own.
"5 % changing" means that between two looks so many of them changed: half were cancelled, half are new.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from functools import partial

from bench import nodes
from bench.report import Spread, print_goal, print_machine, print_table
from bench.usage import Usage, take
from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.service.watchers import Slurm
from headgate.slurm import process
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands import squeue
from headgate.slurm.commands.marks import new_mark
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.cluster import Cluster

SIZES = (100, 1_000, 10_000)
GOAL_CALLS = 2
"""Calls of a tick: one squeue, and one scontrol when there are new jobs, to learn which mails they ask for."""
_CHANGED = 0.05
_AT_ONCE = 500
"""Tasks that get records of their own by one command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a tick took more calls than it should."""
    parser = argparse.ArgumentParser(prog="./dev bench watcher", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="ticks of each kind")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="jobs in the queue")
    parser.add_argument("--nodes", type=int, nargs="+", default=nodes.SIZES, help="nodes of the cluster")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    with (
        Cluster("bench-watcher", nodes=1, extra_conf={"MaxArraySize": "50001", "MaxJobCount": "60000"}) as cluster,
        tempfile.TemporaryDirectory(prefix="headgate-bench-", dir="/var/tmp") as directory,
    ):
        queue = RealQueue(cluster)
        measured = {}
        for size in sorted(chosen.sizes):
            queue.grow(size)
            store = Store(f"sqlite:///{directory}/{size}.db")
            migrate(store)
            measured[size] = asyncio.run(measure(store, queue, chosen.runs))
            store.close()
    show(measured)
    most = max(max(usage.calls) for kinds in measured.values() for usage in kinds.values() if usage.calls)
    kept = print_goal(f"at most {GOAL_CALLS} calls in any tick, whatever the number of jobs", most <= GOAL_CALLS)
    print(f"\n{nodes.__doc__}")
    missed = nodes.main(["--runs", str(chosen.runs), "--sizes", *map(str, chosen.nodes)])
    return missed if kept else 1


class RealQueue:
    """An array of waiting tasks in a real cluster, of which more and more get records of their own."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._array = cluster.submit(
            "ada", "#!/bin/sh\n", "--begin=now+7days", "--array=0-49999", "--mail-type=END,FAIL", "--output=/dev/null"
        )
        self._split = 0
        self._cancelled = 0
        self.slurmctld = int((cluster.layout.run / "slurmctld.pid").read_text())
        self.settings = SlurmSettings(bin=cluster.bin, timeout=120)

    def grow(self, size: int) -> None:
        """Have at least so many records of waiting jobs."""
        while self._split - self._cancelled < size:
            self._name(min(_AT_ONCE, size - self._split + self._cancelled))

    def change(self, jobs: int) -> None:
        """Cancel half as many jobs, and give half as many tasks records of their own."""
        half = max(1, jobs // 2)
        self._cluster.command("scancel", f"{self._array}_[{self._cancelled}-{self._cancelled + half - 1}]")
        self._cancelled += half
        self._name(half)

    def _name(self, count: int) -> None:
        # squeue shows waiting tasks that do not differ as one record; a name of their own sets them apart.
        tasks = f"{self._array}_[{self._split}-{self._split + count - 1}]"
        self._cluster.command("scontrol", "update", f"JobId={tasks}", "Name=sweep-parameter-study")
        self._split += count


async def measure(store: Store, queue: RealQueue, runs: int) -> dict[str, Usage]:
    """Measure bare calls of squeue, the first look, looks in which nothing changed, and looks in which much did."""
    client = SlurmClient(queue.settings)
    watcher = Watcher(store, Journal(), Slurm(client), WatcherSettings())
    kinds = {name: Usage() for name in ("bare squeue", "first look", "nothing changed", "5 % changed")}
    await client.cluster_name()
    for _ in range(runs):
        await take(kinds["bare squeue"], queue.slurmctld, client, partial(_bare, queue))
    await take(kinds["first look"], queue.slurmctld, client, partial(_tick, watcher))
    for _ in range(runs):
        await take(kinds["nothing changed"], queue.slurmctld, client, partial(_tick, watcher))
    jobs = kinds["nothing changed"].records
    for _ in range(runs):
        queue.change(int(jobs * _CHANGED))
        await take(kinds["5 % changed"], queue.slurmctld, client, partial(_tick, watcher))
    return kinds


async def _bare(queue: RealQueue) -> int:
    """Run squeue as the watcher does, and read nothing of what it says; return the number of records."""
    mark = new_mark()
    _, *words = squeue.command()
    answer = await process.run(
        [queue.settings.bin / "squeue" if queue.settings.bin else "squeue", *words],
        env={"SLURM_TIME_FORMAT": "%s", "LC_ALL": "C", **squeue.environment(mark)},
        timeout=queue.settings.timeout,
    )
    assert answer.code == 0, answer.stderr
    return answer.stdout.count("\n")


async def _tick(watcher: Watcher) -> int:
    await watcher.tick()
    return len(watcher.known)


def show(measured: dict[int, dict[str, Usage]]) -> None:
    """Print the table, a block for each size."""
    rows = []
    for size, kinds in measured.items():
        for name, usage in kinds.items():
            seconds = [
                Spread.of(values).text(".3f") for values in (usage.own, usage.commands, usage.slurmctld, usage.clock)
            ]
            rows.append([f"{size:,} jobs, {name}", f"{usage.records:,}", *seconds, _calls(name, usage)])
    print_table(
        ["seconds", "records", "CPU Headgate", "CPU commands", "CPU slurmctld", "on the clock", "Slurm calls"], rows
    )
    print(
        "\nBare squeue is started by the same code as the watcher's (its cost here is that of reading the pipe), with\n"
        "the same format. slurmctld's CPU seconds hold what else it did meanwhile, such as scheduling.\n"
    )


def _calls(name: str, usage: Usage) -> str:
    return "1" if name == "bare squeue" else Spread.of(usage.calls).text("g")


if __name__ == "__main__":
    sys.exit(main())
