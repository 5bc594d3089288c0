"""The benchmarks: ``./dev bench [NAME …]``. Each prints its figures beside a baseline taken in the same run."""

from __future__ import annotations

import argparse
import importlib
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import structlog

BENCHMARKS = {
    "mailprog": "how long the hand-off takes, beside a bare start of Python",
    "deliveries": "deliveries per second to an instant sink, beside bare updates of the same table",
    "watcher": "CPU seconds and Slurm calls of a look at the queue, and at the nodes, beside bare calls of Slurm",
    "rules": "seconds from a change of a node to the rule that acts on it, beside scontrol asked without pause",
    "accounting": "sacct calls for 1,000 mails",
    "arrays": "messages a person gets about 10,000 array tasks, beside a message a task",
    "gateway": "submitting by the gateway, beside sbatch as the same user and slurmrestd; reading jobs; memory",
    "load": "500 mixed requests a second and 200 open pages, beside a bare FastAPI route and a bare read of the store",
    "webhook": "a hundred webhooks a second, beside an empty route of the same service",
    "builds": "GitHub calls of an hour with 50 running jobs and 300 comments, beside reading the comments each minute",
    "pages": "server time and size of every page with 10,000 jobs in the store, beside a bare route",
    "roles": "connections and CPU of holding the roles of 100 clusters and of standing by, beside a bare question",
    "smtp": "mails per second through the mailto connector, beside plain aiosmtplib",
}
"""Each is a module of this folder with a ``main``."""


class _Benchmark(Protocol):
    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Measure and print; return 1 if a goal is missed."""


def main() -> int:
    """Run the benchmarks that are named, or all; return 1 if any missed its goal."""
    listing = "\n".join(f"  {name:12} {about}" for name, about in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="./dev bench",
        description=__doc__,
        epilog=f"NAME is one of\n{listing}\n\nOptions after a single NAME are its own: ./dev bench deliveries --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="without any, all are run")
    words = sys.argv[1:]
    own: list[str] = []
    if len(words) > 1 and words[0] in BENCHMARKS and words[1].startswith("-"):
        words, own = words[:1], words[1:]
    names = parser.parse_args(words).names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"there is no benchmark {unknown[0]}: there are {', '.join(BENCHMARKS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clears away clusters, servers and files, as Ctrl-C does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    failed = [name for name in names or BENCHMARKS if _run(name, own)]
    if failed:
        print(f"\nGoals missed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str, arguments: Sequence[str]) -> int:
    title = f"{name}: {BENCHMARKS[name]}"
    print(f"\n{title}\n{'=' * len(title)}", flush=True)
    return cast("_Benchmark", importlib.import_module(f"bench.{name}")).main(arguments)


if __name__ == "__main__":
    # The folder above, not this one: modules are bench.NAME for the type checker, for workers and here alike.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.exit(main())
