"""``./dev cluster``: bring a dev cluster up and down, look at it, end and start its daemons."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence

from headgate.testing.cluster.cluster import Cluster
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.installation import HOST


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    given = _parser().parse_args(arguments)
    try:
        cluster = Cluster(given.name, slurm=getattr(given, "slurm", HOST.version), nodes=getattr(given, "nodes", 4))
        return _run(cluster, given)
    except ClusterError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def env_lines(cluster: Cluster) -> str:
    """Return lines for a shell that put this cluster's commands into it."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in cluster.env().items())


def status_lines(cluster: Cluster) -> str:
    """Return what runs, a line for each daemon."""
    status = cluster.status()
    if not status:
        return f"There is no cluster {cluster.name}.\n"
    width = max(map(len, status))
    head = f"cluster {cluster.name}, Slurm {cluster.slurm}, {cluster.directory}\n"
    return head + "".join(f"  {name:<{width}}  {state:<8}  {cluster.logs[name]}\n" for name, state in status.items())


def _run(cluster: Cluster, given: argparse.Namespace) -> int:
    begin = time.monotonic()
    match given.command:
        case "up":
            cluster.up()
            sys.stdout.write(f"Cluster {cluster.name} (Slurm {cluster.slurm}) is up after {_seconds(begin)}.\n")
            named = "" if cluster.name == "dev" else f" --name {cluster.name}"
            sys.stdout.write(f'Its commands in this shell: eval "$(./dev cluster env{named})"\n')
        case "down":
            cluster.remove() if given.remove else cluster.down()
            sys.stdout.write(f"Cluster {cluster.name} is down.\n")
        case "status":
            sys.stdout.write(status_lines(cluster))
            return 0 if cluster.status() and set(cluster.status().values()) == {"running"} else 3
        case "env":
            sys.stdout.write(env_lines(cluster))
        case action:
            getattr(cluster, action)(given.daemon)
    return 0


def _seconds(begin: float) -> str:
    return f"{time.monotonic() - begin:.1f} s"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev cluster", description="A real Slurm cluster on this machine.")
    # After the command as well as before it; the default stands here only, or the command's parser would put it back.
    parser.add_argument("--name", default="dev", help="which cluster (default: dev)")
    name = argparse.ArgumentParser(add_help=False)
    name.add_argument("--name", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", parents=[name], help="make it, start it, wait until it takes jobs")
    up.add_argument("--slurm", default=HOST.version, help=f"Slurm version of a new cluster (default: {HOST.version})")
    up.add_argument("--nodes", type=int, default=4, help="nodes of a new cluster (default: 4)")
    down = commands.add_parser("down", parents=[name], help="end its daemons and jobs")
    down.add_argument("--remove", action="store_true", help="remove its directory too: jobs, accounting, logs")
    commands.add_parser("status", parents=[name], help="what runs; exit status 3 when something does not")
    commands.add_parser("env", parents=[name], help="lines for a shell: PATH and SLURM_CONF")
    for action, text in (
        ("start", "start one daemon"),
        ("stop", "end one daemon with SIGTERM"),
        ("kill", "end one daemon with SIGKILL"),
        ("restart", "stop and start one daemon"),
    ):
        one = commands.add_parser(action, parents=[name], help=text)
        one.add_argument("daemon", help="munged, mariadb, slurmdbd, slurmctld, slurmrestd, or a node such as n1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
