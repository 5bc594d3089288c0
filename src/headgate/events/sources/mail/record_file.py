"""Files of the mail spool: their names, and reading one that anybody in the spool's group may have put there."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import Final

from headgate.errors import RecordError, SpoolError

MAX_BYTES: Final = 4 * 1024 * 1024
"""A larger file is no record: arguments and environment together hold 2 MiB on Linux by default."""
_NAME: Final = re.compile(r"\d{17}-\d{1,10}-[0-9a-f]{8}\.mail", re.ASCII)
_PART: Final = re.compile(rf"\.({_NAME.pattern})\.part", re.ASCII)
_MICROSECONDS: Final = 1_000_000
_ITS_OWN_FAULT: Final = {
    errno.ELOOP: "it is a symbolic link",
    errno.ENXIO: "it is a socket or a pipe",
    errno.ENODEV: "it is a device",
    errno.EACCES: "Headgate may not read it",
    errno.EPERM: "Headgate may not read it",
    errno.EIO: "the disk cannot read it",
}
"""Why a file cannot be opened, where that is the file's fault and not the machine's."""


def is_record_name(name: str) -> bool:
    """Whether a file's name is one that the hand-off gives."""
    return _NAME.fullmatch(name) is not None


def name_of_part(hidden: str) -> str | None:
    """Return the name a file would have got, had its hand-off come to an end; None if it is no such file."""
    match = _PART.fullmatch(hidden)
    return match[1] if match else None


def time_of_name(name: str) -> float | None:
    """Return when the hand-off got the mail, in seconds since the epoch; None for a name it does not give."""
    return int(name[:17]) / _MICROSECONDS if is_record_name(name) else None


def fresh_name() -> str:
    """Return a name as the hand-off would give it now."""
    return f"{int(time.time() * _MICROSECONDS):017d}-{os.getpid()}-{secrets.token_hex(4)}.mail"


def read_file(path: Path) -> bytes:
    """Read one regular file, no larger than a record can be; links are not followed, pipes not waited for.

    Raises FileNotFoundError if it is gone, RecordError if it is something else than such a file, SpoolError if the
    machine cannot open files at all.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if why := _ITS_OWN_FAULT.get(error.errno or 0):
            raise RecordError(why) from error
        raise SpoolError(f"the mail spool cannot be read: {error.strerror}", transient=True) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise RecordError("it is a directory" if stat.S_ISDIR(found.st_mode) else "it is not a regular file")
        if found.st_size > MAX_BYTES:
            raise RecordError(f"it is larger than {MAX_BYTES} bytes")
        return _read(descriptor)
    except OSError as error:
        raise RecordError(f"it cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> bytes:
    """Read to the end, or as far as a record can go, should the file grow meanwhile."""
    data = bytearray()
    while len(data) < MAX_BYTES and (piece := os.read(descriptor, MAX_BYTES - len(data))):
        data += piece
    return bytes(data)
