"""A job's output: where it lies, who may see it, and a piece of it made fit to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from headgate.executor.interface import OpenFile
from headgate.gateway.script import expanded
from headgate.model.change import Facts
from headgate.model.text import log_line
from headgate.notify.logtail import output_path
from headgate.web.pages.jobs.about import JobAbout, word
from headgate.web.pages.jobs.reach import words
from headgate.web.pages.site import Site
from headgate.web.pages.visitor import Visitor

Stream = Literal["out", "err"]
MOST: Final = 64 * 1024
"""Bytes shown at first, and read at once."""
_LINE: Final = 2000
_MOST_PATH: Final = 4096
_RECORD: Final = {"out": "std_out", "err": "std_err"}
_ASKED: Final = {"out": "output", "err": "error"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file in which a stream may lie. ``guess``: whether that is only sbatch's default."""

    path: str
    guess: bool = False


def may_see_output(site: Site, visitor: Visitor, owner: str) -> bool:
    """Whether a visitor sees the output of this user's jobs."""
    if owner and owner == visitor.user:
        return True
    role = site.settings.pages.outputs
    return role is not None and visitor.caller.may(role)


def directory_of(about: JobAbout, record: Facts | None, accounted: str) -> str:
    """Return a job's working directory; empty if nobody says it."""
    told = [
        words(record, "work_dir") if record else "",
        *(request.work_dir for request in reversed(about.requests())),
        *(one.directory for one in about.submissions),
        accounted,
    ]
    return next((path for path in told if _absolute(path)), "")


def sources_of(about: JobAbout, stream: Stream, record: Facts | None, directory: str) -> list[Source]:
    """Return the files in which a stream may lie, the likeliest first: by Slurm, by mails, by the gateway, by habit."""
    found = [Source(path) for path in _told(about, stream, record, directory)]
    default = "slurm-%A_%a.out" if about.job.array_id is not None else "slurm-%j.out"
    if stream == "out" and not found and directory:
        guess = _path(about, default, directory)
        found += [Source(guess, guess=True)] if guess else []
    return list(dict.fromkeys(found))


def _told(about: JobAbout, stream: Stream, record: Facts | None, directory: str) -> Iterator[str]:
    patterns = [words(record, _RECORD[stream])] if record else []
    for one in about.submissions:
        asked = one.request.get(_ASKED[stream])
        base = one.directory
        path = _path(about, asked, base) if isinstance(asked, str) else None
        if path:
            yield path
    for pattern in patterns:
        path = _path(about, pattern, directory)
        if path:
            yield path
    if stream == "out":
        yield from filter(None, map(output_path, reversed(about.requests())))


def _path(about: JobAbout, pattern: str, directory: str) -> str | None:
    """Return the file that a pattern of sbatch stands for; None if that is not known, or none that can be shown."""
    task = about.label.partition("_")[2]
    path = expanded(
        pattern,
        job_id=about.job_id,
        name=word(about.job, "name"),
        user=about.user,
        array_id=about.job.array_id,
        task=int(task) if task.isdecimal() and len(task) < 10 else None,  # noqa: PLR2004 - digits of a task
    )
    if not path or (about.rest and path != pattern):
        return None
    whole = str(PurePosixPath(directory or "/", path))
    return whole if _absolute(whole) and whole != "/dev/null" else None


def _absolute(path: str) -> bool:
    return path.startswith("/") and len(path) <= _MOST_PATH and "\0" not in path and ".." not in path.split("/")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an output: whole ``lines``, and the ``rest``, the line that is being written.

    ``next``: where to go on reading. ``start``: where this began; ``size``: bytes of the file.
    """

    lines: Sequence[str]
    rest: str
    start: int
    next: int
    size: int


async def last_piece(file: OpenFile) -> Piece:
    """Read the end of a file, from a whole line on."""
    size = await file.size()
    start = max(0, size - MOST)
    raw = await file.read(MOST, start)
    if start:
        cut, newline, rest = raw.partition(b"\n")
        if newline:
            raw, start = rest, start + len(cut) + 1
    return piece(raw, start, size)


async def piece_from(file: OpenFile, start: int) -> Piece:
    """Read on from a place; from the beginning, if the file is shorter by now."""
    size = await file.size()
    start = start if start <= size else 0
    return piece(await file.read(MOST, start), start, size)


def piece(raw: bytes, start: int, size: int) -> Piece:
    """Make bytes fit to be shown: as a terminal would have left each line, without what steers one."""
    whole, newline, rest = raw.rpartition(b"\n")
    if not newline and len(raw) >= MOST:  # a line longer than a piece is shown in parts
        whole, newline, rest = raw, b"", b""
    lines = [_shown(line) for line in whole.split(b"\n")] if whole or newline else []
    return Piece(lines, _shown(rest), start, start + len(raw) - len(rest), size)


def _shown(line: bytes) -> str:
    return log_line(line.decode(errors="replace"), _LINE)
