"""A demonstration of a test's own, with a cluster and a directory that nobody else has."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.testing.cluster import Cluster
from headgate.testing.cluster.process import belonging_to, is_alive
from scripts.demo.place import Place

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Demo:
    """A demonstration with a cluster and a directory of its own."""

    place: Place
    cluster: Cluster

    def argv(self, *options: str) -> list[str]:
        name, directory = self.place.name, self.place.directory
        return [sys.executable, "-m", "scripts.demo", f"--name={name}", f"--directory={directory}", *options]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*options), cwd=PROJECT, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def runs(self) -> bool:
        left = belonging_to(self.cluster.directory, self.cluster.slurm_conf, ())
        return bool(left) or any(is_alive(process) for process in self.place.processes().values())


@contextlib.contextmanager
def own_demo() -> Iterator[Demo]:
    """Give a demonstration that has not begun; nothing is left of it."""
    # Not tmp_path: the service's account and slurmctld's have to get there.
    directory = Path(tempfile.mkdtemp(prefix="headgate-demo-test-", dir="/var/tmp"))
    directory.chmod(0o755)
    name = f"demo-test-{os.getpid()}"
    made = Demo(Place(name, directory), Cluster(name))
    try:
        yield made
    finally:
        for process in made.place.processes():
            made.place.stop(process)
        made.cluster.remove()
        shutil.rmtree(directory)
