"""The switch, a process of its own: passes Ethernet frames between wires, unless a wire is cut.

``python -m faults.switch NAMESPACE=DESCRIPTOR …``. It is told ``cut NAMESPACE`` and ``join NAMESPACE`` on its standard
input, and says when it has; when that ends, it kills what still runs there, removes the namespaces and ends itself.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from typing import Final

from faults.network import IP

_FRAME: Final = 65536
_TO_SEVERAL: Final = 1
"""The bit of an address's first byte that says it is not one station's."""
_AT_ONCE: Final = 64
"""Frames taken from one wire before the others have their turn."""


class Switch:
    """Learns behind which wire a station is; ``wires``: name -> the end of a TAP device."""

    def __init__(self, wires: dict[str, int]) -> None:
        self._wires = wires
        self._cut: set[int] = set()
        self._stations: dict[bytes, int] = {}

    def told(self, line: str) -> None:
        """Cut or join a wire."""
        word, _, name = line.partition(" ")
        change = self._cut.add if word == "cut" else self._cut.discard
        change(self._wires[name])

    def take(self, wire: int) -> None:
        """Pass on what came by one wire."""
        for _ in range(_AT_ONCE):
            try:
                frame = os.read(wire, _FRAME)
            except BlockingIOError:
                return
            if wire not in self._cut:
                self._stations[frame[6:12]] = wire
                self._pass_on(frame, wire)

    def _pass_on(self, frame: bytes, came_by: int) -> None:
        known = None if frame[0] & _TO_SEVERAL else self._stations.get(frame[:6])
        for wire in self._wires.values() if known is None else (known,):
            if wire != came_by and wire not in self._cut:
                try:
                    os.write(wire, frame)
                except OSError:
                    continue  # a full queue or a device that is down loses frames, as anywhere


def main(words: list[str]) -> None:
    """Pass frames on until standard input ends."""
    wires = {name: int(end) for name, _, end in (word.partition("=") for word in words)}
    switch = Switch(wires)
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        for wire in wires.values():
            selector.register(wire, selectors.EVENT_READ)
        open_ = True
        while open_:
            for key, _ in selector.select():
                if key.fd != 0:
                    switch.take(key.fd)
                    continue
                told = os.read(0, 4096)
                open_ = bool(told)
                for line in told.decode().splitlines():
                    switch.told(line)
                    os.write(1, b"done\n")
    for name in wires:
        _end_what_runs_on(name)
        subprocess.run([IP, "netns", "delete", name], check=False, stdin=subprocess.DEVNULL)


def _end_what_runs_on(namespace: str) -> None:
    """Kill what is left on a host, where whoever made it was killed before it could."""
    told = subprocess.run(
        [IP, "netns", "pids", namespace], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    for pid in map(int, told.stdout.split()):
        if pid != os.getppid():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
