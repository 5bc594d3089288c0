"""The cluster's processes: start them detached, know them again, end them and whatever they started.

A process is known by its pid *and* its start time, and signalled through a pidfd that was opened before the start time
was compared: so a pid that the kernel gave to somebody else meanwhile is never touched.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headgate.testing.cluster.errors import ClusterError, CommandError

MARK = "HEADGATE_CLUSTER"
"""Environment variable of every daemon: the cluster's directory."""

_DETACH = ("/bin/sh", "-c", 'umask 022 && cd / && exec "$@"', "sh")
_DEFAULT_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this boot. ``started``: clock ticks after boot, from /proc/PID/stat."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Status:
    """What /proc/PID/stat tells, as far as we need it."""

    name: str
    state: str
    parent: int
    session: int
    started: int


def run(argv: Sequence[str], *, env: Mapping[str, str] | None = None, timeout: float = 60.0) -> str:
    """Run a short command to its end and return its standard output.

    Raises CommandError when it fails or takes more than ``timeout`` seconds, ClusterError when it is not there.
    """
    try:
        done = subprocess.run(
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            umask=0o022,
        )
    except FileNotFoundError as error:
        raise ClusterError(f"{argv[0]} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, None, f"waited {timeout:g} s") from error
    if done.returncode:
        raise CommandError(argv, done.returncode, done.stderr + done.stdout)
    return done.stdout


def boot_id() -> str:
    """Return what the kernel calls this boot: pids and start times of another boot say nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def spawn(argv: Sequence[str], env: Mapping[str, str], output: Path) -> Process:
    """Start a daemon in a session of its own, in /, with its output added to a file. It outlives this process."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        _DETACH[0],
        [*_DETACH, *argv],
        dict(env),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=_DEFAULT_SIGNALS,
    )
    status = _status(pid)
    # A child stays in /proc until it is waited for, so its status is there even if it has ended already.
    return Process(pid, status.started if status else 0)


def of_number(pid: int) -> Process:
    """Return the process that has a number now; one that never was, where nobody has it."""
    status = _status(pid)
    return Process(pid, -1 if status is None else status.started)


def is_alive(process: Process) -> bool:
    """Say whether exactly this process still runs. If it was a child of ours and has ended, it is waited for."""
    status = _status(process.pid)
    if status is None or status.started != process.started:
        return False
    if status.state in "ZX":
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        return False
    return True


def send(process: Process, number: signal.Signals) -> bool:
    """Signal exactly this process; say whether it was there."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        if not is_alive(process):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def wait_gone(processes: Collection[Process], timeout: float) -> bool:
    """Wait until none of them runs, for so many seconds; say whether they are gone."""
    deadline = time.monotonic() + timeout
    while any(is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def end(process: Process, timeout: float) -> None:
    """End a process: SIGTERM, and SIGKILL when so many seconds later it still runs."""
    if send(process, signal.SIGTERM) and not wait_gone([process], timeout):
        send(process, signal.SIGKILL)
        wait_gone([process], timeout)


def belonging_to(directory: Path, slurm_conf: Path, daemons: Collection[Process]) -> frozenset[Process]:
    """Return what runs for the cluster in ``directory``: daemons, job steps, jobs and mail programs.

    That is: what carries our mark, jobs of this slurm.conf, slurmstepd processes with a file of this cluster open
    (they overwrite their environment with their title), the sessions of the daemons, and all descendants of these.
    """
    processes = dict(_processes())
    mark, conf = f"{MARK}={directory}".encode(), f"SLURM_CONF={slurm_conf}".encode()
    sessions = {daemon.pid for daemon in daemons if processes.get(daemon.pid, _GONE).started == daemon.started}
    found = {
        pid
        for pid, status in processes.items()
        if status.session in sessions or _is_marked(pid, mark, conf) or _is_step_daemon(pid, status, directory)
    }
    while more := {pid for pid, status in processes.items() if status.parent in found} - found:
        found |= more
    return frozenset(
        Process(pid, processes[pid].started) for pid in found - {os.getpid()} if processes[pid].state not in "ZX"
    )


_GONE = _Status("", "X", 0, 0, -1)


def _status(pid: int) -> _Status | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # proc(5): "pid (comm) state ppid pgrp session ..."; comm may hold spaces and parentheses, so cut at the last one.
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return _Status(name, fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def _processes() -> Iterator[tuple[int, _Status]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (status := _status(int(entry.name))) is not None:
            yield int(entry.name), status


def _is_marked(pid: int, mark: bytes, conf: bytes) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    # A person's shell may name our slurm.conf; only a job has a job's number too.
    return mark in variables or (conf in variables and any(name.startswith(b"SLURM_JOB_ID=") for name in variables))


def _is_step_daemon(pid: int, status: _Status, directory: Path) -> bool:
    if not status.name.startswith("slurmstepd"):
        return False
    with contextlib.suppress(OSError):
        return any(_leads_into(link, directory) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def _leads_into(link: Path, directory: Path) -> bool:
    with contextlib.suppress(OSError):
        # Of a process in a chroot the kernel shows the path with the tree's before it.
        return f"{directory}/" in str(link.readlink())
    return False
