"""What can go wrong when acting as a user."""

from __future__ import annotations

from typing import Final

from headgate.errors import HeadgateError

_MAY_PASS: Final = frozenset({"busy", "timeout", "internal", "full", "system"})


class ExecutorError(HeadgateError):
    """The executor cannot be reached, or answers what is no answer. Whether the request was done is not known."""

    transient = True


class RefusedError(HeadgateError):
    """The executor, the kernel or Slurm refused. ``message`` is fit for the user; Slurm's own words are in it.

    ``error`` is a word of the lists in docs/howto/executor.md and docs/howto/ssh.md; ``code`` the exit code of Slurm's
    command, if one ran.
    """

    def __init__(self, error: str, message: str, *, code: int | None = None) -> None:
        """Keep the word, the message and the exit code."""
        super().__init__(message, transient=error in _MAY_PASS)
        self.error = error
        self.code = code
