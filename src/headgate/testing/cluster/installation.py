"""Where Slurm's programs are: on this machine itself, or in a tree that was made from another Debian release."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

CLIENTS = (
    "sacct", "sacctmgr", "salloc", "sattach", "sbatch", "sbcast", "scancel", "scontrol",
    "sdiag", "sinfo", "sprio", "squeue", "sreport", "srun", "sshare", "sstat", "strigger",
)  # fmt: skip
"""The commands that a cluster's bin directory offers."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The search path of daemons, and of commands that are run for a cluster."""


@dataclass(frozen=True, slots=True)
class Installation:
    """One Slurm version's programs. ``tree`` is / for the machine's own."""

    version: str
    tree: Path = Path("/")
    enter: tuple[str, ...] = ()
    """Put before a daemon's argv: makes it run inside the tree."""
    cgroup: str = ""
    """The content of cgroup.conf; no such file where it is empty (20.11 dies of keys that newer versions need)."""
    shared: tuple[Path, ...] = ()
    """Directories that are the same inside the tree and on the host."""

    def daemon(self, program: str, *arguments: str, user: str = "") -> list[str]:
        """Return the argv that runs one of Slurm's daemons; ``program`` is its bare name.

        Started as root: slurmctld becomes SlurmUser by itself. ``user``: another account to run it.
        """
        account = ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        return [*self.enter, *account, f"/usr/sbin/{program}", *arguments]

    def client(self, program: str) -> list[str]:
        """Return the argv, without arguments, that runs one of Slurm's commands on the host, as any user.

        From another tree it is run by that tree's own dynamic loader with that tree's libraries: so it needs no
        chroot, and no privilege.
        """
        path = self.tree / "usr/bin" / program
        if self.tree == Path("/"):
            return [str(path)]
        libraries = ":".join(str(directory) for directory in self._library_directories())
        return [str(self._loader()), "--library-path", libraries, str(path)]

    def plugins(self) -> Path | None:
        """Return what slurm.conf must name as PluginDir, or None where Slurm's own default is right."""
        if self.tree == Path("/"):
            return None
        return next(self.tree.glob("usr/lib/*-linux-gnu*/slurm-wlm"))

    def wrapper(self, program: str, slurm_conf: Path) -> str:
        """Return a script that runs one of Slurm's commands against the cluster that this slurm.conf describes."""
        command = shlex.join(self.client(program))
        return f'#!/bin/sh\nSLURM_CONF={shlex.quote(str(slurm_conf))}\nexport SLURM_CONF\nexec {command} "$@"\n'

    def host_path(self, path: Path) -> Path:
        """Return where the host sees a path that daemons in the tree use."""
        if any(path.is_relative_to(directory) for directory in self.shared):
            return path
        return self.tree / path.relative_to("/")

    def _loader(self) -> Path:
        # Not lib64/...: there it may be a link with an absolute target, which from the host leads out of the tree.
        return next(self.tree.glob("usr/lib/*-linux-gnu*/ld-linux*.so*"))

    def _library_directories(self) -> list[Path]:
        # Slurm's own library lies beside its plugins, where the programs would otherwise look on the host.
        patterns = ("usr/lib/*-linux-gnu*/slurm-wlm", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*")
        return [path for pattern in patterns for path in self.tree.glob(pattern)]


HOST = Installation("22.05")
"""Debian 12's own Slurm."""
