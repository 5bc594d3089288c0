"""Hosts made of namespaces reach each other, can be cut off, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults import network
from faults.network import Network

pytestmark = pytest.mark.skipif(bool(network.possible()), reason=network.possible())

ROOT = Path(__file__).resolve().parents[2]


def left(pid: int) -> list[str]:
    return [path.name for path in Path("/run/netns").glob(f"hgf{pid}-*")]


def test_a_host_that_is_cut_off_hears_nothing_until_it_is_joined_again() -> None:
    with Network("one", "two") as net:
        one, two = net.hosts["one"], net.hosts["two"]
        with two.inside():
            listener = socket.create_server((two.address, 0))
        with one.inside():
            client = socket.create_connection(listener.getsockname(), timeout=20)
        server, (address, _) = listener.accept()
        assert address == one.address
        net.cut(two)
        client.sendall(b"said")
        server.settimeout(0.5)
        with pytest.raises(TimeoutError):
            server.recv(4)
        net.join(two)
        server.settimeout(60)
        assert server.recv(4) == b"said"
        for end in (client, server, listener):
            end.close()
    assert not left(os.getpid())


def test_a_process_that_leaves_is_back_where_it_was() -> None:
    before = Path("/proc/thread-self/ns/net").readlink()
    with Network("one") as net, net.hosts["one"].inside():
        assert Path("/proc/thread-self/ns/net").readlink() != before
    assert Path("/proc/thread-self/ns/net").readlink() == before


def test_nothing_is_left_when_whoever_made_it_is_killed() -> None:
    up = "with Network('one'):\n print('up', flush=True)\n time.sleep(600)"
    program = f"import time\nfrom faults.network import Network\n{up}"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as made:
        assert made.stdout is not None
        assert made.stdout.readline() == "up\n"
        assert left(made.pid)
        made.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while left(made.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
