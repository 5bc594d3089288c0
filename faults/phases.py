"""The phases of the suite: in each, facts come in evenly while something is broken.

Then all is made well again, what came in gets time to come through, and it is counted.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.evidence import evidence
from faults.failover import Failover
from faults.ledger import Ledger, Result, open_deliveries
from faults.next_version import make_next_version
from faults.patience import Patience
from faults.senders import HandOffs, Jobs, Sender
from faults.service import FAKETIME
from faults.site import LEASE, Site
from faults.slurm_jobs import SlurmJobs
from faults.victims import drawn, strike, victims

_SETTLE: Final = 240.0
"""Seconds without headway, once all is well again, after which what is missing counts as lost."""
_START: Final = 120.0
"""Seconds in which every service works, whatever happened."""
_MEND_EVERY: Final = 10
"""Looks, a second apart, between two in which an operator sees to Slurm."""
_COUNT_EVERY: Final = 5
"""Looks between two in which everything is counted."""
_SMALL: Final = 24
"""Megabytes of the small disk."""
_HOUR: Final = 3600.0
_FAILOVER_GOAL: Final = 30.0
_STANDING_BY: Final = 5.0
"""Seconds that a service needs, once it works, to try for every role."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in during a phase."""

    messages: int
    jobs: int
    seconds: float


@dataclass(slots=True)
class Outcome:
    """A phase, when it is over. ``allowed``: doubles that the design explains."""

    name: str
    faults: str
    result: Result
    allowed: int
    failover: tuple[float, str] = (0.0, "")
    """Seconds for which a role had nobody, at most, and which."""
    notes: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    """What there is to see of jobs whose end is lost."""
    failover_goal: float = 0.0
    """Seconds that this may take at most; 0 where parts are killed that nobody can take over from."""


