"""Makes the tree of another Debian release with its Slurm, once for the machine."""

from __future__ import annotations

import logging
from pathlib import Path

from headgate.testing.chroot.debian import FILES, bootstrap, enter, made_once
from headgate.testing.chroot.releases import RELEASES, Release
from headgate.testing.cluster.directories import CACHE
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.installation import Installation

TREES = CACHE / "chroot"
"""One directory a version, in it one tree; about 0.4 GB each. May be removed when no cluster uses it."""

SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/home"))  # noqa: S108 - they are the machine's own
"""Directories that daemons in a tree share with the host, so that a path in them means the same on both sides."""

_ACCOUNTS = (Path("/etc/passwd"), Path("/etc/group"))
_DPKG = "force-unsafe-io\npath-exclude=/usr/share/doc/*\n"

_log = logging.getLogger(__name__)


def installation(version: str) -> Installation:
    """Return where the programs of this Slurm version are; make them if they are not there: about a minute, as root.

    Whoever asks for the same version meanwhile, also in another process, waits for it.
    """
    release = RELEASES.get(version)
    if release is None:
        raise ClusterError(f"no Debian release brings Slurm {version}: there are {', '.join(RELEASES)}")
    tree = made_once(TREES / release.version, release.digest(), lambda partial, tree: _build(release, partial, tree))
    return Installation(version, tree, enter(tree, *SHARED, *FILES, *_ACCOUNTS), cgroup=release.cgroup, shared=SHARED)


def _build(release: Release, partial: Path, tree: Path) -> None:
    """Make the tree in ``partial``; it is to be moved to ``tree`` afterwards."""
    _log.warning("making Slurm %s from Debian %s in %s: about a minute", release.version, release.suite, tree)
    bootstrap(release.suite, release.script, partial, release.packages, _DPKG)
    # Commands are run from the host, with paths that begin with the tree's own: inside it these must lead there too.
    inner = partial / tree.relative_to("/")
    inner.parent.mkdir(parents=True)
    inner.symlink_to("/")
