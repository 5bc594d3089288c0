"""The jobs of the demonstration, and what their owners should hear of each. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DOMAIN = "example.org"
"""Put behind a user's name to make an address."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job to submit. ``options``: more arguments for sbatch; every job has ``--mail-type=ALL`` as well."""

    name: str
    user: str
    plot: str
    """What happens, in a few words for the reader."""
    script: str
    options: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    """The outcome of each mail its owner should get, in their order, as ``X-Headgate-Outcome`` spells it."""
    says: tuple[str, ...] = ()
    """What the last mail should hold."""
    starts: int = 1
    """How many jobs or array tasks start."""
    ends: Mapping[str, int] = field(default_factory=dict)
    """Slurm's final state -> how many jobs or array tasks end in it."""
    dead: tuple[str, ...] = ()
    """Recipients that cannot be reached."""
    cancel_when: str = ""
    """The state in which its owner cancels it; empty: never."""
    cancel_after: float = 0.0
    """Seconds it is left in that state."""
    in_full: bool = False
    """Whether its last mail is worth showing in full."""

    @property
    def address(self) -> str:
        """Where its owner's mails should arrive."""
        return f"{self.user}@{DOMAIN}"


_WORK = "import time; data = bytearray(60_000_000); end = time.time() + 12\nwhile time.time() < end: pass"

JOBS = (
    Job(
        name="train",
        user="ben",
        plot="needs longer than its time limit of one minute",
        script="#!/bin/sh\necho 'epoch 1 of 100'\nsleep 600\n",
        options=("--time=1",),
        outcomes=("started", "timed-out"),
        says=("time limit",),
        ends={"TIMEOUT": 1},
        in_full=True,
    ),
    Job(
        name="simulate",
        user="ada",
        plot="succeeds, having asked for far more than it needs",
        script=f"#!/bin/sh\npython3 -c '{_WORK}'\n",
        options=("--cpus-per-task=8", "--mem=8G", "--time=2:00:00"),
        outcomes=("started", "succeeded"),
        says=("8 GiB", "--time="),
        ends={"COMPLETED": 1},
        in_full=True,
    ),
    Job(
        name="analyse",
        user="ada",
        plot="fails with exit code 3",
        script="#!/bin/sh\nsleep 3\necho 'input.dat: no such file' >&2\nexit 3\n",
        options=("--mem=500M",),
        outcomes=("started", "failed"),
        says=("exit code 3",),
        ends={"FAILED": 1},
        in_full=True,
    ),
    Job(
        name="sweep",
        user="ada",
        plot="an array of 20 tasks, of which two fail",
        script="#!/bin/sh\nsleep 3\ncase $SLURM_ARRAY_TASK_ID in 7|13) exit 1 ;; esac\n",
        options=("--array=1-20",),
        outcomes=("started", "mixed"),
        says=("18", "7,13"),
        starts=20,
        ends={"COMPLETED": 18, "FAILED": 2},
        in_full=True,
    ),
    Job(
        name="explore",
        user="ben",
        plot="is cancelled by ben while it runs; tells a service too that nobody has set up",
        script="#!/bin/sh\nsleep 600\n",
        options=("--mail-user=ben,pager:ben",),
        outcomes=("started", "cancelled"),
        says=("Cancelled",),
        ends={"CANCELLED": 1},
        dead=("pager:ben",) * 2,
        cancel_when="RUNNING",
        cancel_after=4.0,
    ),
    Job(
        name="later",
        user="ben",
        plot="never starts: ben cancels it while it waits",
        script="#!/bin/sh\nsleep 600\n",
        options=("--begin=now+1hour",),
        outcomes=("cancelled",),
        says=("before it started",),
        starts=0,
        ends={"CANCELLED": 1},
        cancel_when="PENDING",
    ),
)
"""Longest first. No user gets more mails than may go out singly at once, or they would be folded into a digest."""

IN_EVERY_CHAT = Job(
    name="assemble",
    user="ada",
    plot="fails after some work; it is told in every chat",
    script=f"#!/bin/sh\npython3 -c '{_WORK}'\nexit 2\n",
    options=("--cpus-per-task=4", "--mem=2G", "--time=1:00:00"),
    outcomes=("started", "failed"),
    says=("Failed (exit code 2)",),
    ends={"FAILED": 1},
)
"""Told to all receivers that there are, which are added to its options."""
LINKED = Job(
    name="publish",
    user="ada",
    plot="succeeds; it is told in the chat that ada has linked",
    script="#!/bin/sh\nsleep 2\n",
    options=("--mail-user=telegram",),
    outcomes=("started", "succeeded"),
    says=("Completed",),
    ends={"COMPLETED": 1},
)


def sbatch_words(job: Job) -> tuple[str, ...]:
    """Return sbatch's arguments for a job; the script comes on standard input."""
    return (f"--job-name={job.name}", "--mail-type=ALL", *job.options)
