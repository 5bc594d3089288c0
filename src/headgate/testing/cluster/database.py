"""MariaDB's empty data directory: made once for the machine, copied for each cluster."""

from __future__ import annotations

import shutil
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.directories import CACHE, locked

_SIZE_OPTIONS = ("--innodb-log-file-size=8M", "--innodb-data-file-path=ibdata1:10M:autoextend")


def prepare(data_directory: Path) -> None:
    """Make the data directory of a new cluster; leave one that is there as it is."""
    if data_directory.exists():
        return
    template = _template()
    partial = data_directory.with_name(data_directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    process.run(["/bin/cp", "--archive", "--reflink=auto", str(template), str(partial)])
    partial.rename(data_directory)


def daemon(data_directory: Path, socket: Path, setup: Path) -> list[str]:
    """Return MariaDB's argv. It listens on its socket only, and is quick rather than safe against power failures.

    A killed MariaDB loses nothing: what was committed is in the kernel's hands. ``setup``: SQL that it runs at start.
    """
    return [
        "/usr/sbin/mariadbd",
        "--no-defaults",
        "--user=mysql",
        f"--datadir={data_directory}",
        f"--socket={socket}",
        f"--pid-file={socket.with_suffix('.pid')}",
        f"--init-file={setup}",
        "--skip-networking",
        "--skip-log-bin",
        "--performance-schema=OFF",
        "--innodb-buffer-pool-size=64M",
        "--innodb-flush-log-at-trx-commit=2",
        "--innodb-lock-wait-timeout=900",
        "--max-allowed-packet=64M",
        *_SIZE_OPTIONS,
    ]


def ping(socket: Path) -> list[str]:
    """Return the argv that ends well when MariaDB answers on this socket."""
    return ["/usr/bin/mariadb-admin", "--no-defaults", f"--socket={socket}", "--user=root", "ping"]


def _template() -> Path:
    version = process.run(["/usr/sbin/mariadbd", "--no-defaults", "--version"]).split()[2]
    template = CACHE / "mariadb" / version
    template.parent.mkdir(parents=True, exist_ok=True)
    with locked(template.parent):
        if not template.exists():
            partial = template.with_name(template.name + ".partial")
            shutil.rmtree(partial, ignore_errors=True)
            process.run(
                [
                    "/usr/bin/mariadb-install-db",
                    "--no-defaults",
                    "--user=mysql",
                    f"--datadir={partial}",
                    "--auth-root-authentication-method=socket",
                    "--skip-test-db",
                    "--skip-name-resolve",
                    *_SIZE_OPTIONS,
                ],
                timeout=120,
            )
            partial.rename(template)
    return template
