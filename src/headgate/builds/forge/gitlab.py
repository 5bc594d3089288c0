"""GitLab: merge requests and their notes, asked with an access token of a project or group.

API v4, as GitLab documents it: "Notes API", "Merge requests API", "Emoji reactions API", "Commits API".
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import httpx2
import structlog
from pydantic import Field

import headgate
from headgate.builds.forge.answers import P, read
from headgate.builds.forge.budget import Budget
from headgate.builds.forge.calls import CALLS
from headgate.builds.forge.interface import (
    Changed,
    CloneSource,
    CommitState,
    ForbiddenError,
    ForgeError,
    GoneError,
)
from headgate.builds.forge.pages import is_last
from headgate.builds.incoming.github import Commit, Part
from headgate.builds.incoming.gitlab import person, standing
from headgate.config.builds import GitLabSettings
from headgate.connectors.tls import tls_context
from headgate.model.finding import Finding, well, wrong
from headgate.model.pull_request import Comment, PullRequest, Reaction, Repository

_log = structlog.get_logger(__name__)
_PAGE: Final = 100
_MOST_PAGES: Final = 100
_AGAIN: Final = 30.0
_TOGETHER: Final = 10
_MAKING: Final = frozenset({"POST", "PUT", "DELETE"})
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _GONE, _SERVER, _FAILED = 401, 403, 404, 410, 500, 400
_REPORTER: Final = 20
_EMOJI: Final = {
    Reaction.SEEN: "eyes",
    Reaction.DONE: "rocket",
    Reaction.REFUSED: "confused",
    Reaction.FAILED: "thumbsdown",
}
_STATES: Final = {
    CommitState.PENDING: "pending",
    CommitState.SUCCESS: "success",
    CommitState.FAILURE: "failed",
    CommitState.ERROR: "failed",
}


class _User(Part):
    username: str = Field(max_length=255)
    bot: bool = False


class _Note(Part):
    id: int
    body: str
    author: _User
    created_at: datetime
    updated_at: datetime
    system: bool = False


class _Refs(Part):
    base_sha: Commit | None = None


class _Request(Part):
    iid: int
    state: str
    author: _User | None = None
    title: str = ""
    labels: tuple[str, ...] = ()
    web_url: str = Field("", max_length=1000)
    target_branch: str = ""
    source_project_id: int | None = None
    project_id: int
    sha: Commit | None = None
    diff_refs: _Refs | None = None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    user_notes_count: int = 0


class _Project(Part):
    path_with_namespace: str


class _Member(Part):
    state: str = "active"
    access_level: int


class GitLabForge:
    """One access token on one GitLab; see ``Forge`` for what each method is for."""

    def __init__(self, name: str, settings: GitLabSettings, *, clock: Callable[[], float] = time.time) -> None:
        """``name``: what the configuration calls it."""
        self.name = name
        self.login = ""
        """Our own account there; known once anything was asked about a merge request."""
        self._url = settings.url.rstrip("/")
        self._token = settings.token.get_secret_value()
        self._projects = settings.projects
        self._budget = Budget(clock=clock)
        self._client = httpx2.AsyncClient(
            base_url=f"{self._url}/api/v4/",
            headers={"PRIVATE-TOKEN": self._token, "User-Agent": f"headgate/{headgate.__version__}"},
            verify=tls_context(settings.ca_file),
            timeout=settings.timeout,
            limits=httpx2.Limits(max_connections=_TOGETHER, keepalive_expiry=60),
            follow_redirects=False,
            trust_env=False,
        )

    async def pull_request(self, repository: Repository, number: int) -> PullRequest:
        """Return a merge request as it is now. Raises GoneError."""
        await self._know_ourselves()
        part = _read(_Request, await self._get(f"{_project(repository)}/merge_requests/{number}"))
        return await self._pull_request(repository, part)

    async def diff(self, repository: Repository, number: int) -> bytes:
        """Return the merge request's difference to its base, as git writes it."""
        address = f"{_project(repository)}/merge_requests/{number}/raw_diffs"
        return (await self._ask("GET", address)).content

    async def comments(self, repository: Repository, number: int, *, since: float = 0) -> list[Comment]:
        """Return the notes of a merge request that changed since then, oldest first."""
        await self._know_ourselves()
        params = {"sort": "asc", "order_by": "created_at"}
        path = f"{_project(repository)}/merge_requests/{number}/notes"
        notes = [_read(_Note, one) async for one in self._pages(path, params)]
        found = [self._comment(repository, number, note) for note in notes if not note.system]
        return [one for one in found if one.updated_at >= since]

    async def comment(self, repository: Repository, number: int, comment_id: int) -> Comment:
        """Return one note. Raises GoneError."""
        said = await self._get(f"{_project(repository)}/merge_requests/{number}/notes/{comment_id}")
        return self._comment(repository, number, _read(_Note, said))

    async def add_comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Write a note. Raises GoneError if there is no such merge request."""
        address = f"{_project(repository)}/merge_requests/{number}/notes"
        return self._comment(repository, number, _read(_Note, await self._make("POST", address, {"body": body})))

    async def edit_comment(self, repository: Repository, number: int, comment_id: int, body: str) -> Comment:
        """Give one of our notes another text. Raises GoneError."""
        address = f"{_project(repository)}/merge_requests/{number}/notes/{comment_id}"
        return self._comment(repository, number, _read(_Note, await self._make("PUT", address, {"body": body})))

    async def react(self, repository: Repository, number: int, comment_id: int, reaction: Reaction) -> None:
        """React to a note; twice is once. Raises GoneError."""
        address = f"{_project(repository)}/merge_requests/{number}/notes/{comment_id}/award_emoji"
        try:
            await self._make("POST", address, {"name": _EMOJI[reaction]})
        except GoneError:
            # A reaction that is there already is answered 404 as well ("Award Emoji Name has already been taken").
            await self.comment(repository, number, comment_id)

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        """Tell whether somebody is a member, at least a reporter, of the group ``ORGANISATION/TEAM``."""
        path = quote(f"{organisation}/{team}", safe="")
        async for one in self._pages(f"groups/{path}/members/all", {"query": login}):
            user, member = _read(_User, one), _read(_Member, one)
            if user.username.lower() == login.lower():
                return member.state == "active" and member.access_level >= _REPORTER
        return False

    async def set_commit_state(
        self, repository: Repository, commit: str, name: str, state: CommitState, *, description: str, url: str = ""
    ) -> None:
        """Show beside a commit how a build fares. Raises ForbiddenError if the token's role does not allow it."""
        body = {"state": _STATES[state], "name": name, "description": description[:255]}
        body |= {"target_url": url} if url else {}
        try:
            await self._make("POST", f"{_project(repository)}/statuses/{commit}", body)
        except ForgeError as error:
            if "cannot transition status" not in error.message.lower():
                raise  # otherwise it is in this state already

    async def clone_source(self, repository: Repository) -> CloneSource:
        """Return where git fetches this repository, with the access token."""
        url = f"{self._url}/{quote(repository.path, safe='/')}.git"
        secret = base64.b64encode(f"oauth2:{self._token}".encode()).decode()
        environment = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
        }
        return CloneSource(url, environment)

    async def news(self, since: float) -> AsyncIterator[tuple[Repository, int, Comment]]:
        """Yield the notes on the configured projects' merge requests that were written since then, to catch up."""
        await self._know_ourselves()
        for path in self._projects:
            repository = Repository(self.name, path)
            async for part in self._requests(repository, since):
                if part.user_notes_count == 0:
                    continue
                for comment in await self.comments(repository, part.iid, since=since):
                    if comment.created_at >= since:
                        yield repository, part.iid, comment

    async def changed(self, since: float) -> AsyncIterator[Changed]:
        """Yield the merge requests of the configured projects that changed since then."""
        for path in self._projects:
            repository = Repository(self.name, path)
            async for part in self._requests(repository, since):
                if part.sha is None:
                    continue
                closed = part.merged_at or part.closed_at
                yield Changed(
                    await self._pull_request(repository, part),
                    created_at=part.created_at.timestamp(),
                    updated_at=part.updated_at.timestamp(),
                    closed_at=None if closed is None else closed.timestamp(),
                )

    async def aclose(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def _requests(self, repository: Repository, since: float) -> AsyncIterator[_Request]:
        after = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = {"scope": "all", "state": "all", "updated_after": after, "order_by": "updated_at"}
        try:
            async for one in self._pages(f"{_project(repository)}/merge_requests", params, spare=True):
                yield _read(_Request, one)
        except (GoneError, ForbiddenError) as error:
            _log.info("forge.not_shown", forge=self.name, error=error.message)

    async def _pull_request(self, repository: Repository, part: _Request) -> PullRequest:
        if part.sha is None:
            raise ForgeError("GitLab does not know the merge request's commit yet", retry_after=_AGAIN)
        base = part.diff_refs.base_sha if part.diff_refs is not None else None
        return PullRequest(
            repository=repository,
            number=part.iid,
            author="" if part.author is None else part.author.username,
            state=standing(part.state),
            base_branch=part.target_branch,
            base_commit=base or "",
            head_commit=part.sha,
            head_repository=await self._source(repository, part),
            title=part.title,
            labels=part.labels,
            url=part.web_url,
        )

    async def _source(self, repository: Repository, part: _Request) -> str:
        """Return the path of the project a merge request comes from; empty if it is gone or not shown."""
        if part.source_project_id == part.project_id:
            return repository.path
        if part.source_project_id is None:
            return ""
        try:
            return _read(_Project, await self._get(f"projects/{part.source_project_id}")).path_with_namespace
        except (GoneError, ForbiddenError):
            return ""

    def _comment(self, repository: Repository, number: int, note: _Note) -> Comment:
        ours = note.author.username == self.login
        return Comment(
            id=note.id,
            author=note.author.username,
            body=note.body,
            created_at=note.created_at.timestamp(),
            updated_at=note.updated_at.timestamp(),
            url=f"{self._url}/{repository.path}/-/merge_requests/{number}#note_{note.id}",
            by_bot=ours or note.author.bot or not person(note.author.username),
        )

    async def examine(self, needed: Mapping[str, str]) -> list[Finding]:
        """Try the token, and whether it shows the configured projects. GitLab does not tell what a token may."""
        del needed
        try:
            await self._know_ourselves()
        except ForgeError as error:
            return [wrong("token", error.message, "make an access token with the scope api")]
        found = [well("token", f"it is {self.login}'s")]
        for path in self._projects:
            try:
                await self._get(_project(Repository(self.name, path)))
            except ForgeError as error:
                found.append(
                    wrong(
                        f"project {path}", error.message, "let the token's account see it, or take it out of projects"
                    )
                )
            else:
                found.append(well(f"project {path}", "is shown to the token"))
        return found

    async def _know_ourselves(self) -> None:
        if not self.login:
            self.login = _read(_User, await self._get("user")).username

    async def _pages(self, path: str, params: Mapping[str, str], *, spare: bool = False) -> AsyncIterator[Any]:
        for page in range(1, _MOST_PAGES + 1):
            asked = {**params, "per_page": str(_PAGE), "page": str(page)}
            answer = await self._ask("GET", path, params=asked, spare=spare)
            items = _json(answer)
            if not isinstance(items, list):
                raise ForgeError("GitLab's answer is no list", retry_after=_AGAIN)
            for one in items:
                yield one
            if is_last(len(items), _PAGE, answer.headers):
                return

    async def _get(self, path: str) -> Any:
        return _json(await self._ask("GET", path))

    async def _make(self, method: str, path: str, body: Mapping[str, str]) -> Any:
        return _json(await self._ask(method, path, body=body))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
        spare: bool = False,
    ) -> httpx2.Response:
        await self._budget.admit(makes=method in _MAKING, spare=spare)
        try:
            answer = await self._client.request(method, path, params=params, json=body)
        except httpx2.TimeoutException:
            CALLS.labels(self.name, "timeout").inc()
            raise ForgeError("GitLab did not answer in time", retry_after=_AGAIN) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            CALLS.labels(self.name, "none").inc()
            raise ForgeError(f"GitLab cannot be reached: {type(error).__name__}", retry_after=_AGAIN) from None
        CALLS.labels(self.name, str(answer.status_code)).inc()
        said = _message(answer) if answer.status_code >= _FAILED else ""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if self._budget.told(answer.status_code, headers, said):
            raise ForgeError("GitLab's rate limit is reached", retry_after=self._budget.wait())
        if answer.is_success:
            return answer
        raise _refused(answer.status_code, path, said)


def _refused(status: int, path: str, said: str) -> ForgeError:
    """Return in our words what GitLab refused."""
    if status == _UNAUTHORISED:
        return ForbiddenError(f"GitLab does not take the token: {said}")
    if status == _FORBIDDEN:
        return ForbiddenError(f"GitLab forbids {path}: {said}; see the token's role, and its scope api")
    if status in {_NOT_FOUND, _GONE}:
        return GoneError(f"GitLab does not know {path}, or does not show it to the token")
    return ForgeError(f"GitLab answered {status} to {path}: {said}", retry_after=_AGAIN if status >= _SERVER else None)


def _project(repository: Repository) -> str:
    return f"projects/{quote(repository.path, safe='')}"


def _json(answer: httpx2.Response) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise ForgeError("GitLab's answer is no JSON", retry_after=_AGAIN) from None


def _read(kind: type[P], said: object) -> P:
    return read(kind, said, "GitLab")


def _message(answer: httpx2.Response) -> str:
    try:
        said = json.loads(answer.content)
        words = said.get("message", said.get("error", ""))
    except (ValueError, AttributeError, RecursionError):
        return "(no reason given)"
    return " ".join(str(words).split())[:300]
