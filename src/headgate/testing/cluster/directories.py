"""Directories that several clusters or processes use: made whatever the umask is, locked while they are changed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

CACHE = Path("/var/cache/headgate")
"""What takes long to make and can be made anew at any time."""


def make_directory(directory: Path, owner: str = "root", mode: int = 0o755) -> None:
    """Make a directory, if it is new, and give it this owner and mode, whatever the umask is."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.chown(directory, owner, owner)
    directory.chmod(mode)


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of a directory; it is freed when this process ends, however it ends.

    The directory itself is locked, not a file in it: nothing has to be tidied up. One that was removed and made again
    while we waited is another directory, so the lock is taken anew.
    """
    while True:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if directory.exists() and os.path.samestat(os.fstat(handle), directory.stat()):
                yield
                return
        finally:
            os.close(handle)
