# ruff: noqa: ARG002 - its methods are those of a forge
"""A forge in memory, for tests of the engine: it keeps comments, and fails when told to."""

from __future__ import annotations

import itertools
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from headgate.builds.forge.interface import CloneSource, CommitState, ForbiddenError, ForgeError, GoneError
from headgate.model.finding import Finding, tried
from headgate.model.pull_request import Comment, PullRequest, PullRequestState, Reaction, Repository

Place = tuple[Repository, int]


@dataclass
class MemoryForge:
    """Keeps pull requests. ``down``: every call fails; ``lose``: so many writes are done, and answered by an error."""

    name: str = "hub"
    login: str = "headgate[bot]"
    down: bool = False
    lose: int = 0
    pulls: dict[Place, PullRequest] = field(default_factory=dict)
    origins: dict[Repository, str] = field(default_factory=dict)
    written: dict[Place, dict[int, Comment]] = field(default_factory=dict)
    reactions: list[tuple[int, Reaction]] = field(default_factory=list)
    states: list[tuple[str, str, CommitState, str]] = field(default_factory=list)
    teams: dict[str, set[str]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    def add_pull(self, pull: PullRequest, origin: str) -> None:
        """Have a pull request, of a repository that is cloned from there."""
        self.pulls[pull.repository, pull.number] = pull
        self.origins[pull.repository] = origin

    def push(self, repository: Repository, number: int, head: str) -> None:
        """Give a pull request another head."""
        place = repository, number
        self.pulls[place] = replace(self.pulls[place], head_commit=head)

    async def examine(self, needed: Mapping[str, str]) -> list[Finding]:
        """Say that all is well, unless it is down."""
        return [tried("key", not self.down, f"may {', '.join(needed)}")]

    def close(self, repository: Repository, number: int) -> None:
        """Close a pull request."""
        place = repository, number
        self.pulls[place] = replace(self.pulls[place], state=PullRequestState.CLOSED)

    def bodies(self, repository: Repository, number: int) -> list[str]:
        """Return the texts of our comments, in order."""
        return [one.body for one in self.written.get((repository, number), {}).values() if one.author == self.login]

    def say(self, repository: Repository, number: int, author: str, body: str) -> Comment:
        """Have somebody write a comment."""
        return self._keep(repository, number, author, body)

    async def pull_request(self, repository: Repository, number: int) -> PullRequest:
        self._called("pull_request")
        found = self.pulls.get((repository, number))
        if found is None:
            raise GoneError("there is no such pull request")
        return found

    async def diff(self, repository: Repository, number: int) -> bytes:
        raise AssertionError("the engine has no use for it")

    async def comments(self, repository: Repository, number: int, *, since: float = 0) -> list[Comment]:
        self._called("comments")
        return [one for one in self.written.get((repository, number), {}).values() if one.updated_at >= since]

    async def comment(self, repository: Repository, number: int, comment_id: int) -> Comment:
        self._called("comment")
        return self._of(repository, number, comment_id)

    async def add_comment(self, repository: Repository, number: int, body: str) -> Comment:
        self._called("add_comment")
        if (repository, number) not in self.pulls:
            raise GoneError("there is no such pull request")
        made = self._keep(repository, number, self.login, body)
        self._lost()
        return made

    async def edit_comment(self, repository: Repository, number: int, comment_id: int, body: str) -> Comment:
        self._called("edit_comment")
        edited = replace(self._of(repository, number, comment_id), body=body, updated_at=time.time())
        self.written[repository, number][comment_id] = edited
        self._lost()
        return edited

    async def react(self, repository: Repository, number: int, comment_id: int, reaction: Reaction) -> None:
        self._called("react")
        self._of(repository, number, comment_id)
        if (comment_id, reaction) not in self.reactions:
            self.reactions.append((comment_id, reaction))
        self._lost()

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        self._called("in_team")
        if team in self.forbidden:
            raise ForbiddenError("members: read is missing")
        return login in self.teams.get(f"{organisation}/{team}", set())

    async def set_commit_state(
        self, repository: Repository, commit: str, name: str, state: CommitState, *, description: str, url: str = ""
    ) -> None:
        self._called("set_commit_state")
        if "states" in self.forbidden:
            raise ForbiddenError("statuses: write is missing")
        self.states.append((commit, name, state, description))

    async def clone_source(self, repository: Repository) -> CloneSource:
        self._called("clone_source")
        return CloneSource(self.origins[repository])

    async def news(self, since: float) -> AsyncIterator[tuple[Repository, int, Comment]]:
        for (repository, number), comments in self.written.items():
            for comment in comments.values():
                if comment.created_at >= since:
                    yield repository, number, comment

    async def aclose(self) -> None:
        return

    def delete(self, repository: Repository, number: int, comment_id: int) -> None:
        """Have somebody delete a comment."""
        del self.written[repository, number][comment_id]

    def _keep(self, repository: Repository, number: int, author: str, body: str) -> Comment:
        made = Comment(
            id=next(self._numbers),
            author=author,
            body=body,
            created_at=time.time(),
            updated_at=time.time(),
            url=f"https://hub.example/{repository.path}/pull/{number}#{len(self.written)}",
            by_bot=author == self.login,
        )
        self.written.setdefault((repository, number), {})[made.id] = made
        return made

    def _of(self, repository: Repository, number: int, comment_id: int) -> Comment:
        found = self.written.get((repository, number), {}).get(comment_id)
        if found is None:
            raise GoneError("there is no such comment")
        return found

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.down:
            raise ForgeError("the forge does not answer", retry_after=0.0)

    def _lost(self) -> None:
        if self.lose > 0:
            self.lose -= 1
            raise ForgeError("the answer was lost", retry_after=0.0)
