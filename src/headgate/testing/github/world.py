"""What there is on a fake GitHub: accounts, installations, repositories, pull requests and their comments. No I/O."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PERMISSIONS: Final[Mapping[str, str]] = {
    "contents": "read",
    "issues": "write",
    "pull_requests": "write",
    "statuses": "write",
    "metadata": "read",
    "members": "read",
}
"""What an App is given, unless a test says otherwise."""


@dataclass(slots=True)
class User:
    """An account."""

    login: str
    id: int
    type: str = "User"


@dataclass(slots=True)
class Installation:
    """The App, installed in one account."""

    id: int
    account: User
    permissions: dict[str, str]
    suspended: bool = False


@dataclass(slots=True)
class Repository:
    """A repository. ``directory``: a bare git repository that is served; None if nobody fetches."""

    path: str
    id: int
    installation: Installation | None
    directory: Path | None
    private: bool


@dataclass(slots=True)
class Comment:
    """A comment. Times are whole seconds since the epoch."""

    id: int
    author: User
    body: str
    created_at: int
    updated_at: int
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """Content and login of each."""
    hidden: bool = False
    """Whether lists leave it out, although it counts in their pages: these are short then."""


@dataclass(slots=True)
class PullRequest:
    """A pull request, or, with ``is_issue``, an issue."""

    repository: Repository
    number: int
    author: User
    head: str
    base: str
    created_at: int
    updated_at: int
    title: str = "An improvement"
    base_branch: str = "main"
    head_repository: str = ""
    state: str = "open"
    closed_at: int | None = None
    merged_at: int | None = None
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    diff: bytes | None = None
    is_issue: bool = False


@dataclass(slots=True)
class Delivery:
    """A webhook as it was sent, and how it was answered. A redelivery has the ``guid`` of the first."""

    id: int
    guid: str
    event: str
    action: str
    payload: dict[str, Any]
    headers: dict[str, str]
    delivered_at: int
    installation_id: int | None
    repository_id: int | None
    redelivery: bool = False
    status: str = ""
    status_code: int = 0
    duration: float = 0.0


class World:
    """All of it. ``advance`` lets time pass."""

    def __init__(self, slug: str) -> None:
        """``slug``: the App's name in addresses; its account is ``SLUG[bot]``."""
        self._ids = itertools.count(1001)
        self._ahead = 0.0
        self.users: dict[str, User] = {}
        self.bot = self.add_user(f"{slug}[bot]", "Bot")
        self.permissions = dict(PERMISSIONS)
        """What the App asks for; an installation has what was accepted there."""
        self.events = ["issue_comment", "pull_request"]
        """What the App is subscribed to."""
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[str, Repository] = {}
        self.pulls: dict[tuple[str, int], PullRequest] = {}
        self.teams: dict[tuple[str, str], set[str]] = {}
        """Organisation and team -> logins."""
        self.deliveries: list[Delivery] = []
        """Oldest first."""
        self.statuses: list[dict[str, Any]] = []

    def now(self) -> float:
        """Return the time here, in seconds since the epoch."""
        return time.time() + self._ahead

    def second(self) -> int:
        """Return the same in whole seconds, as GitHub tells times."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds

    def new_id(self) -> int:
        """Return a number nothing else has."""
        return next(self._ids)

    def add_user(self, login: str, kind: str = "User") -> User:
        """Return an account, new or known."""
        return self.users.setdefault(login, User(login, self.new_id(), kind))

    def install(self, account: str, permissions: Mapping[str, str] = PERMISSIONS) -> Installation:
        """Install the App in an account."""
        made = Installation(self.new_id(), self.add_user(account, "Organization"), dict(permissions))
        self.installations[made.id] = made
        return made

    def add_repository(
        self, path: str, installation: Installation | None, *, directory: Path | None = None, private: bool = True
    ) -> Repository:
        """Make ``OWNER/NAME``; the App may see it if it has an installation."""
        made = Repository(path, self.new_id(), installation, directory, private)
        self.repositories[path.lower()] = made
        return made

    def add_pull_request(
        self,
        repository: Repository,
        *,
        author: str = "ada",
        head: str = "a" * 40,
        base: str = "b" * 40,
        number: int | None = None,
        **more: Any,
    ) -> PullRequest:
        """Make a pull request, without telling anybody. ``more``: further fields."""
        if number is None:
            number = 1 + max((own for path, own in self.pulls if path == repository.path), default=0)
        now = self.second()
        made = PullRequest(
            repository,
            number,
            self.add_user(author),
            head,
            base,
            now,
            now,
            **{"head_repository": repository.path, **more},
        )
        self.pulls[repository.path, number] = made
        return made

    def add_comment(self, pull: PullRequest, author: str, body: str) -> Comment:
        """Write a comment, without telling anybody."""
        now = self.second()
        made = Comment(self.new_id(), self.add_user(author), body, now, now)
        pull.comments.append(made)
        pull.updated_at = now
        return made

    def comment(self, path: str, number: int) -> tuple[PullRequest, Comment] | None:
        """Find a comment of a repository by its id."""
        for (own, _), pull in self.pulls.items():
            for comment in pull.comments if own.lower() == path.lower() else ():
                if comment.id == number:
                    return pull, comment
        return None

    def delete_comment(self, number: int) -> None:
        """Delete a comment, as people may."""
        for pull in self.pulls.values():
            pull.comments = [comment for comment in pull.comments if comment.id != number]
