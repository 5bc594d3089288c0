"""Connections and CPU of a service that holds the roles of many clusters, and of one that stands by for them.

Beside it, a bare question on one connection as often. Last, how long roles have nobody when the service that holds them
is ended, and when it is killed. The parts do nothing here: only their roles are measured.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import psycopg

from bench import cpu
from bench.report import Spread, print_goal, print_machine, print_table
from bench.role_service import names
from headgate.testing.postgresql import PostgresServer

CLUSTERS: Final = (1, 20, 100)
GOAL_CONNECTIONS: Final = 1
GOAL_GAP: Final = 5.0
_ROOT: Final = Path(__file__).resolve().parent.parent
_CONNECTIONS: Final = """
    SELECT pid, (SELECT count(*) FROM pg_locks WHERE pg_locks.pid = a.pid AND locktype = 'advisory')
    FROM pg_stat_activity AS a
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@dataclass(slots=True)
class Figures:
    """What a number of clusters took, one value for each run."""

    roles: int
    connections: set[int] = field(default_factory=set)
    """Of both services together."""
    holding: list[float] = field(default_factory=list)
    """CPU seconds a second, of the service and its connection's process in PostgreSQL."""
    standing_by: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    """Seconds until the other service had all roles."""
    killed: list[float] = field(default_factory=list)


class Service:
    """A process that holds roles or stands by; use it in a ``with`` statement."""

    def __init__(self, url: str, clusters: int) -> None:
        argv = [sys.executable, "-m", "bench.role_service", url, str(clusters)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, cwd=_ROOT)
        self._line()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def held(self) -> float:
        """Return when it had all roles; wait for it."""
        return float(self._line().split()[1])

    def end(self, number: signal.Signals) -> float:
        """Send a signal that ends it; return when."""
        now = time.monotonic()
        self._process.send_signal(number)
        self._process.wait()
        return now

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="./dev bench roles", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="how often each is measured")
    parser.add_argument("--clusters", type=int, nargs="+", default=CLUSTERS, help="clusters of a service")
    parser.add_argument("--seconds", type=float, default=20.0, help="for which CPU is measured")
    chosen = parser.parse_args(arguments)
    print_machine(chosen.runs)
    figures = {clusters: Figures(len(names(clusters))) for clusters in chosen.clusters}
    bare: list[float] = []
    with PostgresServer() as server:
        for _ in range(chosen.runs):
            bare.append(measure_bare(server.new_database(), chosen.seconds))
            for clusters, own in figures.items():
                measure(server.new_database(), clusters, own, chosen.seconds)
    show(bare, figures)
    most = max(max(own.connections) for own in figures.values())
    longest = max(max(own.ended + own.killed) for own in figures.values())
    reached = [
        print_goal(f"{GOAL_CONNECTIONS} connection of each service for all its roles", most == 2 * GOAL_CONNECTIONS),
        print_goal(f"at most {GOAL_GAP:g} s until another service has all roles", longest <= GOAL_GAP),
    ]
    return 0 if all(reached) else 1


def measure_bare(url: str, seconds: float) -> float:
    """Return the CPU seconds a second of a bare question every two seconds, on both ends."""
    with Service(url, 0) as service, psycopg.connect(url, autocommit=True) as looking:
        time.sleep(2.5)
        [(backend, _)] = looking.execute(_CONNECTIONS).fetchall()
        [spent] = _spent([(service.pid, backend)], seconds)
        return spent


def measure(url: str, clusters: int, own: Figures, seconds: float) -> None:
    """Have one service hold the roles and another one stand by, and end the first well, then the second by force."""
    with contextlib.ExitStack() as stack:
        looking = stack.enter_context(psycopg.connect(url, autocommit=True))
        first = stack.enter_context(Service(url, clusters))
        first.held()
        second = stack.enter_context(Service(url, clusters))
        time.sleep(2.5)
        seen = looking.execute(_CONNECTIONS).fetchall()
        own.connections.add(len(seen))
        [holder] = [pid for pid, locks in seen if locks]
        other = next(pid for pid, locks in seen if not locks)
        holding, standing_by = _spent([(first.pid, holder), (second.pid, other)], seconds)
        own.holding.append(holding)
        own.standing_by.append(standing_by)
        ended = first.end(signal.SIGTERM)
        own.ended.append(second.held() - ended)
        third = stack.enter_context(Service(url, clusters))
        time.sleep(2.5)
        killed = second.end(signal.SIGKILL)
        own.killed.append(third.held() - killed)


def _spent(pairs: Sequence[tuple[int, int]], seconds: float) -> list[float]:
    """Return the CPU seconds a second of a service and its connection's process, for each pair of these."""
    before = [sum(map(cpu.of_threads, pair)) for pair in pairs]
    begun = time.monotonic()
    time.sleep(seconds)
    after = [sum(map(cpu.of_threads, pair)) for pair in pairs]
    took = time.monotonic() - begun
    return [(late - early) / took for early, late in zip(before, after, strict=True)]


def show(bare: Sequence[float], figures: dict[int, Figures]) -> None:
    """Print the table."""
    rows = [["a bare question", "", "1", _thousandths(bare), "", "", ""]]
    for clusters, own in figures.items():
        each = "-".join(format(count / 2, "g") for count in sorted(own.connections))
        gaps = (Spread.of(values).text(".1f") for values in (own.ended, own.killed))
        cpus = (_thousandths(own.holding), _thousandths(own.standing_by))
        rows.append([f"{clusters} clusters", str(own.roles), each, *cpus, *gaps])
    print_table(
        ["", "roles", "connections", "ms of CPU a second, holding", "standing by", "ended: s", "killed: s"], rows
    )
    print("\nCPU is that of the service and of its connection's process in PostgreSQL together.\n")


def _thousandths(values: Sequence[float]) -> str:
    return Spread.of([value * 1000 for value in values]).text(".2f")


if __name__ == "__main__":
    sys.exit(main())
