"""What happens on the cluster meanwhile: mails handed over, jobs submitted by sbatch and by the gateway."""

from __future__ import annotations

import itertools
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx2

from faults.ledger import Fact, Ledger
from faults.receiver import ENDPOINTS, MAILBOXES, REFUSED
from faults.site import USERS
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.errors import ClusterError

_FIRST_JOB: Final = 5_000_000
"""Numbers of jobs that only mails tell of: Slurm's own stay far below."""
_numbers = itertools.count(_FIRST_JOB)
_SCRIPT: Final = "#!/bin/bash\nsleep 0.{}\n"
_PATIENCE: Final = 900.0
"""Seconds in which somebody takes a job: on a busy machine a service starts for a minute, and is killed in it, too."""


class Sender:
    """A thread that does something so many times, evenly over a while."""

    def __init__(self, name: str, many: int, seconds: float, act: Callable[[int], None]) -> None:
        self._many, self._seconds, self._act = many, seconds, act
        self.done = 0
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End early."""
        self._stop.set()

    def join(self) -> None:
        """Wait until it is through. Raises what it failed with."""
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    @property
    def runs(self) -> bool:
        """Whether it is at it."""
        return self._thread.is_alive()

    def _run(self) -> None:
        begun = time.monotonic()
        try:
            for number in range(self._many):
                if self._stop.wait(max(0.0, begun + self._seconds * number / self._many - time.monotonic())):
                    return
                self._act(number)
                self.done += 1
        except BaseException as error:  # noqa: BLE001 - raised again by join
            self.failure = error


class HandOffs:
    """Hands mails over as slurmctld does: a process each, run as its account."""

    def __init__(self, ledger: Ledger, phase: str, program: Path, cluster: str, chance: random.Random) -> None:
        self._ledger, self._phase, self._program, self._cluster = ledger, phase, program, cluster
        self._chance = chance
        self._lock = threading.Lock()
        self._under_way: set[subprocess.Popen[bytes]] = set()
        self.refused = 0
        """Hand-offs that ended with anything but 0: no facts, and slurmctld has it in its log."""

    def give(self, _number: int = 0) -> None:
        """Hand one over; it is a fact once the program has ended with 0."""
        job, user = next(_numbers), self._chance.choice(USERS)
        token = f"hgf-{self._phase}-{job}"
        targets = self._targets()
        name = f"Name={token} Ended, Run time 00:00:01, COMPLETED, ExitCode 0"
        environment = {
            "SLURM_JOB_ID": str(job),
            "SLURM_JOB_USER": user,
            "SLURM_JOB_NAME": token,
            "SLURM_JOB_STATE": "COMPLETED",
            "SLURM_JOB_MAIL_TYPE": "Ended",
            "SLURM_CLUSTER_NAME": self._cluster,
        }
        process = subprocess.Popen(
            [self._program, "-s", f"Slurm Job_id={job} {name}", ",".join(targets)],
            env=environment,
            user="slurm",
            group="slurm",
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with self._lock:
            self._under_way.add(process)
        status = process.wait()
        with self._lock:
            self._under_way.discard(process)
        if status == 0:
            self._ledger.accept(Fact(token, time.time(), targets))
        else:
            self.refused += 1

    def kill_one(self) -> bool:
        """Kill a hand-off that is under way; say whether there was one."""
        with self._lock:
            for process in self._under_way:
                process.kill()
                return True
        return False

    def _targets(self) -> tuple[str, ...]:
        """Draw who is to be told: by mail, by a webhook, now and then by both, and seldom one who takes nothing."""
        mail, hook = f"mailto:{self._chance.choice(MAILBOXES)}", f"hook:{self._chance.choice(ENDPOINTS)}"
        refused = self._chance.choice(("mailto", "hook")) + f":{REFUSED}"
        (drawn,) = self._chance.choices([(mail,), (hook,), (mail, hook), (refused,)], weights=[45, 45, 8, 2])
        return drawn


class Jobs:
    """Submits jobs, half by sbatch with a mail at the end, half by the gateway as an application."""

    def __init__(self, ledger: Ledger, phase: str, cluster: Cluster, enter: Callable[[], object]) -> None:
        """``enter``: puts a thread where sbatch is run."""
        self._ledger, self._phase, self._cluster, self._enter = ledger, phase, cluster, enter
        self._last = ""

    def by_sbatch(self, number: int) -> None:
        """Submit a job; it is a fact once sbatch has said its number. One that did not say so is left alone."""
        user = USERS[number % len(USERS)]
        for attempt in _attempts(lambda: "sbatch failed"):
            token = f"hgf-{self._phase}-s{number}x{attempt}"
            targets = (f"mailto:{MAILBOXES[number % 60]}", f"hook:{ENDPOINTS[number % 8]}")[: 1 + number % 2]
            options = (f"--job-name={token}", "--mail-type=END", f"--mail-user={','.join(targets)}", "--time=5")
            try:
                self._enter()
                self._cluster.submit(user, _SCRIPT.format(number % 10), "--output=/dev/null", *options)
            except ClusterError:
                time.sleep(1)
                continue
            self._ledger.accept(Fact(token, time.time(), targets, job=True))
            return

    def by_gateway(self, number: int, urls: list[str], token: str) -> None:
        """Submit a job by whichever service answers, as a load balancer does; again, with the same key, until one has.

        However often its answer was lost, there may be one job.
        """
        user, name = USERS[number % len(USERS)], f"hgf-{self._phase}-g{number}"
        request = {"script": _SCRIPT.format(number % 10), "job_name": name, "time": "5"}
        headers = {"X-Auth-Token": token, "User": user, "Idempotency-Key": name}
        for attempt in _attempts(lambda: self._last):
            try:
                url = urls[(number + attempt) % len(urls)]
                answer = httpx2.post(f"{url}/jobs", json=request, headers=headers, timeout=20, trust_env=False)
            except httpx2.HTTPError as error:
                self._last = type(error).__name__
                time.sleep(0.5)
                continue
            self._last = f"{answer.status_code} {answer.text[:300]}"
            if answer.status_code in (HTTPStatus.CREATED, HTTPStatus.OK):  # the latter: it had the job already
                self._ledger.accept(Fact(name, time.time(), job=True, app=True))
                return
            if answer.status_code < HTTPStatus.CONFLICT:
                raise RuntimeError(f"the gateway refused a job: {answer.status_code} {answer.text}")
            time.sleep(0.5)


def _attempts(last: Callable[[], str]) -> Iterator[int]:
    """Count attempts until patience ends. Raises TimeoutError with what the last one came to."""
    begun = time.monotonic()
    for attempt in itertools.count():
        if time.monotonic() - begun > _PATIENCE:
            raise TimeoutError(f"nobody took a job within {_PATIENCE:.0f} s: {last()}")
        yield attempt
