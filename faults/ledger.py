"""Every fact that was taken in, and what came of it: what the suite is for."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from faults.receiver import REFUSED, TOKEN, Taken, read
from faults.slurm_jobs import Record, SlurmJobs
from headgate.model.submission import Phase
from headgate.store.store import Store

_DEAD: Final = text("SELECT message FROM deliveries WHERE state = 'dead' AND target LIKE :target")
_ENDED: Final = text("SELECT key, data, recorded_at - time FROM events WHERE kind = 'job.ended'")
_OPEN: Final = text("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'ready', 'sending')")

_ASKED: Final = text("SELECT data FROM events WHERE kind = 'mail.requested' AND data LIKE :jobs")

_SUBMISSIONS: Final = text("SELECT name, phase FROM submissions")

_APPS_TOLD: Final = text(
    "SELECT s.name FROM app_events a JOIN submissions s ON s.id = a.submission_id JOIN events e ON e.id = a.event_id"
    " WHERE e.kind = 'job.ended'"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was acknowledged: from then on it may not be lost. ``targets``: who has to be told of it."""

    token: str
    accepted_at: float
    targets: tuple[str, ...] = ()
    job: bool = False
    """Whether a job of this name has to be in Slurm once, and its end in the journal once."""
    app: bool = False
    """Whether an app submitted it, which has to be told of its end."""


@dataclass(frozen=True, slots=True)
class End:
    """An end that stands in the journal. ``delay``: seconds until it stood there."""

    attempt: tuple[int, int]
    """Number and submit time."""
    name: str
    delay: float


@dataclass(slots=True)
class Result:
    """What came of the facts of a phase. A message to two targets is two facts."""

    facts_in: int = 0
    facts_out: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    twice: list[str] = field(default_factory=list)
    """Which mails these were; one under several keys was asked for several times."""
    unsure: int = 0
    """Doubles that the receiving side made: it took a mail and broke off before saying so."""
    asked_again: int = 0
    """Doubles that Slurm made: its slurmctld, once killed, ran or ended a job again and handed its mail over again."""
    repeated: int = 0
    """Webhooks that came again under the key by which their receiver knows them."""
    refused: int = 0
    """Facts out, as visibly dead: the receiver takes nothing for this target."""
    lost_ends: list[str] = field(default_factory=list)
    """Names of the jobs among them whose end is lost."""
    forgotten: dict[str, str] = field(default_factory=dict)
    """Jobs that sbatch acknowledged and Slurm itself forgot when it was killed, with what it says; no facts."""
    not_submitted: int = 0
    """Jobs that the gateway took, and then found not to have come to Slurm, and says so; no facts."""
    longest: float = 0.0
    """Seconds from a message's acceptance until it was taken, at most."""
    latest: str = ""
    """Which one that was."""
    longest_end: float = 0.0
    """Seconds from a job's end until that stood in the journal."""


class Ledger:
    """Facts, by token, and what the receiver took. May be written to from several threads."""

    def __init__(self, taken: Path) -> None:
        self._file = taken
        self._read = 0
        self._facts: dict[str, Fact] = {}
        self._taken: dict[tuple[str, str], list[Taken]] = defaultdict(list)
        self._lock = threading.Lock()

    def accept(self, fact: Fact) -> None:
        """Write down that a fact was acknowledged."""
        with self._lock:
            self._facts[fact.token] = fact

    def facts(self, phase: str) -> list[Fact]:
        """Return what was acknowledged in a phase."""
        with self._lock:
            return [fact for fact in self._facts.values() if fact.token.startswith(f"hgf-{phase}-")]

    def untold(self, phase: str, forgotten: Collection[str] = ()) -> int:
        """Return how many messages have not been taken yet, leaving aside those that never will be.

        ``forgotten``: names of jobs that Slurm forgot.
        """
        self._look()
        return sum(
            (fact.token, target) not in self._taken
            for fact in self.facts(phase)
            if fact.token not in forgotten
            for target in fact.targets
            if not target.endswith(f":{REFUSED}")
        )

    def result(self, phase: str, url: str, jobs: SlurmJobs) -> Result:
        """Return what came of a phase. ``jobs``: what Slurm has."""
        self._look()
        result = Result()
        with _reading(url) as connection:
            messages = connection.execute(_DEAD, {"target": f"{REFUSED}%"}).scalars()
            dead = {token for message in messages for token in TOKEN.findall(message or "")}
            ends = [_end(key, json.loads(data), delay) for key, data, delay in connection.execute(_ENDED)]
            jobs_of_phase = {"jobs": f'%"name":"hgf-{phase}-s%'}
            asked = _asked(json.loads(data) for data in connection.execute(_ASKED, jobs_of_phase).scalars())
            phases = {str(name): str(phase) for name, phase in connection.execute(_SUBMISSIONS)}
            apps_told = set(connection.execute(_APPS_TOLD).scalars())
        _without_name(jobs, ends, result)
        told = {end.name for end in ends}
        for fact in self.facts(phase):
            if fact.job and not jobs.numbers(fact.token) and fact.token not in told:
                _nowhere(fact, phases.get(fact.token, ""), result)
                continue
            if fact.job and not _ended(fact, jobs, ends, result):
                continue
            if fact.app and fact.token not in result.lost_ends:
                _app_told(fact, fact.token in apps_told, result)
            for target in fact.targets:
                self._told(fact, target, dead, max(asked[fact.token], jobs.attempts(fact.token)), result)
        return result

    def _told(self, fact: Fact, target: str, dead: set[str], asked: int, result: Result) -> None:
        """Count a message. ``asked``: how often Slurm had reason to ask for it; 0 for what is no job's."""
        result.facts_in += 1
        taken = self._taken.get((fact.token, target), [])
        if target.endswith(f":{REFUSED}"):
            result.refused += fact.token in dead
            if fact.token not in dead:
                result.lost.append(f"{fact.token} to {target} is neither told nor dead")
            else:
                result.facts_out += 1
            return
        if not taken:
            result.lost.append(f"{fact.token} to {target} was never told")
            return
        result.facts_out += 1
        delay = 0.0 if fact.job else min(one.at for one in taken) - fact.accepted_at
        if delay > result.longest:
            result.longest, result.latest = delay, f"{fact.token} to {target}"
        keys, again = Counter(one.key for one in taken), 0
        if target.startswith("hook:"):
            again = len(keys) - 1
            result.repeated += sum(keys.values()) - len(keys)
        else:
            unsure = min(sum(not one.sure for one in taken), len(taken) - 1)
            result.unsure += unsure
            again = len(taken) - 1 - unsure
        by_slurm = min(again, len(keys) - 1, max(0, asked - 1))
        result.asked_again += by_slurm
        result.doubled += again - by_slurm
        if again > by_slurm:
            result.twice.append(f"{fact.token} to {target}, under {len(keys)} keys, asked for {max(1, asked)} times")

    def _look(self) -> None:
        found, self._read = read(self._file, self._read)
        for one in found:
            self._taken[one.token, one.target].append(one)


