"""What can go wrong with a dev cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headgate.errors import HeadgateError


class ClusterError(HeadgateError):
    """The dev cluster cannot do what was asked."""


class DaemonError(ClusterError):
    """A daemon of the cluster did not start, or died. Carries its name and the last lines it logged."""

    def __init__(self, daemon: str, what: str, log: str) -> None:
        """Complete the sentence "DAEMON ..." by ``what``; ``log`` is the end of its log, which may be empty."""
        shown = f"; its last words:\n{log}" if log else " and left no log"
        super().__init__(f"{daemon} {what}{shown}")
        self.daemon = daemon
        self.log = log


class CommandError(ClusterError):
    """A command that was run for the cluster failed or did not end in time."""

    def __init__(self, argv: Sequence[str], status: int | None, output: str) -> None:
        """Keep the command's exit status, or None when it did not end in time, and what it printed."""
        ended = "did not end in time" if status is None else f"ended with status {status}"
        name = Path(argv[0]).name
        super().__init__(f"{' '.join([name, *argv[1:]])} {ended}: {output.strip()}")
        self.argv = tuple(argv)
        self.status = status
        self.output = output
