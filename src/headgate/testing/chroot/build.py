"""Makes the tree of another Debian release with its Slurm, once for the machine."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from headgate.testing.chroot import mirror
from headgate.testing.chroot.releases import RELEASES, Release
from headgate.testing.cluster import process
from headgate.testing.cluster.directories import CACHE, locked, make_directory
from headgate.testing.cluster.errors import ClusterError, CommandError
from headgate.testing.cluster.files import LAST_WORDS
from headgate.testing.cluster.installation import PATH, Installation

TREES = CACHE / "chroot"
"""One directory a version, in it one tree; about 0.4 GB each. May be removed when no cluster uses it."""

SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/home"))  # noqa: S108 - they are the machine's own
"""Directories that daemons in a tree share with the host, so that a path in them means the same on both sides."""

_FILES = tuple(path for path in (Path("/etc/hosts"), Path("/etc/resolv.conf")) if path.exists())
_ACCOUNTS = (Path("/etc/passwd"), Path("/etc/group"))
_ENTER = Path(__file__).with_name("enter.sh")
_UNSHARE = ("/usr/bin/unshare", "--mount", "--propagation=private", "--")
_BUILD_SECONDS = 1200.0

_log = logging.getLogger(__name__)


def installation(version: str) -> Installation:
    """Return where the programs of this Slurm version are; make them if they are not there: about a minute, as root.

    Whoever asks for the same version meanwhile, also in another process, waits for it.
    """
    release = RELEASES.get(version)
    if release is None:
        raise ClusterError(f"no Debian release brings Slurm {version}: there are {', '.join(RELEASES)}")
    tree = _tree(release)
    return Installation(version, tree, enter(tree, *SHARED, *_FILES, *_ACCOUNTS), cgroup=release.cgroup, shared=SHARED)


def enter(tree: Path, *shared: Path) -> tuple[str, ...]:
    """Return what is put before an argv to run it inside the tree, with these files and directories of the host."""
    return (*_UNSHARE, "/bin/sh", str(_ENTER), str(tree), *map(str, shared), "--")


def _tree(release: Release) -> Path:
    home = TREES / release.version
    for directory in (CACHE, TREES, home):
        make_directory(directory)
    tree = home / release.digest()
    if tree.exists():
        return tree
    with locked(home):
        if not tree.exists():
            partial = home / "partial"
            try:
                _build(release, partial, tree)
            except CommandError as error:
                # Mirrors have bad moments; what is really wrong will be wrong again.
                _log.warning("%s; trying once more", error.message)
                _build(release, partial, tree)
            partial.rename(tree)
    return tree


def _build(release: Release, partial: Path, tree: Path) -> None:
    """Make the tree in ``partial``; it is to be moved to ``tree`` afterwards."""
    for other in partial.parent.iterdir():
        shutil.rmtree(other)
    source = mirror.of_this_machine()
    recipe = f"/usr/share/debootstrap/scripts/{release.script}"
    _log.warning("making Slurm %s from Debian %s in %s: about a minute", release.version, release.suite, tree)
    _run(*_UNSHARE, "/usr/sbin/debootstrap", "--variant=minbase", release.suite, str(partial), source, recipe)
    _write(partial / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    _write(partial / "etc/dpkg/dpkg.cfg.d/headgate", "force-unsafe-io\npath-exclude=/usr/share/doc/*\n", 0o644)
    _write(partial / "etc/apt/apt.conf.d/90headgate", mirror.settings(), 0o644)
    for file in _FILES:
        (partial / file.relative_to("/")).touch()
    inside = enter(partial, *_FILES)
    _run(*inside, "apt-get", "-q", "update")
    _run(*inside, "apt-get", "-q", "-y", "install", "--no-install-recommends", *release.packages)
    _run(*inside, "apt-get", "clean")
    # Commands are run from the host, with paths that begin with the tree's own: inside it these must lead there too.
    inner = partial / tree.relative_to("/")
    inner.parent.mkdir(parents=True)
    inner.symlink_to("/")


def _run(*argv: str) -> None:
    env = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    try:
        process.run(argv, env=env | proxies, timeout=_BUILD_SECONDS)
    except CommandError as error:
        raise CommandError(argv, error.status, "\n".join(error.output.splitlines()[-LAST_WORDS:])) from error


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