class Phases:
    """Runs phases on a site, one after the other."""

    def __init__(self, site: Site, ledger: Ledger, chance: random.Random, token: str, failover: Failover) -> None:
        """``token``: of the application that submits jobs."""
        self._site, self._ledger, self._chance, self._token = site, ledger, chance, token
        self._failover = failover

    def kills(self, load: Load, kills: int, spare: Collection[str] = ()) -> Outcome:
        """Kill any part at random, so many times; none of those to be spared."""
        struck: Counter[str] = Counter()
        sending = 0
        with self._under("kills", load) as hand_offs:
            begun = time.monotonic()
            among = [one for one in victims(self._site, hand_offs) if one.name not in spare]
            order = drawn(among, kills, self._chance)
            for number, victim in enumerate(order):
                while (left := begun + load.seconds * number / kills - time.monotonic()) > 0:
                    self._site.keep_up()
                    time.sleep(min(left, 0.5))
                if strike(victim, self._chance, self._site.keep_up):
                    struck[victim.name] += 1
                    sending += victim.sends
            self._all_start()
        parts = ", ".join(f"{name} {many}" for name, many in sorted(struck.items()))
        outcome = self._outcome("kills", f"{sum(struck.values())} kills", allowed=sending)
        outcome.notes += [f"killed: {parts}", f"{hand_offs.refused} hand-offs did not end well: no facts"]
        return outcome

    def store(self, load: Load, restarts: int) -> Outcome:
        """Crash and restart PostgreSQL; each time it is away for some seconds."""
        with self._under("store", load):
            for _ in range(restarts):
                time.sleep(load.seconds / restarts / 2)
                self._site.crash_postgres()
                time.sleep(load.seconds / restarts / 2)
                self._site.start_postgres()
        # What was sent is recorded when the store is back: doubled is what waits for longer than its lease.
        return self._outcome("store", f"{restarts} crashes", allowed=3 * restarts)

    def network(self, load: Load, seconds: float) -> Outcome:
        """Cut hosts off, one after the other, longer than a lease: each service, the database, the receivers."""
        cut = ("a", "b", "w", "db", "out")
        with self._under("network", load):
            for name in cut:
                with self._cut(name):
                    time.sleep(seconds)
                time.sleep(2)
            self._all_start()
        # Whoever is cut off may have sent a mail that nobody recorded; the database and the receivers cut off all.
        return self._outcome("network", f"{len(cut)} hosts cut off for {seconds:.0f} s", allowed=3 + 3 + 3)

    def failover(self) -> Outcome:
        """End the service that has the roles well, then kill it, then cut it off, while another one stands by."""
        notes = []
        waits = {"ended well": self._end, "killed": self._kill, "cut off": self._cut_off}
        longest = (0.0, "")
        for how, hurt in waits.items():
            self._everybody_works()
            holder = self._failover.holder(self._site)
            self._failover.begin()
            hurt(holder)
            gap = self._failover.longest()
            longest = max(longest, gap)
            notes.append(f"{how}: another service had all its roles after {gap[0]:.1f} s at most ({gap[1]})")
        self._everybody_works()
        return Outcome(
            "failover", "a service ended, killed and cut off", Result(), 0, longest, notes, failover_goal=_FAILOVER_GOAL
        )

    def _end(self, name: str) -> None:
        service = self._site.services[name]
        service.stop()
        self._failover.wait_held()
        service.start()

    def _kill(self, name: str) -> None:
        service = self._site.services[name]
        service.kill()
        self._failover.wait_held()
        service.start_service()

    def _cut_off(self, name: str) -> None:
        with self._cut(name):
            self._failover.wait_held(beside=self._site.host(name).address)

    def _everybody_works(self) -> None:
        self._all_start()
        self._failover.wait_held()
        time.sleep(_STANDING_BY)

    def slurm(self, load: Load, seconds: float) -> Outcome:
        """Stop slurmctld for a while, then slurmdbd, then both."""
        with self._under("slurm", load):
            for down in (("slurmctld",), ("slurmdbd",), ("slurmctld", "slurmdbd")):
                with self._site.host("head").inside():
                    for daemon in down:
                        self._site.cluster.stop(daemon)
                time.sleep(seconds)
                with self._site.host("head").inside():
                    for daemon in reversed(down):
                        self._site.cluster.start(daemon)
                time.sleep(2)
        return self._outcome("slurm", f"each and both away for {seconds:.0f} s", allowed=0)

    def clock(self, load: Load, seconds: float) -> Outcome:
        """Move the clock of one service by an hour: ahead, back, and back to what it was."""
        service = self._site.services["b"]
        if not FAKETIME.exists():
            return Outcome("clock", f"not done: no {FAKETIME}", Result(), 0)
        service.move_clock(0)
        service.kill()
        service.start_service()
        service.wait()
        with self._under("clock", load):
            for by in (_HOUR, -_HOUR, 0.0):
                service.move_clock(by)
                time.sleep(seconds)
        return self._outcome("clock", "one service, an hour ahead and back", allowed=1)

    def disk(self, load: Load, seconds: float) -> Outcome:
        """Fill the disk on which a store and a spool are, and free it again, twice."""
        site = self._site
        with site.small_service(_SMALL) as (service, disk, url):
            hand_offs = HandOffs(self._ledger, "disk", site.small_hand_off(), site.cluster.name, self._chance)
            with _coming_in([Sender("hand-offs", load.messages, load.seconds, hand_offs.give)]):
                for _ in range(2):
                    time.sleep(load.seconds / 8)
                    filler = fill(disk)
                    time.sleep(seconds)
                    filler.unlink()
            patience = Patience(_SETTLE)
            while (missing := self._ledger.untold("disk") + open_deliveries(url)) and not patience.over(missing):
                if not service.runs:
                    service.start()
                time.sleep(1)
            result = self._ledger.result("disk", url, SlurmJobs())
        note = f"{hand_offs.refused} hand-offs found no room and said so: no facts"
        return Outcome("disk", f"store and spool full for {seconds:.0f} s, twice", result, 0, notes=[note])

    def upgrade(self, load: Load) -> Outcome:
        """Bring one service after the other to the next version, which changes the tables, while all goes on."""
        source = make_next_version(self._site.directory / "next")
        with self._under("upgrade", load):
            for name in ("b", "a", "w"):
                service = self._site.services[name]
                service.stop()
                service.source = source
                service.start()
                time.sleep(load.seconds / 6)
        return self._outcome("upgrade", "every service to the next version, one by one", allowed=0)

    @contextlib.contextmanager
    def _under(self, phase: str, load: Load) -> Iterator[HandOffs]:
        """Have facts come in; when the block is left, wait until all have come in and are through."""
        site = self._site
        hand_offs = HandOffs(self._ledger, phase, site.hand_off(), site.cluster.name, self._chance)
        jobs = Jobs(self._ledger, phase, site.cluster, site.host("head").enter)
        urls = [site.services[name].url for name in "ab"]
        half = load.messages // 2
        senders = [
            Sender("hand-offs 1", half, load.seconds, hand_offs.give),
            Sender("hand-offs 2", load.messages - half, load.seconds, hand_offs.give),
            Sender("sbatch", load.jobs - load.jobs // 2, load.seconds, jobs.by_sbatch),
            Sender("gateway", load.jobs // 2, load.seconds, lambda n: jobs.by_gateway(n, urls, self._token)),
        ]
        self._failover.begin()
        with _coming_in(senders):
            yield hand_offs
        self._settle(phase)

    @contextlib.contextmanager
    def _cut(self, name: str) -> Iterator[None]:
        host = self._site.host(name)
        self._site.network.cut(host)
        self._failover.unreachable = host.address
        try:
            yield
        finally:
            self._failover.unreachable = ""
            self._site.network.join(host)

    def _all_start(self) -> None:
        """Wait until every service works. Raises RuntimeError with the end of the log of one that does not."""
        deadline = time.monotonic() + _START
        while not all(service.works for service in self._site.services.values()) and time.monotonic() < deadline:
            self._site.keep_up()
            time.sleep(0.1)
        for service in self._site.services.values():
            service.wait()

    def _settle(self, phase: str) -> None:
        """Wait until everything is through, or patience ends: then what is missing counts as lost."""
        patience, result = Patience(_SETTLE), Result()
        for look in itertools.count():
            self._all_start()
            if look % _MEND_EVERY == 0:
                self._site.mend_slurm()
            if look % _COUNT_EVERY == 0:
                result = self._result(phase)
            missing = self._ledger.untold(phase, result.forgotten) + open_deliveries(self._site.local_url)
            if not missing and look % _COUNT_EVERY == 0 and not result.lost:
                break
            if patience.over(missing):
                break
            time.sleep(1)
        time.sleep(LEASE / 5)  # a second copy on its way is to be counted, too

    def _result(self, phase: str) -> Result:
        return self._ledger.result(phase, self._site.local_url, self._site.jobs())

    def _outcome(self, phase: str, faults: str, *, allowed: int) -> Outcome:
        jobs = self._site.jobs()
        result = self._ledger.result(phase, self._site.local_url, jobs)
        outcome = Outcome(phase, faults, result, allowed, self._failover.longest())
        outcome.evidence = evidence(self._site, jobs, result.lost_ends)
        return outcome


@contextlib.contextmanager
def _coming_in(senders: list[Sender]) -> Iterator[None]:
    """Have facts come in while the block runs, and wait until all have."""
    for sender in senders:
        sender.start()
    try:
        yield
    except BaseException:
        for sender in senders:
            sender.stop()
        raise
    finally:
        for sender in senders:
            sender.join()


def fill(disk: Path) -> Path:
    """Fill a disk to the last byte; return the file that did."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


PHASES: Final = ("failover", "kills", "store", "network", "slurm", "clock", "disk", "upgrade")
