"""The place for records that cannot be read: beside the spool, each with its reason, until somebody decides.

A record ``NAME`` stands beside a file ``NAME.why``. Nothing is ever deleted here but by ``drop``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.errors import NotFoundError, SpoolError
from headgate.events.sources.mail.record_file import fresh_name, is_record_name

DIRECTORY: Final = "unreadable"
"""Its name inside the spool."""
MODE: Final = 0o2770
"""Of the spool and of what is inside it: for the owner and the group, who is also the group of what is made there."""
_WHY: Final = ".why"
_MAX_WHY: Final = 2000


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """A record that was set aside."""

    name: str
    why: str
    size: int
    """Bytes."""
    time: float
    """When it was written, in seconds since the epoch."""


class Aside:
    """The records that were set aside, in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def put(self, path: Path, why: str) -> str:
        """Move a file, or whatever was planted in its place, here; return its name here.

        Raises FileNotFoundError if there is no such file, SpoolError if it cannot be moved.
        """
        name = path.name
        if not is_record_name(name) or os.path.lexists(self.directory / name):
            why = f"{why} (it was called {ascii(name)[: _MAX_WHY // 4]})"
            name = fresh_name()
        try:
            self._make()
            # The reason first: whatever lies here can be explained, unless the disk is full.
            with contextlib.suppress(OSError):
                self._why(name).write_text(f"{why[:_MAX_WHY]}\n", encoding="utf-8", errors="replace")
            path.rename(self.directory / name)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._why(name).unlink()
            if isinstance(error, FileNotFoundError):
                raise
            raise SpoolError(f"{path.name!a} cannot be set aside: {error.strerror}", transient=True) from error
        return name

    def all(self) -> list[AsideRecord]:
        """Return all records here, oldest first. Raises SpoolError if that cannot be told."""
        try:
            with os.scandir(self.directory) as entries:
                found = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SpoolError(f"{self.directory} cannot be read: {error.strerror}") from error
        found.sort(key=lambda item: item[0])
        return [
            AsideRecord(name, self._read_why(name), status.st_size, status.st_mtime)
            for name, status in found
            if is_record_name(name)
        ]

    def path(self, name: str) -> Path:
        """Return where a record lies. Raises NotFoundError if there is none of this name."""
        if not is_record_name(name) or not os.path.lexists(self.directory / name):
            raise NotFoundError(f"no record {name!a} was set aside; `headgate spool list` shows those that were")
        return self.directory / name

    def back(self, name: str, spool: Path) -> None:
        """Move a record back into the spool. Raises NotFoundError, or SpoolError if it is no file or cannot go."""
        path, target = self.path(name), spool / name
        if not stat.S_ISREG(path.lstat().st_mode):
            raise SpoolError(f"{name} is not a file, so it cannot be tried again; drop it")
        if os.path.lexists(target):
            raise SpoolError(f"another record {name} is in the spool; wait until it is read")
        try:
            path.rename(target)
            self._why(name).unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"{name} cannot be moved back: {error.strerror}") from error

    def drop(self, name: str) -> None:
        """Delete a record for ever. Raises NotFoundError, or SpoolError if it cannot be deleted."""
        path = self.path(name)
        try:
            if stat.S_ISDIR(path.lstat().st_mode):
                shutil.rmtree(path)
            else:
                path.unlink()
            self._why(name).unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"{name} cannot be deleted: {error.strerror}") from error

    def _why(self, name: str) -> Path:
        return self.directory / f"{name}{_WHY}"

    def _read_why(self, name: str) -> str:
        try:
            with self._why(name).open(encoding="utf-8", errors="replace") as file:
                return file.read(_MAX_WHY).strip()
        except OSError:
            return "the reason is not known"

    def _make(self) -> None:
        try:
            self.directory.mkdir(mode=0o700)
            self.directory.chmod(MODE)  # whatever the umask
        except FileExistsError:
            if not stat.S_ISDIR(self.directory.lstat().st_mode):
                raise SpoolError(
                    f"{self.directory} is not a directory: remove it, it was not made by Headgate"
                ) from None
