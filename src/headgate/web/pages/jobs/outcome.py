"""What pages do to jobs, in values: an order, the jobs it is about, what became of each."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.store.job_search import FoundJob


@dataclass(frozen=True, slots=True)
class Order:
    """Something to be done to jobs. ``action``: the one that does it for operators; ``key``: what of a job it sets."""

    name: str
    label: str
    will: str
    """What is going to happen, of each job."""
    action: str
    key: str = ""
    value_label: str = ""
    danger: bool = False
    stages: frozenset[str] = frozenset({"waits", "runs"})
    """How a job is to which this can be done: it waits, runs, or is over."""
    owners: bool = False
    """Whether owners have it done, as themselves; Slurm decides then."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A job that something is to be done to."""

    key: str
    """As the form names it."""
    job: FoundJob
    own: bool
    """Whether it is the visitor's."""

    @property
    def name(self) -> str:
        """What Slurm is asked to act on."""
        return self.job.label.removesuffix("_*").partition("+")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job, or would."""

    ticked: Ticked
    ok: bool
    words: str
