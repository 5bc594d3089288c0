"""Which Debian release brings which Slurm, and what is installed from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_COMMON = (
    "slurmctld",
    "slurmd",
    "slurmdbd",
    "slurmrestd",
    "slurm-client",
    "slurm-wlm-basic-plugins",
    "procps",
    "python3-minimal",  # the mail hand-off runs in the tree, with that release's Python
)
_PLUGINS = ("slurm-wlm-jwt-plugin", "slurm-wlm-mysql-plugin")


@dataclass(frozen=True, slots=True)
class Release:
    """One other Slurm version and where it comes from.

    ``script``: debootstrap's recipe, for suites that the host's debootstrap may not know by name. ``cgroup``: the
    content of cgroup.conf; there are no cgroups in a chroot, and how one says so depends on the version.
    """

    version: str
    suite: str
    script: str
    packages: tuple[str, ...]
    cgroup: str = ""

    def digest(self) -> str:
        """Return a short name of this recipe: another one for another list of packages."""
        recipe = "\n".join((self.version, self.suite, *self.packages))
        return hashlib.sha256(recipe.encode()).hexdigest()[:12]


RELEASES = {
    release.version: release
    for release in (
        Release("20.11", "bullseye", "sid", _COMMON),
        Release("24.11", "trixie", "sid", _COMMON + _PLUGINS, "CgroupPlugin=disabled\n"),
        Release("26.05", "forky", "sid", _COMMON + _PLUGINS, "CgroupPlugin=disabled\n"),
    )
}
"""By Slurm version. Debian 12's own 22.05 is not among them: it needs no tree."""