def _asked(requests: Iterable[dict[str, Any]]) -> Counter[str]:
    """Count how often slurmctld handed a mail over, by job name; what Headgate found to be lost does not count."""
    return Counter(str(data["name"]) for data in requests if str(data.get("record_id", "")).endswith(".mail"))


def _nowhere(fact: Fact, phase: str, result: Result) -> None:
    """Count a job that Slurm does not have. ``phase``: what the gateway says of it, if it took it."""
    if phase == Phase.SUBMITTING:
        result.lost.append(f"{fact.token} is still in doubt: is it in Slurm or not?")
    elif phase == Phase.REFUSED:
        result.not_submitted += 1
    else:
        result.forgotten[fact.token] = "neither slurmctld nor slurmdbd has it"


def _end(key: str, data: dict[str, Any], delay: float) -> End:
    """Return an end. ``key``: of its event, which ends with the job's number and its submit time."""
    *_, number, submitted = key.split("/")
    return End((int(number), int(submitted)), str(data["name"]), delay)


def _without_name(jobs: SlurmJobs, ends: Sequence[End], result: Result) -> None:
    """Look for the ends of jobs whose name slurmdbd does not have: of whichever fact they are, none may be missing."""
    known = jobs.nameless()
    for attempt in sorted(known.keys() - {end.attempt for end in ends}):
        _lose(known[attempt], known[attempt].name, result)


def _lose(record: Record, name: str, result: Result) -> None:
    result.lost_ends.append(name)
    result.lost.append(
        f"the end of job {record.number} ({name}) is not in the journal, and Slurm knows it: {record.text}"
    )


def _ended(fact: Fact, jobs: SlurmJobs, ends: Sequence[End], result: Result) -> bool:
    """Count a job: it is in Slurm once, and every end that Slurm knows of it is in the journal once.

    Say whether it is a fact: not if Slurm forgot it, which then knows neither an end of it nor what it does.
    """
    numbers, known, records = jobs.numbers(fact.token), jobs.ends(fact.token), jobs.records.get(fact.token, ())
    attempts = {record.attempt for record in records}
    told = [end for end in ends if end.attempt in attempts or end.name == fact.token]
    missing = [known[attempt] for attempt in sorted(known.keys() - {end.attempt for end in told})]
    waiting = jobs.waiting(fact.token)
    if not (told or missing or waiting):
        result.forgotten[fact.token] = "; ".join(record.text for record in records)
        return False
    result.facts_in += 1
    result.doubled += max(0, len(numbers) - 1)
    if missing:
        _lose(missing[0], fact.token, result)
    elif not told and waiting:
        result.lost_ends.append(fact.token)
        result.lost.append(f"job {waiting.number} ({fact.token}) has not ended: Slurm has it as {waiting.text}")
    else:
        result.facts_out += 1
    result.doubled += max(0, len(told) - max(1, len(attempts)))
    result.longest_end = max(result.longest_end, *(end.delay for end in told), 0.0)
    return True


def _app_told(fact: Fact, told: bool, result: Result) -> None:
    """Count that the app that submitted a job, which has ended, was told of it."""
    result.facts_in += 1
    if told:
        result.facts_out += 1
    else:
        result.lost.append(f"the end of {fact.token} is in the journal, and its app was not told")


def open_deliveries(url: str) -> int:
    """Return how many deliveries are on their way."""
    with _reading(url) as connection:
        return int(connection.execute(_OPEN).scalar() or 0)


@contextlib.contextmanager
def _reading(url: str) -> Iterator[Connection]:
    store = Store(url, pool=1)
    try:
        with store.engine.connect() as connection:
            yield connection
    finally:
        store.close()
