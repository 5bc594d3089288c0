"""What builds ask of a forge, whichever it is."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from headgate.errors import HeadgateError
from headgate.model.finding import Finding
from headgate.model.pull_request import Comment, PullRequest, Reaction, Repository


class ForgeError(HeadgateError):
    """A forge did not do what it was asked. ``retry_after`` (seconds) is set where asking again may help."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, transient=retry_after is not None)
        self.retry_after = retry_after


class GoneError(ForgeError):
    """What it was about (a comment, a pull request) is not there any more."""


class ForbiddenError(ForgeError):
    """Headgate's account there lacks a permission; the message names it."""


class CommitState(enum.StrEnum):
    """How a commit fares with one of our builds."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CloneSource:
    """Where git fetches a repository. ``environment`` holds the credentials (``GIT_CONFIG_*``), never the URL."""

    url: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """A pull request that changed, for catching up. Times are seconds since the epoch."""

    pull_request: PullRequest
    created_at: float
    updated_at: float
    closed_at: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook that a forge sent, or tried to, without what it told. ``status``: how it was answered."""

    id: int
    guid: str
    event: str
    action: str
    delivered_at: float
    status: int


class Forge(Protocol):
    """One forge. Every method raises ForgeError.

    Rate limits are kept before they bite: a call may wait for a while, or raise ForgeError with ``retry_after``.
    """

    name: str
    """What the configuration calls it."""
    login: str
    """Our own account there."""

    async def pull_request(self, repository: Repository, number: int) -> PullRequest:
        """Return a pull request as it is now. Raises GoneError."""
        ...

    async def diff(self, repository: Repository, number: int) -> bytes:
        """Return the pull request's difference to its base, as git writes it."""
        ...

    async def comments(self, repository: Repository, number: int, *, since: float = 0) -> list[Comment]:
        """Return the comments of a pull request that changed since then, oldest first."""
        ...

    async def comment(self, repository: Repository, number: int, comment_id: int) -> Comment:
        """Return one comment. Raises GoneError."""
        ...

    async def add_comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Write a comment. Raises GoneError if there is no such pull request."""
        ...

    async def edit_comment(self, repository: Repository, number: int, comment_id: int, body: str) -> Comment:
        """Give one of our comments another text. Raises GoneError."""
        ...

    async def react(self, repository: Repository, number: int, comment_id: int, reaction: Reaction) -> None:
        """React to a comment; twice is once. Raises GoneError."""
        ...

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        """Tell whether somebody is in a team. Raises ForbiddenError if we may not know."""
        ...

    async def set_commit_state(
        self, repository: Repository, commit: str, name: str, state: CommitState, *, description: str, url: str = ""
    ) -> None:
        """Show beside a commit how a build fares. Raises ForbiddenError if we may not."""
        ...

    async def clone_source(self, repository: Repository) -> CloneSource:
        """Return where git fetches this repository, with credentials that last at least ten minutes."""
        ...

    def news(self, since: float) -> AsyncIterator[tuple[Repository, int, Comment]]:
        """Yield the comments on all our repositories that were written since then, to catch up."""
        ...

    async def examine(self, needed: Mapping[str, str]) -> list[Finding]:
        """Try our key or token, what we may, and whether webhooks arrive; nothing is raised.

        ``needed``: GitHub's names of permissions -> ``read`` or ``write``.
        """
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...
