"""A real Slurm cluster on this machine, in a directory of its own, on ports of its own: starting and ending it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from headgate.testing.cluster import accounts, daemons, files, record
from headgate.testing.cluster.access import Access
from headgate.testing.cluster.configuration import Description
from headgate.testing.cluster.directories import locked
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.guard import Guard
from headgate.testing.cluster.installation import HOST, Installation
from headgate.testing.cluster.layout import DEFAULT_ROOT, Layout
from headgate.testing.cluster.ports import Ports, allocate
from headgate.testing.cluster.record import Record
from headgate.testing.cluster.roster import START_SECONDS, Roster


class Cluster(Access):
    """One dev cluster: munge, MariaDB, slurmdbd, slurmctld, some slurmd and slurmrestd, started as root.

    Making the object starts nothing and touches nothing. After `up` its daemons outlive it and this process; another
    ``Cluster`` of the same name, in another process, sees and ends them. In a ``with`` statement it is brought up, and
    removed at the end. Methods that change what runs hold the cluster's lock.
    """

    def __init__(
        self,
        name: str = "dev",
        *,
        slurm: str = HOST.version,
        nodes: int = 4,
        mail_prog: Path | None = None,
        extra_conf: Mapping[str, str] | None = None,
        root: Path = DEFAULT_ROOT,
    ) -> None:
        """Describe the cluster ``name``.

        ``slurm``: "22.05" is the machine's own; others are made by `headgate.testing.chroot` at the first `up`.
        ``nodes``: how many slurmd. ``mail_prog``: slurm.conf's MailProg. ``extra_conf``: more keys of slurm.conf.
        A cluster that exists keeps its version and nodes, and the other two where they are not given.
        """
        super().__init__(Layout(root, name))
        self._roster = Roster(self.layout)
        self._wanted = (slurm, nodes)
        self._mail_prog = mail_prog
        self._extra_conf = extra_conf
        self._installation: Installation | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Self:
        """Bring the cluster up for the length of a ``with`` statement; it goes away too if this process is killed."""
        self._guard = Guard(self.layout)
        try:
            self.up()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Remove the cluster."""
        self._leave()

    @property
    def slurm(self) -> str:
        """The version of Slurm, such as "22.05"."""
        known = record.read(self.layout.record)
        return known.slurm if known else self._wanted[0]

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes' names."""
        return self._description().nodes

    @property
    def daemons(self) -> tuple[str, ...]:
        """The daemons' names, in the order in which they start; a slurmd is called after its node."""
        return daemons.names(self.nodes)

    @property
    def logs(self) -> dict[str, Path]:
        """Each daemon's log file."""
        return {name: self.layout.log(name) for name in self.daemons}

    @property
    def ports(self) -> Ports:
        """The ports the daemons listen on."""
        return self._roster.record().ports

    @property
    def rest_url(self) -> str:
        """Where slurmrestd answers."""
        return f"http://127.0.0.1:{self.ports.slurmrestd}"

    @property
    def installation(self) -> Installation:
        """Where Slurm's programs are. Makes the tree of another version if it is not there yet: about a minute."""
        if self._installation is None:
            from headgate.testing import chroot

            self._installation = HOST if self.slurm == HOST.version else chroot.installation(self.slurm)
        return self._installation

    def up(self) -> None:
        """Make the cluster if it is new, start what does not run, wait until everything answers. Safe to repeat."""
        if os.geteuid() != 0:
            raise ClusterError("the dev cluster needs root: its daemons run under several accounts")
        installation = self.installation
        self._establish()
        with locked(self.directory):
            self._configure(installation)
            self._start("munged", "mariadb")
            # slurmctld comes after slurmdbd knows the cluster, or the two disagree about its number.
            self._start("slurmdbd")
            self._register()
            self._start("slurmctld")
            self._start(*self.nodes, "slurmrestd")

    def down(self, *, gently: bool = True) -> None:
        """End all daemons, job steps, jobs and mail programs of the cluster; what is on disk stays.

        ``gently``: let the daemons save what they have in memory, and end in their order.
        """
        if not self.layout.record.exists():
            return
        with locked(self.directory):
            if gently:
                # Munge and MariaDB last: the others need them to say goodbye.
                for group in (("slurmctld", "slurmrestd"), self.nodes, ("slurmdbd",), ("mariadb", "munged")):
                    self._roster.end(group)
            self._roster.sweep()

    def remove(self) -> None:
        """End everything and remove the cluster's directory."""
        self.down(gently=False)
        if self.directory.exists():
            shutil.rmtree(self.directory)

    def status(self) -> dict[str, str]:
        """Say for each daemon: "running", "stopped", or "waiting": lives, but it or what it needs does not answer."""
        if not self.layout.record.exists():
            return {}
        description = self._description()
        return {name: self._roster.status(name, description) for name in daemons.names(description.nodes)}

    def start(self, daemon: str) -> None:
        """Start one daemon, unless it runs, and wait until it answers."""
        with self._changing(daemon):
            self._start(daemon)

    def stop(self, daemon: str) -> None:
        """End one daemon with SIGTERM and wait until it is gone. Jobs of a stopped slurmd run on, as Slurm has it."""
        with self._changing(daemon):
            self._roster.end([daemon])

    def kill(self, daemon: str) -> None:
        """End one daemon with SIGKILL and wait until it is gone."""
        with self._changing(daemon):
            self._roster.end([daemon], signal.SIGKILL)

    def restart(self, daemon: str) -> None:
        """Stop and start one daemon."""
        self.stop(daemon)
        self.start(daemon)

    def wait_ready(self, timeout: float = START_SECONDS) -> None:
        """Wait until every daemon answers and every node has reported; raise DaemonError after so many seconds."""
        self._roster.wait(self.daemons, self._description(), timeout)

    def configure(self, mail_prog: Path | None = None, **keys: str) -> None:
        """Change MailProg or keys of slurm.conf; slurmctld reads them at once where it runs.

        Some keys count only after a restart of the daemon they concern: see slurm.conf(5).
        """
        self._mail_prog = mail_prog or self._mail_prog
        self._extra_conf = {**self._roster.record().extra_conf, **(self._extra_conf or {}), **keys}
        with locked(self.directory):
            self._configure(self.installation)
            if self._roster.is_running("slurmctld"):
                self.command("scontrol", "reconfigure")

    def install_mailprog(self, source: Path, *beside: Path) -> Path:
        """Copy a hand-off program into the cluster, where slurmctld can run it, and make it the MailProg.

        ``beside``: files that it needs in its own directory. In a cluster of another version it runs inside that
        tree, with the Python found there. Returns where it is.
        """
        target = files.install(self.directory / "mailprog", source, beside)
        self.configure(mail_prog=target)
        return target

    def host_path(self, path: str | Path) -> Path:
        """Return where the host sees a path that the daemons use.

        /tmp, /var/tmp, /home and the cluster's directory are the same on both sides; all else is the tree's own.
        """
        return self.installation.host_path(Path(path))

    def _leave(self) -> None:
        try:
            self.remove()
        finally:
            if self._guard:
                self._guard.release()
            self._guard = None

    def _description(self) -> Description:
        known = self._roster.record()
        return Description(
            layout=self.layout,
            ports=known.ports,
            hostname=socket.gethostname().partition(".")[0],
            plugins=self.installation.plugins(),
            mail_prog=Path(known.mail_prog) if known.mail_prog else None,
            extra=known.extra_conf,
        )

    def _establish(self) -> None:
        """Make the cluster's directory and give it ports, if it is new."""
        files.ensure_root(self.layout.root)
        with locked(self.layout.root):
            accounts.ensure_users()
            if self.layout.record.exists():
                return
            known = [record.read(path) for path in self.layout.root.glob("*/cluster.json")]
            taken = frozenset[int]().union(*(one.ports.all() for one in known if one))
            slurm, nodes = self._wanted
            files.make_directories(self.layout)
            record.write(self.layout.record, Record(slurm, allocate(nodes, taken)))

    def _configure(self, installation: Installation) -> None:
        known = self._roster.record()
        if self._mail_prog is not None:
            known = replace(known, mail_prog=str(self._mail_prog))
        if self._extra_conf is not None:
            known = replace(known, extra_conf=dict(self._extra_conf))
        record.write(self.layout.record, known)
        files.write_configuration(self._description(), installation)

    def _register(self) -> None:
        """Tell a new slurmdbd about the cluster, its accounts and users."""
        done = self.directory / "registered"
        if done.exists():
            return
        associations = self.layout.etc / "associations"
        associations.write_text(accounts.associations(self.name))
        known = self.command("sacctmgr", "-nP", "show", "qos", "format=name").split()
        if missing := [name for name in accounts.QOS if name not in known]:
            self.command("sacctmgr", "-i", "add", "qos", ",".join(missing))
        self.command("sacctmgr", "-i", "load", f"file={associations}", f"cluster={self.name}")
        done.touch()

    @contextlib.contextmanager
    def _changing(self, daemon: str) -> Iterator[None]:
        """Hold the lock around a change of one daemon."""
        if daemon not in self.daemons:
            raise ClusterError(f"no daemon {daemon} in cluster {self.name}: there are {', '.join(self.daemons)}")
        with locked(self.directory):
            yield

    def _start(self, *names: str) -> None:
        self._roster.start(names, self._description(), self.installation)
