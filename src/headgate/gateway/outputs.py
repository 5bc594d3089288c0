"""Where a job's output lies, and reading it: a part, or all of it while it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from headgate.errors import NotFoundError
from headgate.executor.interface import OpenFile, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.gateway.directories import Directories
from headgate.gateway.refusals import BadRequestError, ConflictError
from headgate.gateway.script import expanded
from headgate.gateway.ways import refusal
from headgate.model.submission import Submission

Which = Literal["output", "error"]
PIECE: Final = 256 * 1024
"""Bytes read at once."""
_LOOK: Final = 0.5
"""Seconds between two looks whether a file has grown."""
_AFTER_THE_END: Final = 2.0
"""Seconds a file is looked at after its job ended: what nodes wrote may come late over the network."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file: from ``start`` to before ``end``, of ``size`` bytes."""

    start: int
    end: int
    size: int


async def place_of(directories: Directories, submission: Submission, which: Which, task: int | None) -> Place:
    """Return where Slurm writes. ``task``: of an array. Raises BadRequestError, NotFoundError, ConflictError."""
    pattern = submission.request.get(which)
    if not isinstance(pattern, str):
        raise NotFoundError("this job writes its errors to its output")
    if submission.job_id is None:
        raise ConflictError("the job was not started yet, so there is no output")
    if task is not None and not submission.array:
        raise BadRequestError("this job is no array, and has no tasks")
    path = expanded(
        pattern,
        job_id=submission.job_id,
        name=submission.name,
        user=submission.user,
        array_id=submission.job_id,
        task=task,
    )
    if path is None or (submission.array and task is None and path != pattern and "%a" in pattern):
        what = "name a task" if submission.array else "read the file by its path"
        raise BadRequestError(f"the job's output lies in {pattern!a}: {what}")
    if path.startswith("/"):
        try:
            return await directories.way(submission).place(submission.user, path)
        except (RefusedError, ExecutorError) as error:
            raise refusal(error) from error
    if ".." in path.split("/"):
        raise BadRequestError("the job's output lies outside of its directory")
    return directories.place(submission, path)


async def opened_at(directories: Directories, submission: Submission, place: Place) -> OpenFile:
    """Open a file of a submission's owner. Raises GatewayError, NotFoundError."""
    try:
        return await directories.way(submission).files.open_read(submission.user, place)
    except (RefusedError, ExecutorError) as error:
        raise refusal(error) from error


async def pieces(opened: OpenFile, span: Span) -> AsyncIterator[bytes]:
    """Yield a part of a file, piece by piece; close the file in the end."""
    async with opened:
        at = span.start
        while at < span.end:
            data = await opened.read(min(PIECE, span.end - at), at)
            if not data:
                return
            yield data
            at += len(data)


async def followed(
    opening: Callable[[], Awaitable[OpenFile]], over: Callable[[], Awaitable[bool]], start: int = 0
) -> AsyncIterator[bytes]:
    """Yield a file as it grows, until its job is over and nothing more comes. It may not be there yet.

    ``opening`` raises NotFoundError while it is not. The memory this takes does not depend on the file.
    """
    opened: OpenFile | None = None
    at, left = start, _AFTER_THE_END
    try:
        while True:
            ended = await over()
            if opened is None:
                try:
                    opened = await opening()
                except NotFoundError:
                    opened = None
            data = b"" if opened is None else await opened.read(PIECE, at)
            if data:
                at, left = at + len(data), _AFTER_THE_END
                yield data
                continue
            if ended and left <= 0:
                return
            left = left - _LOOK if ended else _AFTER_THE_END
            await asyncio.sleep(_LOOK)
    finally:
        if opened is not None:
            await opened.aclose()
