"""Headgate and the mail server of the demonstration: configuration, start, and the command line."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from headgate.testing.cluster.installation import PATH
from headgate.testing.cluster.process import is_alive
from scripts.demo.place import DemoError, Place
from scripts.demo.play import DOMAIN

T = TypeVar("T")

ACCOUNT = "headgate"
"""The account that the service runs as, if it may read this checkout."""
SINK, SERVICE = "mail-server", "headgate"
"""What the two processes are called in the record and in their logs."""
START_SECONDS = 30.0
_ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
_CONFIGURATION = """\
# Headgate's configuration for the demonstration, written anew by each ./dev demo.

[store]
url = "sqlite:///{store}/headgate.db"

[spool]                      # where slurmctld's MailProg hands mails over
path = "{spool}"

[slurm]
bin = "{bin}"

[watcher]
interval = 2                 # seconds; the default, 10, is better for a cluster with many jobs

[hints]
min_elapsed = 10             # seconds; the jobs of the demonstration are short, the default is 5 minutes

[service]
listen = "127.0.0.1:0"       # any free port; the log says which

[connectors.mailto]
host = "127.0.0.1"
port = {port}
from_address = "slurm@{domain}"
from_name = "Cluster {cluster}"
domain = "{domain}"
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the service: an account of this machine, and whether it was made just now."""

    name: str
    made: bool = False

    def argv(self, *words: str) -> list[str]:
        """Return the argv that runs something as this account."""
        if pwd.getpwnam(self.name).pw_uid == os.geteuid():
            return list(words)
        return ["/usr/bin/setpriv", f"--reuid={self.name}", f"--regid={self.name}", "--init-groups", "--", *words]


def configuration(place: Place, slurm_bin: str, port: int) -> str:
    """Return the text of the configuration file."""
    return _CONFIGURATION.format(
        store=place.store, spool=place.spool, bin=slurm_bin, port=port, domain=DOMAIN, cluster=place.name
    )


def account() -> Account:
    """Return who shall run the service: the account ``headgate``, or root where that one cannot read this checkout."""
    made = not _exists(ACCOUNT)
    if made:
        useradd = ["/usr/sbin/useradd", "--system", "--user-group", "--no-create-home", "--shell=/usr/sbin/nologin"]
        subprocess.run([*useradd, ACCOUNT], check=True, capture_output=True)
    chosen = Account(ACCOUNT, made)
    tried = subprocess.run(
        chosen.argv(sys.executable, "-c", "import headgate.cli.main"),
        env=_ENVIRONMENT, cwd="/", capture_output=True, check=False,
    )  # fmt: skip
    return chosen if tried.returncode == 0 else Account("root")


@dataclass(frozen=True, slots=True)
class Headgate:
    """The installation of the demonstration."""

    place: Place
    account: Account

    def install_hand_off(self) -> str:
        """Place the MailProg and its spool; return what the command said."""
        return self._run(
            [sys.executable, "-m", "headgate.cli.main", "mailprog", "install", f"--spool={self.place.spool}",
             f"--target={self.place.mailprog}", "--slurm-user=slurm", f"--group={self.account.name}"],
        )  # fmt: skip

    def start_mail_server(self) -> int:
        """Start the server that keeps mails as files; return its port."""
        self._make_own(self.place.mails)
        argv = self.account.argv(sys.executable, "-m", "headgate.testing.smtp", str(self.place.mails))
        self.place.start(SINK, argv, _ENVIRONMENT)
        return int(self._when(SINK, "the mail server did not start", lambda: self.place.log(SINK).read_text().strip()))

    def start_service(self, slurm_bin: str, port: int) -> str:
        """Write the configuration, start the service, wait until it is ready; return its web address."""
        self.place.config.write_text(configuration(self.place, slurm_bin, port))
        self._make_own(self.place.store)
        argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.place.config), "serve"]
        self.place.start(SERVICE, self.account.argv(*argv), _ENVIRONMENT)
        return self._when(SERVICE, "the service did not get ready", self._ready)

    def check_alive(self) -> None:
        """Raise DemoError if the service or the mail server has ended."""
        processes = self.place.processes()
        for name in (SINK, SERVICE):
            if name not in processes or not is_alive(processes[name]):
                raise self.place.failed(name, f"{name} has ended by itself.")

    def ask(self, *arguments: str) -> str:
        """Run a command of Headgate's as the service's account; return what it printed."""
        argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.place.config), *arguments]
        return self._run(self.account.argv(*argv))

    def ask_json(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command that lists something; return the list."""
        listed: list[dict[str, Any]] = json.loads(self.ask(*arguments, "--json"))
        return listed

    def _ready(self) -> str:
        for line in self.place.log(SERVICE).read_text().splitlines():
            if '"http.listening"' in line:
                address = f"http://127.0.0.1:{json.loads(line)['port']}"
                try:
                    with urllib.request.urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own, on loopback
                        return address
                except (urllib.error.URLError, TimeoutError):
                    return ""
        return ""

    def _when(self, name: str, else_: str, found: Callable[[], T]) -> T:
        """Wait until there is something to return."""
        process = self.place.processes()[name]
        deadline = time.monotonic() + START_SECONDS
        while not (value := found()):
            if not is_alive(process):
                raise self.place.failed(name, f"{else_}: it has ended.")
            if time.monotonic() > deadline:
                raise self.place.failed(name, f"{else_} within {START_SECONDS:g} s.")
            time.sleep(0.1)
        return value

    def _make_own(self, path: Path) -> None:
        """Make a directory of the account's own: what is about jobs is nobody else's business."""
        path.mkdir(mode=0o750)
        shutil.chown(path, self.account.name, self.account.name)

    def _run(self, argv: list[str]) -> str:
        done = subprocess.run(argv, env=_ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            command = " ".join(argv[argv.index("headgate.cli.main") + 1 :])
            raise DemoError(f"headgate {command}\nended with status {done.returncode}:\n{done.stderr.strip()}")
        return done.stdout


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
