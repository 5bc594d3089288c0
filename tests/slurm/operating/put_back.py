"""Making a cluster as it was: nodes in service, nothing reserved, no triggers, no jobs."""

from __future__ import annotations

import contextlib

from headgate.testing.cluster import Cluster
from headgate.testing.cluster.errors import CommandError

NODES = "n[1-4]"


def put_back(cluster: Cluster) -> None:
    """Make it as it was; each of the steps fails where there is nothing to do."""
    cluster.command("scancel", "--user=ada")
    cluster.command("scancel", "--user=ben")
    for line in cluster.command("scontrol", "--oneliner", "show", "reservation").splitlines():
        if line.startswith("ReservationName="):
            cluster.command("scontrol", "delete", line.split()[0])
    for trigger in cluster.command("strigger", "--get", "--noheader").splitlines():
        cluster.command("strigger", "--clear", f"--id={trigger.split()[0]}")
    for node in cluster.nodes:
        cluster.command("scontrol", "update", f"nodename={node}", "state=drain", "reason=to be put back")
        cluster.command("scontrol", "update", f"nodename={node}", "state=resume")
        cluster.command("scontrol", "update", f"nodename={node}", "availablefeatures=", "activefeatures=", "weight=1")
        with contextlib.suppress(CommandError):
            cluster.command("scontrol", "update", f"nodename={node}", "comment=")
