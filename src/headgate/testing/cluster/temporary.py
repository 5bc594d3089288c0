"""A cluster for the length of a test: gone afterwards, whatever happens to the test."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from headgate.testing.cluster.cluster import Cluster
from headgate.testing.cluster.installation import HOST
from headgate.testing.cluster.layout import DEFAULT_ROOT

_count = itertools.count(1)


@contextlib.contextmanager
def temporary_cluster(
    *,
    slurm: str = HOST.version,
    nodes: int = 4,
    mail_prog: Path | None = None,
    extra_conf: Mapping[str, str] | None = None,
    root: Path = DEFAULT_ROOT,
) -> Iterator[Cluster]:
    """Bring up a cluster with a name of its own; end and remove it afterwards.

    A small process of its own watches over us and removes the cluster if we die without doing so, even by SIGKILL.
    """
    name = f"test-{os.getpid()}-{next(_count)}"
    cluster = Cluster(name, slurm=slurm, nodes=nodes, mail_prog=mail_prog, extra_conf=extra_conf, root=root)
    with _guarded(cluster):
        cluster.up()
        yield cluster


@contextlib.contextmanager
def _guarded(cluster: Cluster) -> Iterator[None]:
    # The guard reads from a pipe that only we can write to: its end is our end, however it came.
    argv = [sys.executable, "-m", "headgate.testing.cluster.temporary", cluster.name, str(cluster.layout.root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    guard = subprocess.Popen(argv, stdin=subprocess.PIPE, env=environment, start_new_session=True, cwd="/")
    try:
        yield
    finally:
        try:
            cluster.remove()
        finally:
            guard.communicate()


def _guard(name: str, root: str) -> None:
    """Wait for the end of whoever started us, then remove the cluster if it is still there."""
    sys.stdin.read()
    Cluster(name, root=Path(root)).remove()


if __name__ == "__main__":
    _guard(*sys.argv[1:])
