"""What Slurm itself says of jobs: whether each is over, still there, or forgotten. Decided without I/O.

A slurmctld that is killed goes on from what it saved last, and loses what it had not told slurmdbd. So there are jobs
whose record at slurmdbd never ends (``sacctmgr show runawayjobs`` lists them), and numbers that are given twice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from headgate.model.states import JobFlag, JobState, read_state

QUEUE: Final = ("squeue", "--noheader", "--format=%A|%V|%T|%j", "--states=all")
"""Asks slurmctld."""
ACCOUNTS: Final = ("sacct", "-nPXaD", "--format=JobIDRaw,Submit,State,Start,End,JobName", "--endtime=now+1hour")
"""Asks slurmdbd, for every record; ``--starttime`` is still to be added."""
_NAMELESS: Final = "allocation"
"""What slurmdbd calls a job whose name it was not told."""
_AGENT: Final = re.compile(r"DBD Agent queue size:\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Record:
    """What one of the two says of one attempt of a job. ``queued``: whether it is slurmctld that says so."""

    number: int
    submitted: int
    """Seconds since the epoch. With the number it names the attempt, in Slurm as in the journal."""
    name: str
    state: str
    queued: bool
    over: bool
    """Whether it says that the attempt ended; one that was put back into the queue did not."""
    text: str = ""
    """The record as Slurm printed it."""

    @property
    def attempt(self) -> tuple[int, int]:
        """Number and submit time."""
        return self.number, self.submitted


@dataclass(frozen=True, slots=True)
class SlurmJobs:
    """All records, by job name. ``synchronised``: whether slurmctld had told slurmdbd everything it had to tell."""

    records: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    synchronised: bool = True

    def numbers(self, name: str) -> list[int]:
        """Return the numbers under which Slurm has a job by this name."""
        return sorted({record.number for record in self.records.get(name, ())})

    def attempts(self, name: str) -> int:
        """Return how often a job of this name was put into the queue."""
        return len({record.attempt for record in self.records.get(name, ())})

    def ends(self, name: str) -> dict[tuple[int, int], Record]:
        """Return the attempts by this name that Slurm knows to be over, and that were not put back into the queue.

        Those have a later attempt of the same number: a node failed, or lost the job while slurmctld was away.
        """
        last: dict[int, int] = {}
        for record in self.records.get(name, ()):
            last[record.number] = max(record.submitted, last.get(record.number, 0))
        found = self.records.get(name, ())
        return {one.attempt: one for one in found if one.over and one.submitted == last[one.number]}

    def nameless(self) -> dict[tuple[int, int], Record]:
        """Return the attempts that are over and whose name slurmdbd was never told, since slurmctld was killed."""
        found = self.records.get(_NAMELESS, ())
        return {one.attempt: one for one in found if one.over and one.state != JobState.NODE_FAIL.text}

    def waiting(self, name: str) -> Record | None:
        """Return what says that a job by this name may still end: slurmctld has it, or has not told everything yet."""
        for record in self.records.get(name, ()):
            if not record.over and (record.queued or not self.synchronised):
                return record
        return None


def read_jobs(queue: str, agent: str, accounts: str) -> SlurmJobs:
    """Read what squeue, then sdiag and then sacct printed.

    In this order: what left the queue before squeue looked had to be told to slurmdbd by then, and has been if nothing
    is left to tell; so sacct, who looks last, knows of it.
    """
    records: dict[str, list[Record]] = defaultdict(list)
    for record in (*_queue(queue.splitlines()), *_accounts(accounts.splitlines())):
        records[record.name].append(record)
    left = _AGENT.search(agent)
    return SlurmJobs(records, left is not None and int(left[1]) == 0)


def _queue(lines: Iterable[str]) -> Iterable[Record]:
    for line in lines:
        number, submitted, state, name = line.split("|", 3)
        yield Record(int(number), _seconds(submitted), name, state, queued=True, over=_is_over(state), text=line)


def _accounts(lines: Iterable[str]) -> Iterable[Record]:
    for line in lines:
        number, submitted, state, _, ended, name = line.split("|", 5)
        over = _is_over(state) and ended not in ("", "Unknown", "None")
        yield Record(int(number), _seconds(submitted), name, state, queued=False, over=over, text=line)


def _is_over(state: str) -> bool:
    read = read_state(state)
    return read is not None and read.state is not None and read.state.terminal and JobFlag.COMPLETING not in read.flags


def _seconds(moment: str) -> int:
    """Return a time as Slurm prints it, in this machine's time zone, in seconds since the epoch."""
    return int(dt.datetime.fromisoformat(moment).timestamp())
