"""A head node that systemd runs, in a machine of its own: its release's Slurm, a mail server, Headgate's package."""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from headgate.testing.chroot.booted import BootedMachine
from headgate.testing.cluster.errors import ClusterError, CommandError

USER = "ada"
DOMAIN = "cluster.example"
SLURM = ("slurmctld", "slurmd", "slurm-client", "munge")
_PATIENCE = 300.0
_READY = (
    "import json, urllib.request as r; print(json.load(r.urlopen('http://127.0.0.1:8470/readyz', timeout=5))['ready'])"
)
_SLURM_CONF = """\
ClusterName=small
SlurmctldHost=head
SlurmUser=slurm
StateSaveLocation=/var/lib/slurm/slurmctld
SlurmdSpoolDir=/var/lib/slurm/slurmd
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_interval=2
NodeName=head CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES State=UP
"""
"""As a small site would write it: there are no controllers of cgroups in the machine."""


class HeadNode:
    """What is done on it, step by step, in the order of an administrator's day."""

    def __init__(self, machine: BootedMachine, mails: Path) -> None:
        """``mails``: where the mail server keeps what it gets, a directory of the host's."""
        self.machine = machine
        self.mails = mails
        self.program = "/usr/bin/headgate"
        self._mail_server: subprocess.Popen[bytes] | None = None

    def install_slurm(self) -> None:
        """Configure that release's Slurm and install it; it starts when it is installed."""
        # Before that: Debian 13's slurmd otherwise asks the network for a configuration, and apt waits for it.
        place = self.machine.path("/etc/slurm")
        place.mkdir()
        (place / "slurm.conf").write_text(_SLURM_CONF)
        # Slurm looks for its version of cgroups where systemd is; none is used, and v1 asks for nothing before that.
        (place / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        self.machine.install(*SLURM)
        self.machine.run("/usr/sbin/useradd", "--create-home", "--shell", "/bin/bash", USER)

    def start_slurm(self) -> None:
        """Start munge, slurmctld and slurmd with what they need; wait until the node takes jobs."""
        machine = self.machine
        for directory in ("/var/lib/slurm/slurmctld", "/var/log/slurm"):
            machine.run("/usr/bin/install", "-d", "-o", "slurm", "-g", "slurm", directory)
        machine.systemctl("restart", "munge", "slurmctld", "slurmd")
        _wait("Slurm", lambda: "idle" in self._try("/usr/bin/sinfo", "--noheader", "--format=%T"), machine.journal)

    def start_mail_server(self) -> None:
        """Start a mail server on the machine's port 25."""
        words = (sys.executable, "-m", "headgate.testing.smtp", str(self.mails), "--port", "25")
        self._mail_server = subprocess.Popen(self.machine.outside(*words), stdout=subprocess.PIPE)
        if self._mail_server.stdout is None or not self._mail_server.stdout.readline().strip():
            raise ClusterError("the mail server did not start")

    def install_headgate(self, package: Path) -> str:
        """Have apt install the package from a file, with what it depends on."""
        inside = f"/root/{package.name}"
        shutil.copyfile(package, self.machine.path(inside))
        return self.machine.install(inside)

    def set_up(self, *arguments: str) -> str:
        """Run ``headgate setup`` and return what it said."""
        return self.machine.run(self.program, "setup", "--yes", *arguments)

    def add_to_slurm_conf(self, setup: str) -> None:
        """Put the lines that ``headgate setup`` printed into slurm.conf, and have slurmctld read it."""
        lines = re.findall(r"^  (MailProg=.*)$", setup, re.MULTILINE)
        if not lines:
            raise ClusterError(f"setup named no line for slurm.conf:\n{setup}")
        self.machine.path("/etc/slurm/slurm.conf").write_text("\n".join([*lines, _SLURM_CONF]))
        self.machine.run("/usr/bin/scontrol", "reconfigure")

    def start_executor(self) -> None:
        """Enable the executor's socket and start it: the executor itself starts at its first request."""
        self.machine.systemctl("enable", "--now", "headgate-executor.socket")

    def start_headgate(self) -> None:
        """Enable the service and start it, and wait until it is ready."""
        self.machine.systemctl("enable", "--now", "headgate.service")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the service, which systemd takes for started, answers that it is ready."""
        look = ("/usr/bin/python3", "-c", _READY)
        _wait("Headgate", lambda: "True" in self._try(*look), self._said, lambda: self.state() == "failed")

    def state(self) -> str:
        """Return what systemd says of the service: active, inactive, failed and so on."""
        return self.machine.shown("headgate.service", "ActiveState")

    def stop_headgate(self) -> None:
        """Stop the service, and wait until it is gone."""
        self.machine.systemctl("stop", "headgate.service")

    def wait_until_restarted(self, before: str) -> None:
        """Wait until systemd has replaced the service's process ``before``, and the new one is ready."""
        shown = functools.partial(self.machine.shown, "headgate.service", "MainPID")
        _wait("another process of Headgate", lambda: shown() not in ("0", before), self._said)
        self.wait_until_ready()

    def run_job(self, asking: Mapping[str, str], *command: str) -> str:
        """Run a job through the gateway to its end, and return its id there. ``asking``: how to ask, as variables."""
        words = (self.program, "job")
        _wait("the gateway", lambda: bool(self._try(*words, "list", env=asking)), self._said)
        said = self.machine.run(*words, "submit", *command, env=asking)
        job = next(line for line in said.splitlines() if not line.startswith("Slurm job"))
        self.machine.run(*words, "watch", job, env=asking)
        return job

    def submit(self) -> int:
        """Submit a job as an ordinary user, who wants to be told of its end; return its number."""
        words = ("--parsable", "--mail-type=END", "--chdir=/tmp", "--wrap=sleep 1")
        return int(self.machine.run("/usr/bin/sbatch", *words, user=USER))

    def wait_for_mail(self, about: str) -> str:
        """Wait for a mail whose text holds this, and return it."""
        found: list[str] = []

        def look() -> bool:
            texts = (path.read_text(errors="replace") for path in self.mails.glob("*.eml"))
            found.extend(text for text in texts if about in text)
            return bool(found)

        _wait(f"the mail about {about}", look, self._said)
        return found[0]

    def unit(self, name: str) -> Mapping[str, str]:
        """Return the directives of a unit; of those given several times, the last."""
        places = (self.machine.path(f"{base}/systemd/system/{name}") for base in ("/etc", "/usr/lib"))
        text = next(path for path in places if path.is_file()).read_text()
        return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))

    def close(self) -> None:
        """End the mail server; the rest ends with the machine."""
        if self._mail_server is not None:
            self._mail_server.terminate()
            self._mail_server.communicate()

    def _try(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        with contextlib.suppress(CommandError):
            return self.machine.run(*words, env=env)
        return ""

    def _said(self) -> str:
        path = self.machine.path("/var/log/slurm/slurmctld.log")
        slurm = path.read_text(errors="replace")[-3000:] if path.exists() else ""
        return f"{slurm}\n{self.machine.journal('headgate*')}"


def _wait(
    what: str, is_so: Callable[[], bool], said: Callable[[], str], has_failed: Callable[[], bool] = lambda: False
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        failed = has_failed()
        if failed or time.monotonic() > deadline:
            raise ClusterError(f"{what} did not come{' and has failed' if failed else ''}:\n{said()}")
        time.sleep(0.1)
