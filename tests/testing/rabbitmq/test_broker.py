"""The private broker leaves nothing behind, also when whoever started it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.rabbitmq import broker as module
from headgate.testing.rabbitmq.broker import PROGRAMS, RabbitBroker

_PROGRAM = """
from headgate.testing.rabbitmq.broker import RabbitBroker
import time
broker = RabbitBroker().__enter__()
print(broker._daemons.directory, *(running.pid for running in broker._daemons._running), flush=True)
time.sleep(600)
"""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.slow
def test_a_broker_whose_owner_is_killed_ends_with_its_port_mapper_and_its_directory() -> None:
    if not (PROGRAMS / "rabbitmq-server").exists():
        pytest.skip("Debian's package rabbitmq-server is not installed")
    owner = subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    directory, *pids = owner.stdout.readline().split()
    assert len(pids) == 2
    assert all(runs(int(pid)) for pid in pids)
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    until(lambda: not any(runs(int(pid)) for pid in pids))
    until(lambda: not Path(directory).exists())


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "PROGRAMS", tmp_path)
    with pytest.raises(ClusterError, match="rabbitmq-server"), RabbitBroker():
        pass
