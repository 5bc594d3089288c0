"""A real Slurm cluster on one machine, for tests, demonstrations and people who write for Headgate.

Several may run side by side, each in a directory of its own, on ports of its own. It needs root, and what
``./dev setup system`` installs. It measures nothing: nodes claim CPUs, memory and GPUs that the machine does not have.

Read `cluster` first (its life), then `access` (using it), `daemons` and `configuration` (what it is made of).
"""

from __future__ import annotations

from headgate.testing.cluster.accounts import USERS
from headgate.testing.cluster.cluster import Cluster
from headgate.testing.cluster.errors import ClusterError, CommandError, DaemonError
from headgate.testing.cluster.temporary import temporary_cluster

__all__ = ["USERS", "Cluster", "ClusterError", "CommandError", "DaemonError", "temporary_cluster"]
