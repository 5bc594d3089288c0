"""Builds of pull requests: what was asked for, the jobs it led to, and the rows that tell of them.

Times are seconds since the epoch.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.model.event import JSON
from headgate.model.pull_request import Repository


class RequestKind(enum.StrEnum):
    """What a request came from."""

    COMMENT = "comment"
    """A comment with commands."""
    OPENED = "opened"
    """A pull request was opened."""
    UPDATED = "updated"
    """A newer commit was pushed."""
    CLOSED = "closed"
    """A pull request was closed or merged."""
    LABELED = "labeled"
    """A label was put on it."""
    DEPLOY = "deploy"
    """Somebody who may, asked beside the pull request for what was built to be deployed."""


class RequestState(enum.StrEnum):
    """How far a request is."""

    OPEN = "open"
    """There is still something to do for it."""
    DONE = "done"
    """All of it was done, or was refused and said so."""
    FAILED = "failed"
    """It was given up; ``problem`` says why."""


class JobPhase(enum.StrEnum):
    """How far a build job is."""

    PLANNED = "planned"
    """Its directory has to be written."""
    READY = "ready"
    """Its directory is whole; it has to be submitted."""
    SUBMITTING = "submitting"
    """Slurm was asked, and what it said is not written down."""
    HELD = "held"
    """Slurm has it; its comment and its metadata have to be written before it may start."""
    QUEUED = "queued"
    """It was released."""
    RUNNING = "running"
    """It has nodes."""
    ENDED = "ended"
    """It is over in Slurm; its results have to be read."""
    DONE = "done"
    """Its results are known."""
    REFUSED = "refused"
    """It never became a job: its directory could not be written, or sbatch refused it."""

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self in (JobPhase.DONE, JobPhase.REFUSED)


class BuildResult(enum.StrEnum):
    """What ``_bot_job<ID>.result`` and ``.test`` say."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """One event of a pull request that something has to be done about."""

    id: int
    key: str
    event_id: int | None
    kind: RequestKind
    repository: Repository
    number: int
    sender: str
    state: RequestState
    not_before: float
    attempts: int
    comment_id: int | None
    """The comment the commands are in."""
    answer_id: int | None
    """Our answer."""
    data: Mapping[str, JSON]
    """What the event said."""
    progress: Mapping[str, JSON]
    """What was done already."""
    problem: str
    created_at: float
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class BuildRun:
    """One build command: jobs of one commit."""

    id: int
    key: str
    request_id: int
    repository: Repository
    number: int
    run: int
    """Counts the runs of one event from 0: the directory ``run_NNN``."""
    requester: str
    base_branch: str
    base_commit: str
    head_commit: str
    built_commit: str
    """What the jobs check out; empty until it was fetched."""
    path: str
    """The directory of the run, below the root of job directories."""
    created_at: float
    data: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuildJob:
    """One job of a run, and what is known of it: at first, where it is to be built and for whom."""

    id: int
    run_id: int
    repository: Repository
    number: int
    requester: str
    commit: str
    """The commit of the pull request it is built of."""
    target: str
    repo_id: str
    on_architecture: str
    on_accelerator: str
    for_architecture: str
    for_accelerator: str
    root: str
    path: str
    """Its directory, below ``root``."""
    user: str
    cluster: str
    created_at: float
    not_before: float
    phase: JobPhase = JobPhase.PLANNED
    attempts: int = 0
    problem: str = ""
    job_id: int | None = None
    requested_at: float | None = None
    comment_id: int | None = None
    comment_url: str = ""
    comment_asked: float | None = None
    """When a comment for it was first asked for."""
    told_not_before: float = 0.0
    tellings: int = 0
    """Attempts to write its comment that failed."""
    state: str = ""
    """Slurm's word."""
    outcome: Mapping[str, JSON] = field(default_factory=dict)
    result: Mapping[str, JSON] = field(default_factory=dict)
    """``status``, ``artefacts``, ``test``: what its files say."""
    cancelled_by: str = ""
    """Who asked for its end; empty if nobody did."""
    pending_told: str = ""
    """The reason for waiting that was told last."""
    shown_state: str = ""
    """The commit state that was shown last."""
    ended_at: float | None = None
    finished_at: float | None = None

    def anew(self, *, requester: str, path: str, now: float) -> BuildJob:
        """Return the same job, to be made once more, of which nothing is known yet."""
        return BuildJob(
            id=0,
            run_id=0,
            repository=self.repository,
            number=self.number,
            requester=requester,
            commit=self.commit,
            target=self.target,
            repo_id=self.repo_id,
            on_architecture=self.on_architecture,
            on_accelerator=self.on_accelerator,
            for_architecture=self.for_architecture,
            for_accelerator=self.for_accelerator,
            root=self.root,
            path=path,
            user=self.user,
            cluster=self.cluster,
            created_at=now,
            not_before=now,
        )

    @property
    def directory(self) -> str:
        """The absolute path of its directory."""
        return f"{self.root.rstrip('/')}/{self.path}"


@dataclass(frozen=True, slots=True)
class BuildRow:
    """A row of a job's status table. ``written``: whether it is in the comment."""

    id: int
    job: int
    key: str
    status: str
    text: str
    at: float
    written: bool
