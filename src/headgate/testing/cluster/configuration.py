"""The configuration files of a cluster, as text: pure functions from its description to what stands in the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headgate.testing.cluster.layout import Layout
from headgate.testing.cluster.ports import Ports

CPUS_PER_NODE = 16
MEMORY_PER_NODE_MB = 16000
GPUS_PER_NODE = 2
"""What each node claims to have, whatever the machine has: so many jobs can run at once."""

SLURM_USER = "slurm"
"""SlurmUser; Debian's packages make this account."""


@dataclass(frozen=True, slots=True)
class Description:
    """All that the configuration files depend on."""

    layout: Layout
    ports: Ports
    hostname: str
    plugins: Path | None = None
    mail_prog: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """Keys of slurm.conf, each added or put in the place of ours."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(f"n{number}" for number, _ in enumerate(self.ports.slurmd, start=1))


def slurm_conf(description: Description) -> str:
    """Return slurm.conf: single keys first, then nodes and partitions."""
    keys = _keys(description) | dict(description.extra)
    lines = [f"{key}={value}" for key, value in keys.items()]
    return "\n".join([*lines, *_nodes(description), *_partitions(description.nodes)]) + "\n"


def slurmdbd_conf(description: Description) -> str:
    """Return slurmdbd.conf. MariaDB knows the account by the socket: there is no password."""
    layout = description.layout
    keys = {
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={layout.munge_socket}",
        "AuthAltTypes": "auth/jwt",
        "AuthAltParameters": f"jwt_key={layout.jwt_key}",
        "DbdHost": "localhost",
        "DbdPort": str(description.ports.slurmdbd),
        "SlurmUser": SLURM_USER,
        "DebugLevel": "info",
        "LogFile": str(layout.log("slurmdbd")),
        "PidFile": str(layout.run / "slurmdbd.pid"),
        "StorageType": "accounting_storage/mysql",
        "StorageHost": "localhost",
        "StorageUser": SLURM_USER,
        "StorageLoc": "slurm_acct_db",
    }
    if description.plugins:
        keys["PluginDir"] = str(description.plugins)
    return "".join(f"{key}={value}\n" for key, value in keys.items())


def gres_conf(layout: Layout) -> str:
    """Return gres.conf: GPUs that are counted and handed out, with plain files in the place of devices.

    Without files slurmd reports no GPU, and slurmctld takes its node out of service.
    """
    return f"Name=gpu File={layout.gpus}/gpu[0-{GPUS_PER_NODE - 1}]\n"


def database_setup(user: str = SLURM_USER) -> str:
    """Return the SQL that MariaDB runs at each start: slurmdbd's database and account; nothing where they are there."""
    return (
        "CREATE DATABASE IF NOT EXISTS slurm_acct_db;\n"
        f"CREATE USER IF NOT EXISTS '{user}'@'localhost' IDENTIFIED VIA unix_socket;\n"
        f"GRANT ALL ON slurm_acct_db.* TO '{user}'@'localhost';\n"
    )


def _keys(description: Description) -> dict[str, str]:
    layout, ports = description.layout, description.ports
    keys = {
        "ClusterName": layout.name,
        "SlurmctldHost": f"{description.hostname}(127.0.0.1)",
        "SlurmctldPort": str(ports.slurmctld),
        "SlurmUser": SLURM_USER,
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={layout.munge_socket}",
        "AuthAltTypes": "auth/jwt",
        "AuthAltParameters": f"jwt_key={layout.jwt_key}",
        "StateSaveLocation": str(layout.state),
        "SlurmdSpoolDir": str(layout.spool / "%n"),
        "SlurmctldPidFile": str(layout.run / "slurmctld.pid"),
        "SlurmdPidFile": str(layout.run / "%n.pid"),
        "SlurmctldLogFile": str(layout.log("slurmctld")),
        "SlurmdLogFile": str(layout.log("%n")),
        "SlurmctldDebug": "info",
        "SlurmdDebug": "info",
        "AccountingStorageType": "accounting_storage/slurmdbd",
        "AccountingStorageHost": "localhost",
        "AccountingStoragePort": str(ports.slurmdbd),
        "AccountingStoragePass": str(layout.munge_socket),
        "AccountingStorageTRES": "gres/gpu",
        "GresTypes": "gpu",
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": "task=1",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "MpiDefault": "none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": "100",
        "SlurmdParameters": "config_overrides",
        "ReturnToService": "2",
        "SchedulerParameters": "batch_sched_delay=0,sched_interval=5,bf_interval=5",
        "MaxJobCount": "50000",
        "MaxArraySize": "10001",
        "MinJobAge": "300",
        "KillWait": "2",
        "OverTimeLimit": "0",
        "MailProg": str(description.mail_prog or "/bin/true"),
    }
    if description.plugins:
        keys["PluginDir"] = str(description.plugins)
    return keys


def _nodes(description: Description) -> list[str]:
    first, last = description.ports.slurmd[0], description.ports.slurmd[-1]
    count = len(description.ports.slurmd)
    names, ports = ("n1", str(first)) if count == 1 else (f"n[1-{count}]", f"[{first}-{last}]")
    where = f"NodeName={names} NodeHostname={description.hostname} NodeAddr=127.0.0.1 Port={ports}"
    return [f"{where} CPUs={CPUS_PER_NODE} RealMemory={MEMORY_PER_NODE_MB} Gres=gpu:{GPUS_PER_NODE} State=UNKNOWN"]


def _partitions(nodes: tuple[str, ...]) -> list[str]:
    return [
        "PartitionName=main Nodes=ALL Default=YES MaxTime=7-0 DefaultTime=1:00:00 State=UP",
        "PartitionName=short Nodes=ALL MaxTime=10 State=UP PriorityTier=2",
        f"PartitionName=gpu Nodes={nodes[-1]} MaxTime=1-0 State=UP",
    ]
