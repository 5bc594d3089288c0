"""The running system: Slurm, PostgreSQL, three hosts with Headgate, and the services that messages go to."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import psycopg

from faults import slurm_jobs
from faults.network import Host, Network
from faults.receiver import ENDPOINTS, REFUSED
from faults.service import ACCOUNT, Service
from faults.slurm_jobs import SlurmJobs
from headgate.errors import StoreError
from headgate.events.sources.mail.install import Order, install_as
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.cluster.installation import CLIENTS
from headgate.testing.cluster.process import Process, of_number
from headgate.testing.executor import RunningExecutor
from headgate.testing.postgresql import PostgresServer

USERS: Final = ("ada", "ben")
LEASE: Final = 10.0
"""Seconds after which the work of a worker that died is taken over, as the services are configured here."""
_HOSTS: Final = ("desk", "head", "db", "a", "b", "w", "out", "small")
_REFUSED_BY_NODE: Final = "launch failed"
"""What squeue's reason for such a job begins with."""
_BOUNDLESS: Final = 1_000_000


class Site:
    """Everything, each part on a host of its own; use it in a ``with`` statement, in the main thread.

    ``desk`` is where this process is put; ``head`` runs Slurm; ``a`` and ``b`` run every part of Headgate, ``w`` sends
    only. ``small`` is for a Headgate of its own, on SQLite and a small disk.
    """

    def __init__(self, seed: int, *, nodes: int = 2, bad_answers: float = 0.1) -> None:
        """``bad_answers``: share of what the services answer that is anything but well."""
        self._seed = seed
        self._bad = bad_answers
        self._stack = contextlib.ExitStack()
        self.network = Network(*_HOSTS)
        self.directory = Path(tempfile.mkdtemp(prefix="headgate-faults-"))
        self.cluster = Cluster(f"faults-{os.getpid()}", nodes=nodes)
        self.postgres = PostgresServer({"listen_addresses": self.host("db").address, "max_connections": "200"})
        self.services: dict[str, Service] = {}
        self.taken = self.directory / "taken"
        self.spool = self.directory / "spool"
        self.url = ""
        """The database, as the services reach it."""
        self.local_url = ""
        """The same, past the network."""
        self.receiver: subprocess.Popen[str]
        self._ports = ("", "")
        self.begun = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() - 60))
        """Before its first job, as sacct takes times."""

    def __enter__(self) -> Self:
        try:
            self._bring_up()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def host(self, name: str) -> Host:
        """Return a host by its name."""
        return self.network.hosts[name]

    def _bring_up(self) -> None:
        self._stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.directory.chmod(0o755)
        home = Path("/proc/self/ns/net").open("rb")  # noqa: SIM115 - closed with the stack
        self._stack.callback(home.close)
        self._stack.enter_context(self.network)
        self._stack.enter_context(self.host("desk").inside())
        self._start_receiver()
        self._start_slurm()
        self._start_postgres()
        for name in ("a", "b", "w"):
            self.services[name] = self._service(name)
            self._stack.callback(self.services[name].stop)
        for service in self.services.values():
            service.start(wait=False)
        for service in self.services.values():
            service.wait()

    def _start_receiver(self) -> None:
        self.taken.touch()
        out = self.host("out")
        argv = [sys.executable, "-m", "faults.receiver", out.address, str(self.taken), str(self._seed), str(self._bad)]
        self.receiver = subprocess.Popen(
            out.command(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        self._stack.callback(self.receiver.communicate)
        assert self.receiver.stdout is not None
        web, _, mail = self.receiver.stdout.readline().strip().partition(" ")
        self._ports = (web, mail)

    def _start_slurm(self) -> None:
        with self.host("head").inside():
            self._stack.callback(self._remove_cluster)
            self._stack.enter_context(self.cluster)
        target = self.cluster.shared / "headgate-mailprog"
        install_as(Order(self.spool, target), "slurm", ACCOUNT)
        with self.host("head").inside():
            self.cluster.configure(mail_prog=target)

    def _remove_cluster(self) -> None:
        with self.host("head").inside():
            self.cluster.remove()

    def _start_postgres(self) -> None:
        with self.host("db").inside():
            self._stack.enter_context(self.postgres)
        with (self.postgres.directory / "data/pg_hba.conf").open("a") as file:
            file.write("host all all samenet trust\n")
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
        self.local_url = local = self.postgres.new_database()
        self.url = f"postgresql://postgres@{self.host('db').address}:5432/{local.partition('?')[0].rpartition('/')[2]}"
        deadline = time.monotonic() + 20
        while True:
            store = Store(self.url)
            try:
                migrate(store)
                break
            except StoreError:  # the server may not have read its rules yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            finally:
                store.close()

    def commands(self, host: Host) -> Path:
        """Return a directory of Slurm's commands for a host that is not the head node."""
        directory = self.cluster.shared / f"slurm-{host.name}"
        directory.mkdir(exist_ok=True)
        head = self.host("head").address
        text = self.cluster.slurm_conf.read_text()
        conf = directory / "slurm.conf"
        conf.write_text(
            "".join(_moved(line, head) for line in text.splitlines(keepends=True)) + "DebugFlags=NO_CONF_HASH\n"
        )
        for program in CLIENTS:
            path = directory / program
            path.write_text(self.cluster.installation.wrapper(program, conf))
            path.chmod(0o755)
        return directory

    def _service(self, name: str) -> Service:
        host = self.host(name)
        commands = self.commands(host)
        executor = None
        if name != "w":
            for user in USERS:
                (self.cluster.shared / "jobs" / user).mkdir(parents=True, exist_ok=True)
                shutil.chown(self.cluster.shared / "jobs" / user, user, user)
            executor = RunningExecutor(
                self.cluster.shared / f"executor-{name}",
                service=ACCOUNT,
                roots=[f"{self.cluster.shared}/jobs/%u"],
                bin=commands,
            )
        return Service(host, self.directory, self.tables(name, commands, executor), executor=executor)

    @contextlib.contextmanager
    def small_service(self, megabytes: int) -> Iterator[tuple[Service, Path, str]]:
        """Run a Headgate on SQLite whose store and spool are on a small disk; give it, the disk and its store's URL."""
        disk, host = self.directory / "disk", self.host("small")
        disk.mkdir()
        subprocess.run(
            ["/usr/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "headgate-faults", disk], check=True
        )
        try:
            shutil.chown(disk, ACCOUNT, ACCOUNT)
            install_as(Order(disk / "spool", self.small_hand_off()), "slurm", ACCOUNT)
            commands = self.commands(host)
            url = f"sqlite:///{disk}/headgate.db"
            tables = {
                **self.tables("small", commands, None),
                "store": {"url": url},
                "spool": {"path": str(disk / "spool")},
            }
            tables["service"] = {**tables["service"], "parts": ["mail", "worker", "http"]}
            service = Service(host, self.directory, tables)
            try:
                service.start()
                yield service, disk, url
            finally:
                service.stop()
        finally:
            subprocess.run(["/usr/bin/umount", "--lazy", disk], check=True)

    def small_hand_off(self) -> Path:
        """Return the hand-off program of the Headgate on the small disk."""
        return self.cluster.shared / "small-mailprog"

    def tables(self, name: str, commands: Path, executor: RunningExecutor | None) -> dict[str, Mapping[str, Any]]:
        """Return the configuration of a service."""
        out, (web, mail) = self.host("out").address, self._ports
        every = ["watcher", "nodes", "mail", "worker", "http", "api", "rules"]
        limits = {"recipient_burst": _BOUNDLESS, "rate": float(_BOUNDLESS), "burst": _BOUNDLESS, "timeout": 2.0}
        roots = [f"{self.cluster.shared}/jobs/%u"]
        tables: dict[str, Mapping[str, Any]] = {
            "store": {"url": self.url},
            "spool": {"path": str(self.spool)},
            "slurm": {"bin": str(commands), "timeout": 5.0},
            "watcher": {"interval": 2.0, "min_interval": 0.5, "mail_grace": 20.0},
            "nodes": {"interval": 5.0},
            "accounting": {"wait": 3.0, "first_after": 0.5},
            "notify": {"backoff_first": 0.5, "backoff_max": 3.0, "lease": LEASE, "attempts": 200},
            "service": {
                "listen": f"{self.host(name).address}:8470",
                "parts": every if executor is not None else ["worker", "http"],
                "stop_deadline": 8.0,
                "worker": name,
            },
            "connectors.mailto": {
                "host": out,
                "port": int(mail),
                "from_address": "slurm@example.org",
                "domain": "example.org",
                **limits,
            },
            "connectors.hook": {"kind": "webhook", "concurrency": 8, **limits},
        }
        for endpoint in (*ENDPOINTS, REFUSED):
            tables[f"connectors.hook.endpoints.{endpoint}"] = {"url": f"http://{out}:{web}/{endpoint}"}
        if executor is not None:
            tables["executor"] = {"socket": str(executor.socket), "roots": roots}
            tables["gateway"] = {"directory": f"{self.cluster.shared}/jobs/%u"}
        return tables

    def hand_off(self) -> Path:
        """Return the hand-off program, as slurmctld runs it."""
        return self.cluster.shared / "headgate-mailprog"

    def jobs(self) -> SlurmJobs:
        """Return what Slurm has of every job."""
        with self.host("head").inside():
            queue = self.cluster.command(*slurm_jobs.QUEUE)
            agent = self.cluster.command("sdiag")
            accounts = self.cluster.command(*slurm_jobs.ACCOUNTS, f"--starttime={self.begun}")
        return slurm_jobs.read_jobs(queue, agent, accounts)

    def mend_slurm(self) -> None:
        """Do what an operator does when slurmctld was killed, which then goes on from what it saved last.

        Nodes that it took out of service are put back. Jobs are released that slurmd refused, since it had one of this
        number before. Nodes are asked what they run where a job seems to run that ended: none here lasts that long.
        """
        with self.host("head").inside(), contextlib.suppress(ClusterError):
            if self.cluster.command("sinfo", "--noheader", "--Node", "--states=drain,down", "--format=%N").strip():
                self.cluster.command("scontrol", "update", "NodeName=ALL", "State=RESUME")
            found = [line.split("|") for line in self.cluster.command("squeue", "-h", "-o%A|%T|%M|%r").splitlines()]
            if held := sorted({job for job, _, _, reason in found if reason.startswith(_REFUSED_BY_NODE)}):
                self.cluster.command("scontrol", "release", *held)
            if any(state == "RUNNING" and not lasted.startswith("0:") for _, state, lasted, _ in found):
                self.cluster.command("scontrol", "reconfigure")

    def keep_up(self) -> None:
        """Start services that ended by themselves, as systemd does: one that starts while the store is away ends."""
        for service in self.services.values():
            if not service.runs:
                service.start_service()

    def crash_postgres(self) -> None:
        """End PostgreSQL as a crash does, with all its processes at once."""
        self.postgres.stop(signal.SIGQUIT)

    def start_postgres(self) -> None:
        """Start PostgreSQL again: it recovers first."""
        with self.host("db").inside():
            self.postgres.start()

    def backends(self) -> list[Process]:
        """Return PostgreSQL's processes that serve a service, in any order."""
        query = "SELECT pid FROM pg_stat_activity WHERE client_addr IS NOT NULL ORDER BY random()"
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.postgres.url) as connection:
            return [of_number(pid) for (pid,) in connection.execute(query)]
        return []


def _moved(line: str, head: str) -> str:
    """Return a line of slurm.conf as it has to be on other hosts."""
    if line.startswith("SlurmctldHost="):
        return line.replace("(127.0.0.1)", f"({head})")
    if line.startswith("AccountingStorageHost="):
        return f"AccountingStorageHost={head}\n"
    return line
