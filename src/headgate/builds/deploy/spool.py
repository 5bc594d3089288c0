"""Copies of artefacts in a directory of Headgate's own: what is hashed on the way in is what is signed and sent."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from headgate.builds.deploy.names import Artefact
from headgate.builds.deploy.request import DeployError
from headgate.executor.interface import FileActor, FileInfo, OpenFile, Place
from headgate.executor.refusal import ExecutorError, RefusedError

_PIECE: Final = 1024 * 1024
_MAGIC: Final = {".gz": b"\x1f\x8b", ".zst": b"\x28\xb5\x2f\xfd"}
_PREFIX: Final = "deploy-"
_WHY: Final = {
    "not-found": "it is not there",
    "link": "a symbolic link is in its path",
    "not-a-file": "it is no regular file",
    "not-a-directory": "a link or a file is where a directory should be in its path",
    "forbidden": "the build account may not read it",
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an artefact. ``sha256`` is in hexadecimal; ``modified`` is of the original, seconds since the epoch."""

    path: Path
    size: int
    sha256: str
    modified: float


@contextlib.asynccontextmanager
async def room(spool: Path) -> AsyncIterator[Path]:
    """Make a directory for one artefact that only Headgate can read; it is gone afterwards. Raises DeployError."""
    try:
        made = await asyncio.to_thread(_make, spool)
    except OSError as error:
        raise DeployError(f"the spool cannot be written: {error.strerror}", transient=True) from error
    try:
        yield made
    finally:
        await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)


def sweep(spool: Path) -> int:
    """Remove what a killed Headgate left, before the first deploy; return how many directories went."""
    left = [path for path in spool.glob(f"{_PREFIX}*") if path.is_dir() and not path.is_symlink()]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


async def copy(
    actor: FileActor, user: str, directory: Place, artefact: Artefact, into: Path, *, max_bytes: int
) -> Copy:
    """Copy an artefact out of a job directory, read as the build user. Raises DeployError.

    The job directory itself is the root that the file is looked up beneath, and no component may be a link: what the
    path leads to meanwhile makes no difference.
    """
    place = Place(f"{directory.root}/{directory.path}".rstrip("/"), artefact.path)
    try:
        opened = await actor.open_read(user, place)
        async with opened as source:
            if source.info.size > max_bytes:
                raise DeployError(f"it has more than {max_bytes} bytes")
            size, digest, start = await _copy(source, into / artefact.name, max_bytes)
            grown = await source.size()
        after = await actor.stat(user, place)
    except (RefusedError, ExecutorError) as error:
        raise _refused(error) from error
    except OSError as error:
        raise DeployError(f"the spool cannot be written: {error.strerror}", transient=True) from error
    if size != grown or not _same(source.info, after) or size != source.info.size:
        raise DeployError("it changed while it was read", transient=True)
    _check_kind(artefact.name, start)
    return Copy(into / artefact.name, size, digest, source.info.modified_ns / 1e9)


async def _copy(source: OpenFile, target: Path, max_bytes: int) -> tuple[int, str, bytes]:
    """Return how many bytes went, their SHA-256, and the first of them."""
    digest, offset, start = hashlib.sha256(), 0, b""

    def consume(written: BinaryIO, piece: bytes) -> None:
        digest.update(piece)
        written.write(piece)

    with await asyncio.to_thread(_create, target) as written:
        while piece := await source.read(_PIECE, offset):
            start = start or piece[:8]
            offset += len(piece)
            if offset > max_bytes:
                raise DeployError(f"it has more than {max_bytes} bytes")
            await asyncio.to_thread(consume, written, piece)
    return offset, digest.hexdigest(), start


def _make(spool: Path) -> Path:
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=spool))


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def _same(before: FileInfo, after: FileInfo) -> bool:
    seen: list[Any] = [(info.inode, info.size, info.modified_ns, info.kind) for info in (before, after)]
    return bool(seen[0] == seen[1])


def _check_kind(name: str, start: bytes) -> None:
    if not start:
        raise DeployError("it is empty")
    for ending, magic in _MAGIC.items():
        if name.endswith(ending) and not start.startswith(magic):
            raise DeployError(f"its content is not what its name says ({ending})")


def _refused(error: RefusedError | ExecutorError) -> DeployError:
    if isinstance(error, RefusedError) and error.error in _WHY:
        return DeployError(_WHY[error.error])
    return DeployError(f"it cannot be read: {error.message}", transient=error.transient)
