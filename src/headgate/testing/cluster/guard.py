"""A small process that removes a test's cluster if the test dies without doing so, even by SIGKILL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from headgate.testing.cluster.layout import Layout

_PROGRAM = "import sys; from headgate.testing.cluster.guard import watch; watch(*sys.argv[1:])"


class Guard:
    """Watches over this process for one cluster, from when it is made until `release` is called."""

    def __init__(self, layout: Layout) -> None:
        """Start watching."""
        # It reads from a pipe that only we can write to: the pipe's end is our end, however it came.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(layout.root), layout.name],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
            start_new_session=True,
            cwd="/",
        )

    def release(self) -> None:
        """Let the guard go: it removes what is still there and ends; wait for that."""
        self._process.communicate()


def watch(root: str, name: str) -> None:
    """Wait for the end of whoever started us, then remove the cluster if it is still there."""
    from headgate.testing.cluster.cluster import Cluster

    sys.stdin.read()
    Cluster(name, root=Path(root)).remove()
