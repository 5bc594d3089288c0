"""A cluster for the length of a test, with a name that nobody else uses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

from headgate.testing.cluster.cluster import Cluster
from headgate.testing.cluster.installation import HOST

_count = itertools.count(1)


def temporary_cluster(
    *,
    slurm: str = HOST.version,
    nodes: int = 4,
    mail_prog: Path | None = None,
    extra_conf: Mapping[str, str] | None = None,
) -> Cluster:
    """Return a cluster with a name of its own, to be used in a ``with`` statement, which brings it up and removes it.

    The arguments are those of `Cluster`.
    """
    name = f"test-{os.getpid()}-{next(_count)}"
    return Cluster(name, slurm=slurm, nodes=nodes, mail_prog=mail_prog, extra_conf=extra_conf)
