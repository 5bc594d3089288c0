"""A head node in a machine of its own: that release's Slurm, a mail server, and Headgate from its package."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from headgate.testing.chroot.machine import Machine, end
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
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
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
"""As a small site would write it: there are no cgroups in the machine."""


class HeadNode:
    """What is done on it, step by step, in the order of an administrator's day."""

    def __init__(self, machine: Machine, mails: Path) -> None:
        """``mails``: where the mail server keeps what it gets, a directory of the host's."""
        self.machine = machine
        self.mails = mails
        self.program = "/usr/bin/headgate"
        self._mail_server: subprocess.Popen[bytes] | None = None
        self._service: subprocess.Popen[bytes] | None = None

    def install_slurm(self) -> None:
        """Install that release's Slurm."""
        self.machine.install(*SLURM)
        self.machine.run("/usr/sbin/useradd", "--create-home", "--shell", "/bin/bash", USER)

    def start_slurm(self) -> None:
        """Configure and start munge, slurmctld and slurmd; wait until the node takes jobs."""
        machine = self.machine
        machine.path("/etc/slurm/slurm.conf").write_text(_SLURM_CONF)
        machine.run("/usr/bin/install", "-d", "-o", "munge", "-g", "munge", "-m", "755", "/run/munge")
        machine.run(
            "/usr/bin/install", "-d", "-o", "slurm", "-g", "slurm", "/var/lib/slurm/slurmctld", "/var/log/slurm"
        )
        machine.start("/usr/sbin/munged", "--foreground", user="munge", log="/var/log/munged.out")
        _wait("munge", lambda: machine.path("/run/munge/munge.socket.2").exists(), self._said("/var/log/munged.out"))
        machine.start("/usr/sbin/slurmctld", "-D", log="/var/log/slurmctld.out")
        machine.start("/usr/sbin/slurmd", "-D", log="/var/log/slurmd.out")
        said = self._said("/var/log/slurmctld.out", "/var/log/slurmd.out")
        _wait("Slurm", lambda: "idle" in self._try("/usr/bin/sinfo", "--noheader", "--format=%T"), said)

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
        """Have the executor started at its first request, by what its units say."""
        machine, unit, at = self.machine, self.unit("headgate-executor.service"), self.unit("headgate-executor.socket")
        path, log = at["ListenStream"], "/var/log/headgate-executor.out"
        words = ("/usr/bin/systemd-socket-activate", f"--listen={path}", *unit["ExecStart"].split())
        machine.start(*words, log=log)
        _wait("the executor's socket", lambda: machine.path(path).exists(), self._said(log))
        machine.run("/usr/bin/chgrp", at["SocketGroup"], path)
        machine.run("/usr/bin/chmod", at["SocketMode"], path)

    def start_headgate(self) -> None:
        """Start the service by what its unit says, as systemd would, and wait until it is ready."""
        unit = self.unit("headgate.service")
        for base, kind in (("/var/lib", "State"), ("/run", "Runtime")):
            name, mode = unit[f"{kind}Directory"], unit[f"{kind}DirectoryMode"]
            own = ("-o", unit["User"], "-g", unit["Group"], "-m", mode)
            self.machine.run("/usr/bin/install", "-d", *own, f"{base}/{name}")
        log = "/var/log/headgate.out"
        self._service = self.machine.start(*unit["ExecStart"].split(), user=unit["User"], log=log)
        python = "/usr/bin/python3"
        _wait("Headgate", lambda: "True" in self._try(python, "-c", _READY), self._said(log), self._service)

    def stop_headgate(self) -> None:
        """End the service as systemd would, and wait until it is gone."""
        if self._service is None:
            return
        end(self._service)
        self._service = None

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

        logs = ("/var/log/headgate.out", "/var/log/slurm/slurmctld.log")
        _wait(f"the mail about {about}", look, self._said(*logs))
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

    def _try(self, *words: str) -> str:
        with contextlib.suppress(CommandError):
            return self.machine.run(*words)
        return ""

    def _said(self, *logs: str) -> Callable[[], str]:
        def said() -> str:
            paths = [self.machine.path(log) for log in logs]
            return "\n".join(path.read_text(errors="replace")[-3000:] for path in paths if path.exists())

        return said


def _wait(
    what: str, is_so: Callable[[], bool], said: Callable[[], str], process: subprocess.Popen[bytes] | None = None
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            raise ClusterError(f"{what} did not come{' and its process ended' if ended else ''}:\n{said()}")
        time.sleep(0.1)
