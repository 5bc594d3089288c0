"""The directories of submissions: made, read, written and removed as their owners."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.executor.interface import OpenFile, Place
from headgate.executor.refusal import RefusedError
from headgate.gateway.refusals import TooLargeError
from headgate.gateway.script import BATCH
from headgate.gateway.ways import Way
from headgate.model.submission import Submission

_SCRIPT = 0o600


class Directories:
    """Does what is to be done in a submission's directory. Everything raises RefusedError and ExecutorError."""

    def __init__(self, ways: Mapping[str, Way]) -> None:
        self._ways = ways

    def way(self, submission: Submission) -> Way:
        """Return the way to the cluster a submission is for."""
        return self._ways[submission.cluster]

    def place(self, submission: Submission, path: str = "") -> Place:
        """Return where something of a submission lies. ``path`` is below its directory."""
        return Place(submission.root, "/".join(part for part in (submission.path, path) if part))

    async def make(self, submission: Submission, script: bytes) -> None:
        """Make the directory with the batch script; what is there already stays, but for the script."""
        place, files = self.place(submission, BATCH), self.way(submission).files
        opened = await files.open_write(submission.user, place, how="replace", mode=_SCRIPT, parents=True)
        async with opened:
            await opened.write(script, 0)

    async def read(self, submission: Submission, path: str, most: int) -> bytes:
        """Return a small file. Raises TooLargeError for one of more than ``most`` bytes."""
        async with await self.open(submission, path) as opened:
            data = bytearray()
            while piece := await opened.read(most + 1 - len(data), len(data)):
                data += piece
                if len(data) > most:
                    raise TooLargeError(f"{path} has more than {most} bytes")
            return bytes(data)

    async def open(self, submission: Submission, path: str) -> OpenFile:
        """Open a file for reading."""
        return await self.way(submission).files.open_read(submission.user, self.place(submission, path))

    async def remove(self, submission: Submission) -> None:
        """Remove the directory; one that is gone already is fine."""
        try:
            await self.way(submission).files.remove_tree(submission.user, self.place(submission))
        except RefusedError as error:
            if error.error != "not-found":
                raise

    async def prune(self, submission: Submission) -> int:
        """Remove all but the batch script; return how many files and directories went."""
        return await self.way(submission).files.prune(submission.user, self.place(submission), [BATCH])
