"""Trees of Debian releases: made by debootstrap from this machine's own mirror."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from headgate.testing.chroot import mirror
from headgate.testing.cluster import process
from headgate.testing.cluster.directories import CACHE, locked, make_directory
from headgate.testing.cluster.errors import CommandError
from headgate.testing.cluster.files import LAST_WORDS
from headgate.testing.cluster.installation import PATH

CLEAN = CACHE / "debian"
"""One directory a release, in it one tree; may be removed when nothing uses it."""

FILES = tuple(path for path in (Path("/etc/hosts"), Path("/etc/resolv.conf")) if path.exists())
"""What a tree needs of the host to reach the mirror."""

UNSHARE = ("/usr/bin/unshare", "--mount", "--propagation=private", "--")
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
_ENTER = Path(__file__).with_name("enter.sh")
_BUILD_SECONDS = 1200.0
_UNSAFE = "force-unsafe-io\n"

_log = logging.getLogger(__name__)


def clean(suite: str, *packages: str) -> Path:
    """Return a tree with nothing in it but Debian's essential packages and those asked for; make it if need be.

    Nobody may change it: copy it. Its recipe for debootstrap is that of unstable, which fits all releases. With
    packages it is made of the tree without.
    """
    name = hashlib.sha256("\n".join((suite, *packages)).encode()).hexdigest()[:12]
    base = clean(suite) if packages else None

    def build(partial: Path, tree: Path) -> None:
        if base is None:
            _log.warning("making a clean Debian %s in %s: half a minute", suite, tree)
            bootstrap(suite, "sid", partial, (), _UNSAFE)
        else:
            run("/bin/cp", "-a", "--reflink=auto", str(base), str(partial))
            _install(partial, packages)

    return made_once(CLEAN / "-".join((suite, *packages)), name, build)


def made_once(home: Path, name: str, build: Callable[[Path, Path], None]) -> Path:
    """Return the tree ``name`` in ``home``; have it built in another place first if it is not there.

    Whoever asks for the same meanwhile, also in another process, waits for it. Older trees in ``home`` are removed.
    """
    for directory in (CACHE, home.parent, home):
        make_directory(directory)
    tree = home / name
    if tree.exists():
        return tree
    with locked(home):
        if not tree.exists():
            partial = home / "partial"
            try:
                _build(partial, tree, build)
            except CommandError as error:
                # Mirrors have bad moments; what is really wrong will be wrong again.
                _log.warning("%s; trying once more", error.message)
                _build(partial, tree, build)
            partial.rename(tree)
    return tree


def _build(partial: Path, tree: Path, build: Callable[[Path, Path], None]) -> None:
    for other in partial.parent.iterdir():
        shutil.rmtree(other)
    build(partial, tree)


def bootstrap(suite: str, script: str, partial: Path, packages: tuple[str, ...], dpkg: str) -> None:
    """Make a tree with these packages; no service starts in it. ``dpkg``: settings for dpkg."""
    recipe = f"/usr/share/debootstrap/scripts/{script}"
    source = mirror.of_this_machine()
    run(*UNSHARE, "/usr/sbin/debootstrap", "--variant=minbase", suite, str(partial), source, recipe)
    _write(partial / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    _write(partial / "etc/dpkg/dpkg.cfg.d/headgate", dpkg, 0o644)
    _write(partial / "etc/apt/apt.conf.d/90headgate", mirror.settings(), 0o644)
    for file in FILES:
        (partial / file.relative_to("/")).touch()
    _install(partial, packages)


def _install(tree: Path, packages: tuple[str, ...]) -> None:
    inside = enter(tree, *FILES)
    run(*inside, "apt-get", "-q", "update")
    if packages:
        run(*inside, "apt-get", "-q", "-y", "install", "--no-install-recommends", *packages)
    run(*inside, "apt-get", "clean")


def enter(tree: Path, *shared: Path) -> tuple[str, ...]:
    """Return what is put before an argv to run it inside the tree, with these files and directories of the host."""
    return (*UNSHARE, "/bin/sh", str(_ENTER), str(tree), *map(str, shared), "--")


def proxies() -> dict[str, str]:
    """Return how this machine reaches the network, as environment variables."""
    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}


def run(*argv: str) -> None:
    """Run a step of making a tree. Raises CommandError with its last words."""
    try:
        process.run(argv, env=ENVIRONMENT | proxies(), timeout=_BUILD_SECONDS)
    except CommandError as error:
        raise CommandError(argv, error.status, "\n".join(error.output.splitlines()[-LAST_WORDS:])) from error


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
