"""Pull requests (merge requests, on GitLab), and what people say in them."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository on a forge. ``forge`` is what the configuration calls it; ``path`` is ``OWNER/NAME``."""

    forge: str
    path: str

    def __str__(self) -> str:
        return f"{self.forge}:{self.path}"


class PullRequestState(enum.StrEnum):
    """Whether it is still to be merged."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as its forge shows it. Commits are full hashes (40 or 64 hex digits)."""

    repository: Repository
    number: int
    author: str
    state: PullRequestState
    base_branch: str
    base_commit: str
    head_commit: str
    head_repository: str = ""
    """``OWNER/NAME`` of the repository the head is in; empty if that is gone."""
    title: str = ""
    labels: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in a pull request. Times are seconds since the epoch."""

    id: int
    author: str
    body: str
    created_at: float
    updated_at: float
    url: str = ""
    by_bot: bool = False
    """Whether a program wrote it: its commands are not obeyed."""


class Reaction(enum.StrEnum):
    """What a command gets at once, beside its answer."""

    SEEN = "eyes"
    DONE = "rocket"
    REFUSED = "confused"
    FAILED = "-1"
