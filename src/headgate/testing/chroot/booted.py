"""A machine that systemd has started, as a server's is: units, journal, sockets and sandboxes are the real ones."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from headgate.testing.chroot.machine import Machine

PACKAGES = ("systemd-sysv", "dbus")
"""What a tree needs to be booted; `headgate.testing.chroot.debian.clean` installs it."""

_START = Path(__file__).with_name("booted.sh")
_EMPTY = 'mount -t cgroup2 cgroup2 "$1/mnt" && exec find "$1/mnt/$2" -depth -type d -exec rmdir {} +'


class BootedMachine(Machine):
    """A Debian whose process 1 is systemd, in a control group of its own; services start when packages say so.

    Like nspawn's containers it may neither set the clock, load modules nor change the kernel's settings.
    """

    def __init__(self, tree: Path, directory: Path, name: str = "head", *, shared: Path | None = None) -> None:
        """Describe it: like a `Machine`, of a tree with `PACKAGES`."""
        super().__init__(tree, directory, name, shared=shared)
        self._group = f"headgate-{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> Self:
        """Copy the tree, boot it, and wait until nothing of it is still starting."""
        super().__enter__()
        # One that is told of before systemd listens is told again.
        self.run("/bin/sh", "-c", "until [ -S /run/systemd/private ]; do sleep 0.05; done", timeout=120)
        self.run("/bin/sh", "-c", "systemctl is-system-running --wait || systemctl --failed --no-pager", timeout=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything in it; remove its control groups, and the copy."""
        if self._first is not None and self.pid:
            # Its process 1 first: the kernel lets go of it when all others in it have ended.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._first.wait(60)
            argv = ("/usr/bin/unshare", "--mount", "--", "/bin/sh", "-c", _EMPTY, "sh", str(self.root), self._group)
            subprocess.run(argv, check=True, capture_output=True, timeout=60)
        super().__exit__(kind, error, trace)

    def path(self, inside: str | Path) -> Path:
        """Return where the host sees a path of the machine's, also one on a file system that systemd has mounted."""
        found = super().path(inside)
        # Only there: programs that resolve links themselves, as SQLite does, are led to the host's own files by /proc.
        mounted = found.relative_to(self.root).parts[:1] in (("run",), ("tmp",))
        return Path(f"/proc/{self.pid}/root", found.relative_to(self.root)) if mounted else found

    def systemctl(self, *words: str) -> str:
        """Run systemctl and return what it printed. Raises CommandError if it fails."""
        return self.run("/usr/bin/systemctl", "--no-pager", *words)

    def shown(self, unit: str, name: str) -> str:
        """Return a property of a unit, such as ``ActiveState``."""
        return self.systemctl("show", "--value", f"--property={name}", unit).strip()

    def journal(self, unit: str = "") -> str:
        """Return the last lines of the journal, or of a unit's."""
        of = (f"--unit={unit}",) if unit else ()
        return self.run("/usr/bin/journalctl", "--no-pager", "--lines=80", "--output=cat", *of)

    def _prepare(self) -> None:
        super()._prepare()
        (self.root / "usr/sbin/policy-rc.d").unlink()
        # Debian's own timers would ask the mirror, which is not to be reached, and hold apt's locks.
        for link in (self.root / "etc/systemd/system/timers.target.wants").iterdir():
            link.unlink()

    def _start_words(self) -> tuple[str, ...]:
        return ("/bin/sh", str(_START), str(self.root), self._name, str(self._shared or ""), self._group)


def why_not_booted() -> str | None:
    """Return why no machine can be booted here, or None; beside what `machine.why_not` says."""
    known = Path("/proc/filesystems").read_text().split()
    return None if "cgroup2" in known else "booting a machine needs a kernel with cgroup2"
