"""The jobs of one user in one directory: how a job is found whose number nobody wrote down.

Source: squeue(1) (``%F`` array or job id, ``%V`` submit time, ``%Z`` working directory) and sacct(1), 20.11 to 26.05.
The directory stands last and is compared as a whole, so that nothing in it can be taken for another field.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

_QUEUED: Final = re.compile(r"(\d{1,10}) (\d{1,12}) (/.*)")
_ACCOUNTED: Final = re.compile(r"(\d{1,10})(?:[_+][^|]*)?\|(\d{1,12})\|(/.*)")


def queue_command(user: str) -> list[str]:
    """Return the arguments that ask for all jobs of a user that slurmctld knows, in all states."""
    return ["squeue", "--noheader", "--all", "--states=all", "--local", f"--user={_user(user)}", "--format=%F %V %Z"]


def accounting_command(user: str, since: float) -> list[str]:
    """Return the arguments that ask for all jobs of a user that were not over before a time (since the epoch)."""
    begin = dt.datetime.fromtimestamp(since).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    words = ["sacct", "--allocations", "--parsable2", "--noheader", "--duplicates", f"--user={_user(user)}"]
    return [*words, f"--starttime={begin}", "--format=JobID,Submit,WorkDir"]


def read_queue(text: str, directory: str, since: float) -> list[tuple[str, int]]:
    """Return job id and submit time of those in this directory that were submitted since a time, oldest first."""
    return _read(_QUEUED, text, directory, since)


def read_accounting(text: str, directory: str, since: float) -> list[tuple[str, int]]:
    """Return the same of what accounting answered."""
    return _read(_ACCOUNTED, text, directory, since)


def _read(form: re.Pattern[str], text: str, directory: str, since: float) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for line in text.split("\n"):
        record = form.fullmatch(line)
        if record and record[3] == directory and int(record[2]) >= since:
            found[record[1]] = min(int(record[2]), found.get(record[1], int(record[2])))
    return sorted(found.items(), key=lambda pair: (pair[1], int(pair[0])))


def _user(user: str) -> str:
    """Return a user's name. Raises ValueError for what is none, or would be several."""
    if not user or not user.isprintable() or "," in user or " " in user:
        raise ValueError(f"{user!r} is no user")
    return user
