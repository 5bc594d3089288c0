"""The last lines of a job's output file, read as the job's owner.

The file's name comes from the job and is untrusted: whoever may name a file must not be able to read it through us.
So it is read only where Headgate runs as that user, only if it is a regular file, and only its end. Blocking: run it in
a thread.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import PurePosixPath
from typing import Final

from headgate.model.mail import MailRequest, MailScope
from headgate.model.message import LogTail
from headgate.model.text import log_line

MAX_BYTES: Final = 64 * 1024
"""Bytes read from the end of the file."""
LINE_LIMIT: Final = 500
"""Characters of one line."""
_MAX_PATH: Final = 4096
_UNRESOLVED: Final = re.compile(r"%[0-9]*[A-Za-z]")


def read_log_tail(request: MailRequest, lines: int) -> LogTail | None:
    """Return the last lines of the job's standard output; None if there is nothing that may or can be read.

    Only where the effective user id is the job owner's, who is then refused by the kernel what they may not read.
    """
    if lines <= 0 or request.uid is None or os.geteuid() != request.uid or request.scope is MailScope.ARRAY_SUMMARY:
        return None
    path = output_path(request)
    if path is None:
        return None
    raw = _read_end(path)
    if raw is None:
        return None
    shown = tail_lines(raw, lines)
    return LogTail(path=path, lines=shown) if shown else None


def output_path(request: MailRequest) -> str | None:
    """Return the absolute path of the job's output; None if Slurm named none, or left a pattern (``%N``) in it."""
    text = request.stdout
    if not text or "\0" in text or len(text) > _MAX_PATH or _UNRESOLVED.search(text):
        return None
    path = PurePosixPath(request.work_dir or "/", text)
    return str(path) if path.is_absolute() and str(path) != "/dev/null" else None


def tail_lines(raw: bytes, lines: int) -> tuple[str, ...]:
    """Return the last lines of some bytes, clean and bounded, without empty ones at the end.

    ``raw`` is what was read from the end of a file; of its first line the beginning may be missing.
    """
    text = raw.decode(errors="replace").rstrip()
    shown = [log_line(line, LINE_LIMIT) for line in text.split("\n")[-lines:]]
    return tuple(shown) if text else ()


def _read_end(path: str) -> bytes | None:
    """Return the end of a regular file, from a whole line on if there is one; None if it is none or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        start = max(status.st_size - MAX_BYTES, 0)
        return from_whole_line(os.pread(descriptor, MAX_BYTES, start), start)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def from_whole_line(raw: bytes, start: int) -> bytes:
    """Return the end of a file, of which ``raw`` was read from ``start`` on, from a whole line on if there is one."""
    _, newline, rest = raw.partition(b"\n")
    return rest if start and newline and rest else raw
