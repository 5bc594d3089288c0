"""Where the parts of one cluster lie on disk: names only, nothing is touched here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from headgate.testing.cluster.errors import ClusterError

DEFAULT_ROOT = Path("/var/tmp/headgate-cluster")  # noqa: S108 - its owner and mode are checked before it is used
"""Under /var/tmp, because a cluster should live through a reboot."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}\Z")


@dataclass(frozen=True, slots=True)
class Layout:
    """The directory of one cluster and the files in it. ``name`` is Slurm's ClusterName too."""

    root: Path
    name: str

    def __post_init__(self) -> None:
        """Refuse a name that is no Slurm cluster name or could leave the root."""
        if not _NAME.match(self.name):
            raise ClusterError(f"{self.name!r} is no cluster name: use up to 31 of a-z, 0-9, _ and -, a letter first")

    @property
    def directory(self) -> Path:
        """Everything of this cluster is under it."""
        return self.root / self.name

    @property
    def etc(self) -> Path:
        """Configuration and keys."""
        return self.directory / "etc"

    @property
    def slurm_conf(self) -> Path:
        """What SLURM_CONF names."""
        return self.etc / "slurm.conf"

    @property
    def slurmdbd_conf(self) -> Path:
        """Readable by SlurmUser only, as slurmdbd demands."""
        return self.etc / "slurmdbd.conf"

    @property
    def munge_key(self) -> Path:
        """The cluster's own key: credentials of other clusters do not count here."""
        return self.etc / "munge.key"

    @property
    def jwt_key(self) -> Path:
        """What slurmctld and slurmdbd sign JSON web tokens with."""
        return self.etc / "jwt_hs256.key"

    @property
    def bin(self) -> Path:
        """Slurm's commands, as scripts that know this cluster; usable by every account of the machine."""
        return self.directory / "bin"

    @property
    def run(self) -> Path:
        """Sockets and pid files."""
        return self.directory / "run"

    @property
    def munge_socket(self) -> Path:
        """What AuthInfo names."""
        return self.directory / "munge" / "munge.socket"

    @property
    def mysql_data(self) -> Path:
        """MariaDB's files."""
        return self.directory / "mysql"

    @property
    def mysql_socket(self) -> Path:
        """The only way to this MariaDB: it listens on no port."""
        return self.run / "mysql.socket"

    @property
    def state(self) -> Path:
        """StateSaveLocation: slurmctld's memory."""
        return self.directory / "state"

    @property
    def spool(self) -> Path:
        """SlurmdSpoolDir, one directory a node."""
        return self.directory / "spool"

    @property
    def gpus(self) -> Path:
        """Files that stand for GPU devices."""
        return self.directory / "gpus"

    @property
    def logs(self) -> Path:
        """One or two files a daemon."""
        return self.directory / "log"

    @property
    def shared(self) -> Path:
        """Free for use by tests: has one path on the host and in the daemons' chroot."""
        return self.directory / "shared"

    @property
    def record(self) -> Path:
        """What runs and on which ports, as JSON."""
        return self.directory / "cluster.json"

    def output(self, daemon: str) -> Path:
        """Return the file that takes what ``daemon`` prints."""
        return self.logs / f"{daemon}.out"

    def log(self, daemon: str) -> Path:
        """Return the file that ``daemon`` logs to; MariaDB, munged and slurmrestd log what they print."""
        if daemon in {"munged", "mariadb", "slurmrestd"}:
            return self.output(daemon)
        return self.logs / f"{daemon}.log"
