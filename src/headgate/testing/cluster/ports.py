"""Ports of a cluster's own, so that several clusters run side by side."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection
from dataclasses import dataclass

from headgate.testing.cluster.errors import ClusterError

FIRST, LAST = 20000, 29999
"""Below Linux's range for outgoing connections (32768 and up), so that nothing takes a stopped daemon's port."""


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports on loopback; ``slurmd`` has one per node, in the nodes' order."""

    slurmctld: int
    slurmdbd: int
    slurmrestd: int
    slurmd: tuple[int, ...]

    def all(self) -> frozenset[int]:
        """Return every port of the cluster."""
        return frozenset({self.slurmctld, self.slurmdbd, self.slurmrestd, *self.slurmd})


def is_free(port: int) -> bool:
    """Say whether nobody listens on this port."""
    with socket.socket() as probe:
        # Connections that ended a moment ago do not count: the daemons set this option too.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))  # noqa: S104 - Slurm's daemons listen on every address, so ask for every one
            return True
    return False


def allocate(nodes: int, taken: Collection[int]) -> Ports:
    """Return free ports, in a row, for a cluster with so many nodes. ``taken``: ports of clusters that are down.

    The caller holds a lock until it has written them down.
    """
    count = 3 + nodes
    for start in range(FIRST, LAST - count + 2):
        block = range(start, start + count)
        if not any(port in taken for port in block) and all(is_free(port) for port in block):
            return Ports(block[0], block[1], block[2], tuple(block[3:]))
    raise ClusterError(f"no {count} free ports in a row between {FIRST} and {LAST}")
