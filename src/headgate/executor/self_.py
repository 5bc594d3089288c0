"""Headgate run by one person for their own jobs: the same helper, without root, as a child of this process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from headgate.executor.client import ExecutorClient

HELPER: Final = Path(__file__).with_name("headgate_executor.py")
_STOP_SECONDS: Final = 5.0


def configuration(roots: Sequence[str], bin: Path, conf: Path | None = None) -> str:  # noqa: A002 - Slurm's word
    """Return the helper's configuration. Raises ValueError for a path that its form cannot hold."""
    if any(character.isspace() for word in [*roots, str(bin), str(conf or "")] for character in word):
        raise ValueError("a root and the paths of Slurm must not hold white space")
    lines = ["[executor]", f"roots = {' '.join(roots)}", "[slurm]", f"bin = {bin}"]
    return "\n".join([*lines, *([f"conf = {conf}"] if conf else [])]) + "\n"


@contextlib.asynccontextmanager
async def acting_as_oneself(
    roots: Sequence[str] = ("~",),
    *,
    bin: Path = Path("/usr/bin"),  # noqa: A002 - Slurm's word
    conf: Path | None = None,
) -> AsyncIterator[ExecutorClient]:
    """Run the helper as oneself and yield the `Actor` that uses it; it ends with this, or with this process."""
    with tempfile.TemporaryDirectory(prefix="headgate-") as directory:
        path, settings = Path(directory) / "executor.sock", Path(directory) / "executor.ini"
        settings.write_text(configuration(roots, bin, conf))
        settings.chmod(0o600)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(os.fspath(path))
            listener.listen(128)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-IS",
                str(HELPER),
                "--self",
                f"--config={settings}",
                f"--listen-fd={listener.fileno()}",
                pass_fds=[listener.fileno()],
            )
        try:
            yield ExecutorClient(path)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
