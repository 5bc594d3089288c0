"""scancel: ending one job, of one user.

Source: scancel(1), and trying 22.05 and 26.05. With ``--user`` only a job of that user is ended; for another user's job
scancel does nothing, says nothing, and exits 0. So an exit 0 says that a job of that user, if the number is one, is
being ended. Other answers: exit 1 and ``Invalid job id specified`` for a number slurmctld does not know or whose job is
over, exit 210 and ``Access/permission denied`` for somebody who is no operator.

With ``--user``, 22.05 ends *all* waiting tasks of an array when one of them is named (26.05 does not). So a task is
named without it, and whose array it is has to be asked for before.
"""

from __future__ import annotations

import re
from typing import Final

_JOB: Final = re.compile(r"[1-9]\d{0,9}(?:_\d{1,9}|\+\d{1,5})?", re.ASCII)
GONE: Final = "Slurm has no such job in its queue any more."
_REFUSALS: Final = (
    ("Invalid job id specified", GONE),
    ("already completing or completed", "The job is over already."),
    ("Job can not be altered", "The job is over already."),
    (
        "Access/permission denied",
        "Headgate may not cancel jobs here; the administrators can change that.",
    ),
    ("Invalid user name", "Slurm does not know this user."),
    ("Transport layer", "Slurm does not answer now."),
    ("Unable to contact", "Slurm does not answer now."),
)
"""What scancel complains of -> in words for the job's owner."""


def command(job: str, owner: str) -> list[str]:
    """Return the arguments that end a job (an array's number ends all its tasks) of a user, and of nobody else.

    For a task (``123_4``) they do not say whose it is: ``array_of`` names the array to look at first. Raises ValueError
    for what names no job or no user.
    """
    if not _JOB.fullmatch(job):
        raise ValueError(f"{job!r} is no job")
    if not owner or not owner.isprintable() or "," in owner:
        raise ValueError(f"{owner!r} is no user")
    return ["scancel", job] if array_of(job) else ["scancel", f"--user={owner}", job]


def array_of(job: str) -> str | None:
    """Return the number of the array a task belongs to; None for a job that is named as a whole."""
    number, underscore, _ = job.partition("_")
    return number if underscore else None


def refusal(complaint: str) -> str | None:
    """Return in plain words why Slurm did not take it; None if the complaint is not known here."""
    return next((words for mark, words in _REFUSALS if mark in complaint), None)
