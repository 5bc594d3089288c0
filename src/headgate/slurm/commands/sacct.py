"""sacct: what accounting says of jobs, many in one call.

Source: sacct(1) and ``src/sacct/print.c``, 20.11 to 26.05. ``--parsable2`` separates fields by a delimiter of our
choice and ends a record with a line end, which names and comments may hold, too. So the texts a user writes stand in
the middle, and a record begins and ends with the raw job id: it is over at the first line end after its last
delimiter. sacct takes the delimiter as an argument only, which others on the machine may read while it runs; a job
would have to rewrite its record in the database within that time to forge another one.

Times come as seconds since the epoch (``SLURM_TIME_FORMAT=%s``), sizes unconverted (``--noconvert``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from headgate.model.job import Figures
from headgate.slurm.commands.figures import Row, put_together

_FIELDS: Final = (
    "JobIDRaw",
    "JobID",
    "Submit",
    "Start",
    "End",
    "State",
    "ExitCode",
    "ElapsedRaw",
    "TimelimitRaw",
    "NNodes",
    "AllocCPUS",
    "ReqCPUS",
    "TotalCPU",
    "ReqMem",
    "TRESUsageInTot",
    "TRESUsageInMax",
    "TRESUsageOutTot",
    "AllocTRES",
    "User",
    "Account",
    "Partition",
    "QOS",
    "NodeList",
    "JobName",
    "WorkDir",
    "Comment",
    "JobIDRaw",
)
_DELIMITERS: Final = len(_FIELDS) - 1
_IDS_AN_ARGUMENT: Final = 5000
"""Linux takes no argument longer than 128 KiB."""
_OVER: Final = "BF,CA,CD,DL,F,NF,OOM,PR,RQ,TO"
"""All states in which an attempt is over, in Slurm's short names."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """What one sacct said: one value an attempt, and how many records could not be read and were left out."""

    figures: list[Figures]
    refused: int = 0


def command_for_jobs(ids: Sequence[int], mark: str, *, since: float | None = None) -> list[str]:
    """Return the arguments that ask for all attempts of these jobs and arrays, with their steps.

    ``since`` leaves out attempts that ended before it (job ids are used again); seconds since the epoch.
    """
    if not ids:
        raise ValueError("sacct without job ids would answer about all jobs")
    words = [*_base(mark), "--duplicates"]
    words += [
        "--jobs=" + ",".join(str(job_id) for job_id in ids[first : first + _IDS_AN_ARGUMENT])
        for first in range(0, len(ids), _IDS_AN_ARGUMENT)
    ]
    if since is not None:
        words.append(f"--starttime={_moment(since)}")
    return words


def command_for_window(since: float, until: float, mark: str) -> list[str]:
    """Return the arguments that ask for all attempts that ended in a window, without their steps."""
    return [
        *_base(mark),
        "--duplicates",
        "--allocations",
        f"--state={_OVER}",
        f"--starttime={_moment(since)}",
        f"--endtime={_moment(until)}",
    ]


def environment() -> dict[str, str]:
    """Return the variables the arguments rely on: their times are in UTC."""
    return {"TZ": "UTC0"}


def parse(text: str, mark: str, *, cluster: str, with_steps: bool = True) -> Accounts:
    """Read sacct's answer, steps put together with their jobs.

    ``with_steps`` says whether steps were asked for: without them no started attempt is complete. A record that
    cannot be read is counted and left out.
    """
    rows: list[Row] = []
    refused = 0
    for fields in _records(text, mark):
        if fields is None or fields[0] != fields[-1]:
            refused += 1
        else:
            rows.append(Row(*fields[:-1]))
    figures, unreadable = put_together(rows, cluster=cluster, with_steps=with_steps)
    return Accounts(figures, refused + unreadable)


def _base(mark: str) -> list[str]:
    return [
        "sacct",
        "--allusers",
        "--noheader",
        "--parsable2",
        "--noconvert",
        f"--delimiter={mark}",
        f"--format={','.join(_FIELDS)}",
    ]


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(int(seconds), tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _records(text: str, mark: str) -> Iterator[list[str] | None]:
    """Yield the fields of each record, None for lines that are no record."""
    lines: list[str] = []
    seen = 0
    for line in text.split("\n"):
        lines.append(line)
        seen += line.count(mark)
        if seen >= _DELIMITERS:
            yield "\n".join(lines).split(mark) if seen == _DELIMITERS else None
            lines, seen = [], 0
    if any(line.strip() for line in lines):
        yield None
