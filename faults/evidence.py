"""What Slurm and Headgate have of a job whose end is missing: who of the two lost it is to be seen, not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from sqlalchemy import text

from faults.site import Site
from faults.slurm_jobs import SlurmJobs
from headgate.store.store import Store
from headgate.testing.cluster.errors import ClusterError

_EVENTS: Final = text(
    'SELECT kind, "time", recorded_at, key, data FROM events WHERE job_id = :number OR data LIKE :name ORDER BY id'
)
_KNOWN: Final = text("SELECT job_id, submitted, open, data FROM jobs WHERE job_id = :number OR name = :name")
_SUBMISSION: Final = text(
    "SELECT id, phase, job_id, state, problem, requested_at, started_at, ended_at FROM submissions WHERE name = :name"
)
_COLUMNS: Final = "JobIDRaw,Submit,Eligible,Start,End,State,ExitCode,NodeList,JobName"
_CONTROLLER: Final = re.compile(r"slurmctld version|[Rr]ecovered|[Oo]rphan|[Rr]unaway|slurmdbd|DBD")
"""Lines of slurmctld's log that matter whichever job it is."""
_LINES: Final = 60


def evidence(site: Site, jobs: SlurmJobs, names: Sequence[str]) -> list[str]:
    """Return, as lines, what there is to see of the jobs of these names."""
    lines: list[str] = []
    for name in dict.fromkeys(names):
        lines += [f"evidence of {name}, in Slurm as {jobs.numbers(name) or 'nothing'}:"]
        lines += (f"  {line}" for line in _of_job(site, jobs, name))
    if names:
        lines += (f"  runaway: {line}" for line in _asked(site, "sacctmgr", "-nP", "show", "runawayjobs"))
    return lines


def _of_job(site: Site, jobs: SlurmJobs, name: str) -> Iterator[str]:
    numbers = jobs.numbers(name)
    for record in jobs.records.get(name, ()):
        yield f"{'squeue' if record.queued else 'sacct'}: {record.text}"
    for number in numbers:
        ids = f"--jobs={number}"
        for line in _asked(site, "sacct", "-nPaDX", ids, f"--format={_COLUMNS}", f"--starttime={site.begun}"):
            yield f"sacct {number}: {line}"
        for line in _asked(site, "scontrol", "--oneliner", "show", "job", str(number)):
            yield f"scontrol: {line}"
    with closing(Store(site.local_url, pool=1)) as store, store.engine.connect() as connection:
        for number in numbers or [-1]:
            for row in connection.execute(_EVENTS, {"number": number, "name": f'%"{name}"%'}):
                yield f"journal: {tuple(row)}"
            for row in connection.execute(_KNOWN, {"number": number, "name": name}):
                yield f"watcher's memory: {tuple(row)}"
        for row in connection.execute(_SUBMISSION, {"name": name}):
            yield f"submission: {tuple(row)}"
    mine = re.compile("|".join([_CONTROLLER.pattern, *(rf"JobId={number}\b" for number in numbers)]))
    found = [line for line in _log(site).splitlines() if mine.search(line)]
    for line in found[-_LINES:]:
        yield f"slurmctld.log: {line}"


def _asked(site: Site, program: str, *arguments: str) -> list[str]:
    with site.host("head").inside():
        try:
            return site.cluster.command(program, *arguments).splitlines()
        except ClusterError as error:
            return [str(error)]


def _log(site: Site) -> str:
    path = site.cluster.logs["slurmctld"]
    return path.read_text(errors="replace") if path.exists() else ""
