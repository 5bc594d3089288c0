"""Every fact that was taken in, and what came of it: what the suite is for."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from faults.receiver import REFUSED, TOKEN, Taken, read
from headgate.model.submission import Phase
from headgate.store.store import Store

_DEAD: Final = text("SELECT message FROM deliveries WHERE state = 'dead' AND target LIKE :target")
_ENDED: Final = text("SELECT data, recorded_at - time FROM events WHERE kind = 'job.ended'")
_OPEN: Final = text("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'ready', 'sending')")

_SUBMISSIONS: Final = text("SELECT name, phase FROM submissions")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was acknowledged: from then on it may not be lost. ``targets``: who has to be told of it."""

    token: str
    accepted_at: float
    targets: tuple[str, ...] = ()
    job: bool = False
    """Whether a job of this name has to be in Slurm once, and its end in the journal once."""


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
    repeated: int = 0
    """Webhooks that came again under the key by which their receiver knows them."""
    refused: int = 0
    """Facts out, as visibly dead: the receiver takes nothing for this target."""
    lost_by_slurm: int = 0
    """Jobs that sbatch acknowledged and Slurm itself forgot when it was killed; no facts."""
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

    def untold(self, phase: str) -> int:
        """Return how many messages have not been taken yet, leaving aside those that never will be."""
        self._look()
        return sum(
            (fact.token, target) not in self._taken
            for fact in self.facts(phase)
            for target in fact.targets
            if not target.endswith(f":{REFUSED}")
        )

    def result(self, phase: str, url: str, jobs: dict[str, list[int]]) -> Result:
        """Return what came of a phase. ``jobs``: name -> numbers of the jobs that Slurm has by this name."""
        self._look()
        result = Result()
        with _reading(url) as connection:
            messages = connection.execute(_DEAD, {"target": f"{REFUSED}%"}).scalars()
            dead = {token for message in messages for token in TOKEN.findall(message or "")}
            ended: dict[str, list[float]] = defaultdict(list)
            for data, delay in connection.execute(_ENDED):
                ended[json.loads(data)["name"]].append(delay)
            phases = {str(name): str(phase) for name, phase in connection.execute(_SUBMISSIONS)}
        for fact in self.facts(phase):
            if fact.job and not jobs.get(fact.token):
                _nowhere(fact, phases.get(fact.token, ""), result)
                continue
            for target in fact.targets:
                self._told(fact, target, dead, result)
            if fact.job:
                _ended(fact, jobs[fact.token], ended, result)
        return result

    def _told(self, fact: Fact, target: str, dead: set[str], result: Result) -> None:
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
        if target.startswith("hook:"):
            keys = Counter(one.key for one in taken)
            result.doubled += len(keys) - 1
            result.repeated += sum(keys.values()) - len(keys)
        else:
            unsure = min(sum(not one.sure for one in taken), len(taken) - 1)
            result.unsure += unsure
            result.doubled += len(taken) - 1 - unsure
            if len(taken) - 1 > unsure:
                result.twice.append(f"{fact.token} to {target}, under {len({one.key for one in taken})} keys")

    def _look(self) -> None:
        found, self._read = read(self._file, self._read)
        for one in found:
            self._taken[one.token, one.target].append(one)


def _nowhere(fact: Fact, phase: str, result: Result) -> None:
    """Count a job that Slurm does not have. ``phase``: what the gateway says of it, if it took it."""
    if phase == Phase.SUBMITTING:
        result.lost.append(f"{fact.token} is still in doubt: is it in Slurm or not?")
    elif phase == Phase.REFUSED:
        result.not_submitted += 1
    else:
        result.lost_by_slurm += 1


def _ended(fact: Fact, numbers: list[int], ended: dict[str, list[float]], result: Result) -> None:
    """Count a job: it is in Slurm once, and its end in the journal once.

    By name, not by number: a slurmctld that was killed may give a number twice.
    """
    result.facts_in += 1
    result.doubled += len(numbers) - 1
    delays = ended.get(fact.token, [])
    if not delays:
        result.lost.append(f"the end of job {numbers} ({fact.token}) is not in the journal")
        return
    result.facts_out += 1
    result.doubled += max(0, len(delays) - len(numbers))
    result.longest_end = max(result.longest_end, *delays)


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
