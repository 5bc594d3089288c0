"""All actions on the cluster."""

from __future__ import annotations

from typing import Final

from headgate.actions.slurm import cluster, jobs, nodes, partitions, reservations, triggers

ACTIONS: Final = (
    *cluster.ACTIONS,
    *jobs.ACTIONS,
    *nodes.ACTIONS,
    *partitions.ACTIONS,
    *reservations.ACTIONS,
    *triggers.ACTIONS,
)
