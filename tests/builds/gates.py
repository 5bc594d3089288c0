"""Gates: places in programs and in jobs where they wait, once each, until a test lets them go on."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

_WAIT = 'gate() { mkdir "$1" 2>/dev/null || return 0; while [ ! -e "$1/open" ]; do sleep 0.05; done; }\n'


class Gates:
    """Gates in a directory that every account may write to; each is passed once."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="gates-", dir=directory))
        self.directory.chmod(0o777)
        self._opened: set[str] = set()

    def lines(self, name: str) -> str:
        """Return lines of a shell script that wait at a gate."""
        return f"{_WAIT}gate {shlex.quote(str(self.directory / name))}\n"

    def programs(self, real: Path, *names: str) -> Path:
        """Return a directory with these programs, which wait before they do what the real ones do, and behind it."""
        made = self.directory / "bin"
        made.mkdir(mode=0o755)
        for path in real.iterdir():
            own = made / path.name
            if path.name not in names:
                own.symlink_to(path)
                continue
            calls = shlex.quote(str(self.directory / f"{path.name}.calls"))
            before, behind = (self.lines(f"{path.name}-{when}") for when in ("before", "behind"))
            call = f'{shlex.quote(str(path))} "$@"\ncode=$?\n'
            own.write_text(f'#!/bin/sh\necho "$*" >>{calls}\n{before}{call}{behind}exit $code\n')
            own.chmod(0o755)
        return made

    def calls(self, program: str) -> int:
        """Return how often a program was started."""
        path = self.directory / f"{program}.calls"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def waiting(self) -> list[str]:
        """Return the gates at which something waits."""
        there = {path.name for path in self.directory.iterdir() if path.is_dir() and path.name != "bin"}
        return sorted(there - self._opened)

    def open(self, name: str) -> None:
        """Let what waits at a gate go on."""
        (self.directory / name / "open").touch()
        self._opened.add(name)
