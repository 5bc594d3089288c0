"""Whether Slurm said no, or did not answer."""

from __future__ import annotations

import re
from typing import Final

from headgate.errors import SlurmCommandError, SlurmError, SlurmRefusedError

_NO_ANSWER: Final = (
    "Unable to contact", "did not answer", "Connection refused", "Connection timed out", "Socket timed out",
    "Transport layer", "Zero Bytes were transmitted", "Communication connection failure", "cannot be started",
    "Incompatible versions", "Resource temporarily unavailable", "(signal ",
)  # fmt: skip
_UNHEARD: Final = ("Unable to contact slurm controller", "connect failure")
_FORBIDDEN: Final = ("Access/permission denied", "access denied")
_NO_USER: Final = "Invalid user id"
_MAY_NOT: Final = "Headgate's account may not do this (see its AdminLevel in sacctmgr)"
_PREFIX: Final = re.compile(r"[a-z]+ failed \([^)]*\): ")
_SECOND: Final = re.compile(r"(?:\w+: error: |[\w ]{1,40} error: |Error (?:creating|updating) the reservation: )")


def said_no(error: SlurmCommandError) -> SlurmError:
    """Return what to raise for a command that failed: a refusal in Slurm's words, or the error itself."""
    if any(mark in error.message for mark in _NO_ANSWER):
        return error
    words = in_slurms_words(error)
    if _NO_USER in error.message:
        # Slurm says it of users it does not know, and to accounts that may not change nodes and reservations.
        return SlurmRefusedError(f"{words}: it knows no such user, or {_MAY_NOT}")
    if any(mark in error.message for mark in _FORBIDDEN):
        return SlurmRefusedError(f"{words}: {_MAY_NOT}")
    return SlurmRefusedError(words)


def nobody_heard(complaint: str) -> bool:
    """Whether a command says that it could not connect to slurmctld: nothing was asked for then."""
    return all(words in complaint for words in _UNHEARD)


def in_slurms_words(error: SlurmCommandError) -> str:
    """Return Slurm's own words from the complaint of a command."""
    return _SECOND.sub("", _PREFIX.sub("", error.message, count=1), count=1)
