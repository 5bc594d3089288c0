"""Writing a cluster's directory: who may read what, keys, configuration, commands."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from headgate.testing.cluster import configuration, database
from headgate.testing.cluster.configuration import SLURM_USER, Description
from headgate.testing.cluster.directories import make_directory
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.installation import CLIENTS, Installation
from headgate.testing.cluster.layout import Layout

LAST_WORDS = 12
"""How many lines of a log are shown when a daemon dies."""


def ensure_root(root: Path) -> None:
    """Make the directory of all clusters; refuse one that somebody else made or could change."""
    if not root.exists():
        make_directory(root)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise ClusterError(f"{root} must be a directory of root's that nobody else may write to")


def make_directories(layout: Layout) -> None:
    """Make the directories of a new cluster and its keys."""
    make_directory(layout.directory)
    directories = (
        (layout.etc, "root", 0o755),
        (layout.bin, "root", 0o755),
        (layout.shared, "root", 0o755),
        (layout.spool, "root", 0o755),
        (layout.gpus, "root", 0o755),
        (layout.munge_socket.parent, "munge", 0o755),
        (layout.run, "mysql", 0o1777),
        (layout.logs, SLURM_USER, 0o755),
        (layout.state, SLURM_USER, 0o700),
    )
    for directory, owner, mode in directories:
        make_directory(directory, owner, mode)
    for number in range(configuration.GPUS_PER_NODE):
        (layout.gpus / f"gpu{number}").touch()
    _write(layout.munge_key, secrets.token_bytes(128), "munge", 0o400)
    _write(layout.jwt_key, secrets.token_bytes(32), SLURM_USER, 0o400)
    database.prepare(layout.mysql_data)


def write_configuration(description: Description, installation: Installation) -> None:
    """Write the configuration files and commands of a cluster, as they follow from its description."""
    layout = description.layout
    if installation.cgroup:
        _write(layout.etc / "cgroup.conf", installation.cgroup.encode(), "root", 0o644)
    _write(layout.slurm_conf, configuration.slurm_conf(description).encode(), "root", 0o644)
    _write(layout.slurmdbd_conf, configuration.slurmdbd_conf(description).encode(), SLURM_USER, 0o600)
    _write(layout.etc / "gres.conf", configuration.gres_conf(layout).encode(), "root", 0o644)
    _write(layout.etc / "database.sql", configuration.database_setup().encode(), "mysql", 0o400)
    for program in CLIENTS:
        _write(layout.bin / program, installation.wrapper(program, layout.slurm_conf).encode(), "root", 0o755)


def install(directory: Path, source: Path, beside: Iterable[Path]) -> Path:
    """Copy a program, executable, and files that it needs into a directory that everybody may read."""
    make_directory(directory)
    for file in beside:
        _write(directory / file.name, file.read_bytes(), "root", 0o644)
    target = directory / source.name
    _write(target, source.read_bytes(), "root", 0o755)
    return target


def last_words(layout: Layout, daemon: str) -> str:
    """Return the last lines that a daemon logged or, where it did not come so far, printed."""
    for path in (layout.log(daemon), layout.output(daemon)):
        try:
            lines = path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            continue
        if lines:
            return "\n".join(lines[-LAST_WORDS:])
    return ""


def _write(path: Path, content: bytes, owner: str, mode: int) -> None:
    """Put a file in place whole, never readable by more people than it will be in the end."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    shutil.chown(temporary, owner, owner)
    temporary.chmod(mode)
    temporary.replace(path)
