"""The daemons of a cluster: in which order they start, how each is started, and how one sees that it is ready."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from headgate.testing.cluster import database
from headgate.testing.cluster.accounts import REST_USER
from headgate.testing.cluster.configuration import SLURM_USER, Description
from headgate.testing.cluster.installation import PATH, Installation
from headgate.testing.cluster.process import MARK

Run = Callable[[list[str]], str | None]
"""Runs a short command for the cluster: its output, or None when it failed."""


def names(nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Return all daemons in the order in which they start; a slurmd is called after its node."""
    return ("munged", "mariadb", "slurmdbd", "slurmctld", *nodes, "slurmrestd")


def argv(name: str, description: Description, installation: Installation) -> list[str]:
    """Return the argv that starts a daemon in the foreground."""
    layout, ports = description.layout, description.ports
    match name:
        case "munged":
            return [
                *("/usr/bin/setpriv", "--reuid=munge", "--regid=munge", "--init-groups"),
                *("/usr/sbin/munged", "--foreground", "--num-threads=2"),
                f"--key-file={layout.munge_key}",
                f"--socket={layout.munge_socket}",
                f"--pid-file={layout.munge_socket.with_suffix('.pid')}",
                f"--seed-file={layout.munge_socket.with_suffix('.seed')}",
            ]
        case "mariadb":
            return database.daemon(layout.mysql_data, layout.mysql_socket, layout.etc / "database.sql")
        case "slurmdbd":
            # MariaDB knows it by its account, and 20.11 connects before it has left root's.
            return installation.daemon(name, "-D", user=SLURM_USER)
        case "slurmctld":
            return installation.daemon(name, "-D")
        case "slurmrestd":
            return installation.daemon(name, "-a", "rest_auth/jwt", f"127.0.0.1:{ports.slurmrestd}", user=REST_USER)
        case _:
            return installation.daemon("slurmd", "-D", "-N", name)


def environment(name: str, description: Description) -> dict[str, str]:
    """Return the whole environment of a daemon. Little, as a service manager would give it."""
    layout = description.layout
    env = {"PATH": PATH, "LANG": "C.UTF-8", MARK: str(layout.directory), "SLURM_CONF": str(layout.slurm_conf)}
    if name == "slurmdbd":
        env["MYSQL_UNIX_PORT"] = str(layout.mysql_socket)
    if name == "slurmrestd":
        # slurmrestd(8): must be set for it to accept tokens; each request brings its own.
        env["SLURM_JWT"] = "daemon"
    return env


def is_ready(name: str, description: Description, run: Run) -> bool:
    """Say whether a daemon that runs answers already."""
    layout, ports = description.layout, description.ports
    match name:
        case "munged":
            return _accepts_unix(layout.munge_socket)
        case "mariadb":
            return run(database.ping(layout.mysql_socket)) is not None
        case "slurmdbd" | "slurmrestd":
            return _accepts_tcp(ports.slurmdbd if name == "slurmdbd" else ports.slurmrestd)
    # The commands try for many seconds to reach what is not there, so look before asking.
    if not (_accepts_unix(layout.munge_socket) and _accepts_tcp(ports.slurmctld)):
        return False
    if name == "slurmctld":
        return "is UP" in (run([str(layout.bin / "scontrol"), "ping"]) or "")
    states = run([str(layout.bin / "sinfo"), "--noheader", f"--nodes={name}", "--format=%T"]) or ""
    accepts = _accepts_tcp(ports.slurmd[description.nodes.index(name)])
    return accepts and any(is_registered(state) for state in states.split())


def is_registered(node_state: str) -> bool:
    """Say whether a node in this state, as sinfo spells it, has reported to slurmctld and answers.

    One that somebody drained or set down counts: its daemon runs, and what the cluster's user did to it is no fault.
    """
    return not node_state.endswith("*") and node_state not in {"unknown", "inval", "future"}


def _accepts_tcp(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
    return False


def _accepts_unix(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        return True
    return False
