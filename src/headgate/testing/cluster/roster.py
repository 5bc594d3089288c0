"""Which daemons of a cluster run: starting them, waiting until they answer, ending them and all that they started."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterable
from dataclasses import replace

from headgate.testing.cluster import daemons, files, process, record
from headgate.testing.cluster.configuration import Description
from headgate.testing.cluster.errors import ClusterError, DaemonError
from headgate.testing.cluster.installation import Installation
from headgate.testing.cluster.layout import Layout
from headgate.testing.cluster.process import Process
from headgate.testing.cluster.record import Record

START_SECONDS = 60.0
"""How long a daemon may take until it answers. Usually it is a fraction of a second."""

STOP_SECONDS = 20.0
"""How long a daemon may take to end by itself."""

_POLL_SECONDS = 0.02


class Roster:
    """The daemons of one cluster, by name, as written down in its record. Whoever changes it holds the lock."""

    def __init__(self, layout: Layout) -> None:
        """Know where the record lies; it is read anew each time, for other processes change it too."""
        self._layout = layout

    def record(self) -> Record:
        """Return what is written down about the cluster; raise ClusterError when nothing is."""
        known = record.read(self._layout.record)
        if known is None:
            raise ClusterError(f"there is no cluster {self._layout.name} in {self._layout.root}: bring it up first")
        return known

    def is_running(self, name: str) -> bool:
        """Say whether the process that was started as this daemon lives."""
        known = self.record().daemons.get(name)
        return known is not None and process.is_alive(known)

    def status(self, name: str, description: Description) -> str:
        """Return "running", "waiting" (lives, but does not answer, or what it needs does not) or "stopped"."""
        if not self.is_running(name):
            return "stopped"
        return "running" if daemons.is_ready(name, description, _quietly) else "waiting"

    def start(self, names: Iterable[str], description: Description, installation: Installation) -> None:
        """Start those of these daemons that do not run, all at once, and wait until all of them answer."""
        names = tuple(names)
        for name in names:
            if not self.is_running(name):
                started = process.spawn(
                    daemons.argv(name, description, installation),
                    daemons.environment(name, description),
                    self._layout.output(name),
                )
                self._note(name, started)
        self.wait(names, description)

    def wait(self, names: Iterable[str], description: Description, timeout: float = START_SECONDS) -> None:
        """Wait until these daemons answer; raise DaemonError when one dies, or after so many seconds."""
        deadline = time.monotonic() + timeout
        for name in names:
            while not daemons.is_ready(name, description, _quietly):
                if not self.is_running(name):
                    raise DaemonError(name, "does not run", files.last_words(self._layout, name))
                if time.monotonic() > deadline:
                    words = files.last_words(self._layout, name)
                    raise DaemonError(name, f"did not answer within {timeout:g} s", words)
                time.sleep(_POLL_SECONDS)

    def end(self, names: Iterable[str], number: signal.Signals = signal.SIGTERM) -> None:
        """Send these daemons a signal and wait until they are gone; SIGKILL those that do not go."""
        known = self.record().daemons
        ending = {name: known[name] for name in names if name in known}
        _end(ending.values(), number)
        for name, one in ending.items():
            if not process.is_alive(one):
                self._note(name, None)

    def sweep(self) -> None:
        """Kill all that belongs to the cluster until nothing is left: one may be starting another while we look."""
        known = frozenset(self.record().daemons.values())
        while found := process.belonging_to(self._layout.directory, self._layout.slurm_conf, known):
            _end(found, signal.SIGKILL)
            known |= found
        record.write(self._layout.record, replace(self.record(), daemons={}))

    def _note(self, name: str, started: Process | None) -> None:
        record.write(self._layout.record, self.record().with_daemon(name, started))


def _end(processes: Iterable[Process], number: signal.Signals) -> None:
    processes = tuple(processes)
    for attempt in (number, signal.SIGKILL):
        for one in processes:
            process.send(one, attempt)
        if process.wait_gone(processes, STOP_SECONDS):
            return


def _quietly(argv: list[str]) -> str | None:
    with contextlib.suppress(ClusterError):
        return process.run(argv, timeout=10)
    return None
