"""Submissions: jobs that apps created, from the directory to what accounting says in the end."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.model.event import JSON
from headgate.model.states import read_state

LOST = "the answer of Slurm was lost, and it has no such job; it can be started again"
"""The problem of a submission that never came to be a job."""

FORGOTTEN = "Slurm does not know this job any more, and did not say how it ended"
"""The problem of a submission whose job went without a word: slurmctld lost it when it crashed."""


class Phase(enum.StrEnum):
    """How far a submission has come."""

    CREATED = "created"
    """Its directory and batch script are there; nothing was submitted."""
    SUBMITTING = "submitting"
    """Slurm is being asked, or was asked and its answer was lost: then Slurm is searched for the job."""
    ACTIVE = "active"
    """Slurm has the job, and it is not over."""
    ENDED = "ended"
    """The job is over."""
    REFUSED = "refused"
    """Slurm refused it; ``problem`` has Slurm's words."""

    @property
    def started(self) -> bool:
        """Whether Slurmer calls it "started": Slurm has it or may have it."""
        return self in (Phase.SUBMITTING, Phase.ACTIVE)


@dataclass(frozen=True, slots=True)
class Submission:
    """A job that an app created. Times are seconds since the epoch."""

    number: int
    """Grows with every submission."""
    id: str
    """A UUID, as text."""
    app_id: str
    user: str
    name: str
    cluster: str
    root: str
    path: str
    """Its directory, below ``root``."""
    request: Mapping[str, JSON]
    """What was asked for, and what was made of it."""
    phase: Phase
    run: int
    """How often it was started."""
    job_id: int | None = None
    """The Slurm job of the last start; an array's own id."""
    state: str | None = None
    """Slurm's word for the state of that job, as last seen."""
    problem: str | None = None
    """Why it did not go on, in words for its owner."""
    outcome: Mapping[str, JSON] = field(default_factory=dict)
    """How the job ended: state, exit code, signal, reason."""
    figures: Mapping[str, JSON] | None = None
    """What accounting said in the end; None while it was not asked."""
    task_uuid: str | None = None
    created_at: float = 0.0
    requested_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None

    @property
    def directory(self) -> str:
        """The absolute path of its directory."""
        return f"{self.root}/{self.path}" if self.path else self.root

    @property
    def array(self) -> bool:
        """Whether its job is an array."""
        options = self.request.get("options")
        return isinstance(options, Mapping) and bool(options.get("array"))

    @property
    def earlier_jobs(self) -> list[int]:
        """The Slurm jobs of the starts before the last one."""
        earlier = self.request.get("earlier_jobs")
        return [one for one in earlier if isinstance(one, int)] if isinstance(earlier, list) else []

    @property
    def failed(self) -> bool:
        """Whether it ended, and not as its owner wanted."""
        reading = read_state(self.state or "")
        return self.phase is Phase.ENDED and reading is not None and reading.state is not None and reading.state.failed


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook that an app registered."""

    id: str
    app_id: str
    user: str | None
    """Whose jobs it is told of; None: those of everybody the app acts for."""
    url: str = field(repr=False)
    secret: str = field(repr=False)
    kinds: tuple[str, ...] = ()
    """Kinds of events it is told of; ``job.*`` are all of jobs. Empty: all."""
    created_at: float = 0.0

    def wants(self, kind: str, user: str) -> bool:
        """Whether it is told of an event."""
        named = not self.kinds or any(
            kind.startswith(one[:-1]) if one.endswith("*") else kind == one for one in self.kinds
        )
        return named and self.user in (None, user)
