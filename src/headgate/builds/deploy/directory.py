"""A local directory as a place for artefacts: a staging area, a file system that others read."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from pathlib import Path
from typing import Final

from headgate.builds.deploy.parcel import Parcel, Piece
from headgate.builds.deploy.request import DeployError

_PIECE: Final = 1024 * 1024


class Directory:
    """A directory; a `Target`. Files have the names that objects would have. ``overwrite``: as in the settings."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._path = path
        self._overwrite = overwrite

    def url(self, bucket: str, key: str) -> str:  # noqa: ARG002 - there are no buckets here
        """Return a file's address."""
        return (self._path / key).as_uri()

    async def send(self, parcel: Parcel) -> bool:
        """Put a parcel's files there, each whole or not at all; say whether the artefact was there. Raises DeployError.

        A file of the artefact's name with other bytes stays as it is, unless the settings say otherwise.
        """
        try:
            there = await asyncio.to_thread(self._put, parcel.artefact, self._overwrite)
            for piece in parcel.companions:
                await asyncio.to_thread(self._put, piece, True)
        except OSError as error:
            raise DeployError(f"the directory cannot be written: {error.strerror}", transient=True) from error
        return there

    async def try_writing(self) -> None:
        """Make a small file there and remove it. Raises DeployError."""
        await asyncio.to_thread(self._try)

    async def aclose(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _try(self) -> None:
        probe = self._path / f".{secrets.token_hex(8)}.part"
        try:
            probe.touch(exist_ok=False)
            probe.unlink()
        except OSError as error:
            raise DeployError(f"{self._path} cannot be written: {error.strerror}") from error

    def _put(self, piece: Piece, replace: bool) -> bool:
        target = self._path / piece.key
        self._make(target.parent)
        part = target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")
        try:
            with piece.file.open("rb") as source, part.open("xb") as written:
                shutil.copyfileobj(source, written, _PIECE)
                written.flush()
                os.fsync(written.fileno())
            part.chmod(0o644)
            if replace:
                part.replace(target)
            elif not _given_name(part, target):
                if _digest(target) == piece.sha256:
                    return True
                raise DeployError("another file of that name is there already")
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)
        return False

    def _make(self, folder: Path) -> None:
        """Make directories below ours that are missing, and have the file system keep them."""
        for directory in reversed([folder, *folder.parents]):
            if self._path in directory.parents and not directory.is_dir():
                directory.mkdir(mode=0o755, exist_ok=True)
                _sync(directory.parent)


def _given_name(part: Path, target: Path) -> bool:
    """Give a file its name, unless something has it; say whether that was done. The old name may stay."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
