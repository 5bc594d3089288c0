"""What is asked for, and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from headgate.errors import HeadgateError
from headgate.executor.interface import Place
from headgate.model.pull_request import Repository


class DeployError(HeadgateError):
    """An artefact was not deployed. ``message`` says why, without secrets, and holds no text of the job's."""


@dataclass(frozen=True, slots=True)
class BuiltJob:
    """A job that is over. ``artefacts`` are names as the job wrote them: anything may be in them."""

    job: str
    """Slurm's number."""
    place: Place
    """Its directory."""
    pull_request: Place
    """The directory of its pull request, ``YYYY.MM/OWNER/NAME/pr_N``: there is ``uploaded.txt``."""
    repository_id: str
    """What it was built for: the name in ``repos.cfg``."""
    commit: str
    """The pull request's head it was built of."""
    comment_id: int
    succeeded: bool
    tests_passed: bool | None
    """None if there were none, or nobody knows."""
    artefacts: tuple[str, ...] = ()
    number: int = 0
    """Headgate's own number of it: Slurm may have given its own on another cluster, too."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What went earlier, by Headgate's own record (never by a file that a job could have written)."""

    job: str
    repository_id: str
    artefact: str


@dataclass(frozen=True, slots=True)
class DeployRequest:
    """One wish to deploy what was built for a pull request, by somebody who may."""

    repository: Repository
    number: int
    commit: str
    """The head it had when that was wished."""
    jobs: tuple[BuiltJob, ...]
    uploaded: tuple[Uploaded, ...] = ()


class Outcome(enum.StrEnum):
    """What became of an artefact. The first two are job states in the table of a job's comment."""

    UPLOADED = "uploaded"
    NOT_UPLOADED = "not uploaded"
    LEFT_OUT = "left out"
    """It was not meant to go; ``reason`` says why."""


@dataclass(frozen=True, slots=True)
class DeployRow:
    """What became of one artefact, or of a job that has none (``artefact`` is empty then).

    ``artefact`` is fit to be shown: what a name may not hold is a question mark in it. ``text`` is the row's comment,
    in the predecessor's words; empty for what was left out.
    """

    job: str
    repository_id: str
    artefact: str
    outcome: Outcome
    text: str = ""
    reason: str = ""
    sha256: str = ""
    """Of the bytes that went."""
    number: int = 0
    """Headgate's own number of the job."""


class StepKind(enum.StrEnum):
    """What is written to the audit log while an artefact goes its way."""

    COPIED = "copied"
    SIGNED = "signed"
    SENT = "sent"
    FOUND = "found"
    """It was at its place already, the same bytes."""
    RECORDED = "recorded"
    """Its line stands in ``uploaded.txt``."""
    UNRECORDED = "unrecorded"
    """The line could not be written; the artefact went nevertheless."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step, for the audit log."""

    job: str
    artefact: str
    kind: StepKind
    detail: str
