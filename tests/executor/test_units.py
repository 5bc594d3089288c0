"""The files for systemd that belong to the executor."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import headgate.service.units
from headgate.executor.client import DEFAULT_SOCKET
from tests.executor.conftest import AS_THE_UNIT

UNITS = Path(headgate.service.units.__file__).parent
SOCKET, SERVICE = UNITS / "headgate-executor.socket", UNITS / "headgate-executor.service"


def test_the_socket_is_where_the_client_looks_for_it_and_not_for_everybody() -> None:
    text = SOCKET.read_text()
    assert f"ListenStream={DEFAULT_SOCKET}\n" in text
    assert "SocketMode=0660\n" in text
    assert "SocketGroup=headgate\n" in text


def test_the_capabilities_are_those_the_tests_run_with() -> None:
    found = re.findall(r"^CapabilityBoundingSet=(.*)$", SERVICE.read_text(), re.MULTILINE)
    wanted = ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in found[0].split())])
    assert f"--bounding-set={wanted}" in AS_THE_UNIT
    assert "--no-new-privs" in AS_THE_UNIT
    assert "NoNewPrivileges=yes\n" in SERVICE.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    for unit in (SOCKET, SERVICE):
        shutil.copy(unit, tmp_path / unit.name)
    command = ["systemd-analyze", "verify", str(tmp_path / SERVICE.name), str(tmp_path / SOCKET.name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_filter_lets_through_what_the_executor_calls() -> None:
    def group(name: str) -> set[str]:
        command = ["systemd-analyze", "syscall-filter", name]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        words = {line.strip() for line in shown.splitlines()[1:] if line.strip() and "#" not in line}
        below = (group(word) for word in words if word.startswith("@"))
        return {word for word in words if not word.startswith("@")}.union(*below)

    allowed: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", SERVICE.read_text(), re.MULTILINE):
        groups: set[str] = set().union(*(group(name) for name in line.removeprefix("~").split()))
        allowed = allowed - groups if line.startswith("~") else allowed | groups
    calls = "openat2 memfd_create setuid setresuid setresgid setgroups prctl waitid kill sendmsg recvmsg getsockopt"
    calls += " setsid fchdir unlinkat mkdirat renameat getdents64 newfstatat clone clone3 vfork execve ftruncate pipe2"
    calls += " poll"
    assert set(calls.split()) <= allowed
    assert not allowed & {"mount", "reboot", "init_module", "ptrace", "chown", "fchown", "swapon", "iopl"}
