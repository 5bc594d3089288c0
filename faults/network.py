"""Hosts made of network namespaces, each with one wire to a switch of our own; nothing leaves them.

A wire is a TAP device, which every kernel has that makes virtual machines' networks; the switch is ``switch.py``.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

IP: Final = "/usr/sbin/ip"
_NETWORK: Final = "10.77.0"
_NEW_NET: Final = 0x40000000
"""CLONE_NEWNET, the kind of namespace that setns(2) is to enter."""
_TUNSETIFF: Final = 0x400454CA
_TAP: Final = 0x0002 | 0x1000
"""IFF_TAP and IFF_NO_PI: whole Ethernet frames, and nothing before them."""
_LARGEST: Final = 9000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Host:
    """One host: its name, its namespace and its address."""

    name: str
    namespace: str
    address: str

    def command(self, argv: Sequence[str | Path]) -> list[str]:
        """Return what runs a command on this host."""
        return ["/usr/bin/nsenter", f"--net=/run/netns/{self.namespace}", "--", *(os.fspath(word) for word in argv)]

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Put this thread, and what it starts, on this host for a while."""
        with Path("/proc/thread-self/ns/net").open("rb") as before:
            self.enter()
            try:
                yield
            finally:
                _enter(before.fileno())

    def enter(self) -> None:
        """Put this thread, and what it starts, on this host."""
        with Path(f"/run/netns/{self.namespace}").open("rb") as wanted:
            _enter(wanted.fileno())


class Network:
    """A switch and its hosts; use it in a ``with`` statement. They go away too if this process is killed."""

    def __init__(self, *names: str) -> None:
        """``names``: of the hosts."""
        self.prefix = f"hgf{os.getpid()}"
        """What the names of its namespaces begin with."""
        self.hosts = {
            name: Host(name, f"{self.prefix}-{name}", f"{_NETWORK}.{number}") for number, name in enumerate(names, 1)
        }
        self._switch: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as wires:
            try:
                ends = {host: wires.enter_context(_wire(host)) for host in self.hosts.values()}
                self._switch = _start_switch(ends)
            except BaseException:
                for host in self.hosts.values():
                    subprocess.run([IP, "netns", "delete", host.namespace], check=False, stderr=subprocess.DEVNULL)
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._switch is not None:
            self._switch.communicate()  # it removes the namespaces
            self._switch = None

    def cut(self, host: Host) -> None:
        """Pull a host's wire: what is on its way is lost, and nobody is told."""
        self._tell(f"cut {host.namespace}\n")

    def join(self, host: Host) -> None:
        """Put a host's wire back."""
        self._tell(f"join {host.namespace}\n")

    def _tell(self, line: str) -> None:
        """Tell the switch something, and wait until it has done so."""
        assert self._switch is not None
        assert self._switch.stdin is not None
        assert self._switch.stdout is not None
        self._switch.stdin.write(line.encode())
        self._switch.stdin.flush()
        self._switch.stdout.readline()


def possible() -> str:
    """Return why no hosts can be made here; "" if they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        with Network("probe"):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"network namespaces with a TAP device cannot be made here: {error}"


@contextlib.contextmanager
def _wire(host: Host) -> Iterator[int]:
    """Make a host and its network device; give the wire's other end, a file descriptor."""
    _ip("netns", "add", host.namespace)
    _ip("-n", host.namespace, "link", "set", "lo", "up")
    with host.inside():
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", b"eth0", _TAP))
    try:
        _ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
        _ip("-n", host.namespace, "link", "set", "eth0", "mtu", str(_LARGEST), "up")
        yield end
    finally:
        os.close(end)  # the switch has its own by now


def _start_switch(ends: dict[Host, int]) -> subprocess.Popen[bytes]:
    # It reads from a pipe that only we can write to: the pipe's end is our end, however it came.
    return subprocess.Popen(
        [sys.executable, "-m", "faults.switch", *(f"{host.namespace}={end}" for host, end in ends.items())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=list(ends.values()),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        start_new_session=True,
        cwd=Path(__file__).resolve().parent.parent,
    )


def _enter(descriptor: int) -> None:
    if _LIBC.setns(descriptor, _NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
