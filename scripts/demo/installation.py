"""Headgate, the mail server and the chats of the demonstration: configuration, start, and the command line."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from headgate.executor.self_ import HELPER
from headgate.testing.cluster.installation import PATH
from headgate.testing.cluster.process import is_alive
from headgate.testing.executor import AS_THE_UNIT
from scripts.demo.chats import Chats
from scripts.demo.place import DemoError, Place
from scripts.demo.play import DOMAIN

T = TypeVar("T")

ACCOUNT = "headgate"
"""The account that the service runs as, if it may read this checkout."""
BUILDER = "headgate-builder"
"""The account that pull requests are built as."""
SINK, CHATS, SERVICE, EXECUTOR = "mail-server", "chats", "headgate", "executor"
"""What the processes are called in the record and in their logs."""
START_SECONDS = 60.0
_PROJECT = Path(__file__).parents[2]
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

[local]
socket = "{socket}"          # where users ask, by `headgate me`

[executor]
socket = "{executor}"        # the root helper, which does single things as users
roots = ["~", "{jobs}"]

[builds.jobs]                # pull requests are built as an account of their own
user = "{builder}"
directory = "{jobs}"
mirrors = "{store}/mirrors"
time = "00:10:00"

[builds.deploy]              # a bucket, elsewhere
policy = "all"
kind = "directory"
directory = "{deployed}"
spool = "{store}/deploy"

[gateway]                    # the REST API for portals and programs
templates = "{templates}"

[service]
listen = "127.0.0.1:0"       # any free port; the log says which

[connectors.mailto]
host = "127.0.0.1"
port = {port}
from_address = "slurm@{domain}"
from_name = "Cluster {cluster}"
domain = "{domain}"
"""
Tables = Mapping[str, Mapping[str, Any]]
"""Further tables of the configuration: name -> keys, whose values JSON writes as TOML does."""


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


def configuration(place: Place, slurm_bin: str, port: int, tables: Tables) -> str:
    """Return the text of the configuration file. ``tables``: those of the chats."""
    text = _CONFIGURATION.format(
        store=place.store,
        spool=place.spool,
        bin=slurm_bin,
        port=port,
        domain=DOMAIN,
        cluster=place.name,
        socket=place.socket,
        executor=place.executor,
        templates=place.templates,
        builder=BUILDER,
        jobs=place.jobs,
        deployed=place.deployed,
    )
    for name, keys in tables.items():
        text += f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return text


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

    @property
    def serves_users(self) -> bool:
        """Whether ordinary users can run the commands of this checkout."""
        return self.account.name == ACCOUNT

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

    def start_chats(self) -> Chats:
        """Begin to start the chat services; ``wait_for_chats`` before anything is asked of them."""
        self._make_own(self.place.run, 0o755)
        argv = self.account.argv(sys.executable, "-m", "scripts.demo.chats", str(self.place.chats))
        self.place.start(CHATS, argv, _ENVIRONMENT | {"PYTHONPATH": str(_PROJECT)})
        return Chats(self.place.chats)

    def wait_for_chats(self, chats: Chats) -> None:
        """Wait until all chat services have started."""
        self._when(CHATS, "the chat services did not start", chats.is_ready)

    def start_executor(self, slurm_bin: str) -> None:
        """Start the root helper, with the socket and the privileges that its units give it."""
        config = self.place.directory / "executor.ini"
        served = f"service = {self.account.name}\nroots = ~ {self.place.jobs}\n"
        config.write_text(f"[executor]\n{served}[slurm]\nbin = {slurm_bin}\n")
        argv = [*AS_THE_UNIT, sys.executable, "-IS", str(HELPER), f"--config={config}"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(os.fspath(self.place.executor))
            shutil.chown(self.place.executor, self.account.name)
            self.place.executor.chmod(0o600)
            listener.listen(128)
            listener.set_inheritable(True)
            self.place.start(EXECUTOR, [*argv, f"--listen-fd={listener.fileno()}"], _ENVIRONMENT)

    def make_room_for_builds(self) -> None:
        """Make the build account, where there is none, its directory for jobs, and the place where builds go."""
        if not _exists(BUILDER):
            useradd = ["/usr/sbin/useradd", "--create-home", "--shell=/bin/bash", "--password=*"]
            subprocess.run([*useradd, BUILDER], check=True, capture_output=True)
        self.place.jobs.mkdir(mode=0o755)
        shutil.chown(self.place.jobs, BUILDER, BUILDER)
        self._make_own(self.place.deployed, 0o755)

    def add_template(self, name: str, text: str, schema: Mapping[str, Any]) -> None:
        """Write a job template of the site's."""
        self.place.templates.mkdir(mode=0o755, exist_ok=True)
        (self.place.templates / f"{name}.j2").write_text(text)
        (self.place.templates / f"{name}.json").write_text(json.dumps(schema, indent=2) + "\n")

    def run_elsewhere(self, words: Sequence[str], env: Mapping[str, str]) -> tuple[int, str, str]:
        """Run a command of Headgate's without its configuration; return status, output and complaints."""
        argv = self.account.argv(sys.executable, "-m", "headgate.cli.main", *words)
        done = subprocess.run(
            argv, env={**_ENVIRONMENT, **env}, cwd="/", capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout, done.stderr

    def start_service(self, slurm_bin: str, port: int, tables: Tables) -> str:
        """Write the configuration, start the service, wait until it is ready; return its web address."""
        self.place.config.write_text(configuration(self.place, slurm_bin, port, tables))
        self._make_own(self.place.store)
        argv = [sys.executable, "-m", "headgate.cli.main", "-c", str(self.place.config), "serve"]
        self.place.start(SERVICE, self.account.argv(*argv), _ENVIRONMENT)
        return self._when(SERVICE, "the service did not get ready", self._ready)

    def check_alive(self) -> None:
        """Raise DemoError if the service, the mail server or the chats have ended."""
        processes = self.place.processes()
        for name in (SINK, CHATS, SERVICE):
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

    def complaints(self) -> list[str]:
        """Return what the service's log has of errors, as it was written."""
        return [line for line in self.place.log(SERVICE).read_text().splitlines() if '"level": "error"' in line]

    def _make_own(self, path: Path, mode: int = 0o750) -> None:
        """Make a directory of the account's own: what is about jobs is nobody else's business."""
        path.mkdir(mode=mode)
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
