"""GitHub and GitHub Enterprise Server, asked as a GitHub App."""

from __future__ import annotations

import base64
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from pydantic import Field

from headgate.builds.forge import github_standing
from headgate.builds.forge.answers import P, read
from headgate.builds.forge.github_api import GitHubApi, segments
from headgate.builds.forge.interface import (
    Changed,
    CloneSource,
    CommitState,
    ForbiddenError,
    ForgeError,
    GoneError,
    Sent,
)
from headgate.builds.forge.pages import is_last, next_of
from headgate.builds.incoming.github import (
    CommentPart,
    Delivery,
    Part,
    PullRequestPart,
    RepositoryPart,
    UnreadableError,
    comment_of,
)
from headgate.config.builds import GitHubSettings
from headgate.model.finding import Finding, wrong
from headgate.model.pull_request import Comment, PullRequest, Reaction, Repository

_log = structlog.get_logger(__name__)
_PAGE: Final = 100
_MOST_PAGES: Final = 100
_DIFF: Final = "application/vnd.github.diff"
_DESCRIPTION: Final = 140
"""Characters GitHub shows of a commit's state."""
_CLONING: Final = 900.0
"""Seconds a token lasts at least that git is given."""
_LISTED: Final = 3600.0
"""Seconds for which the list of repositories is believed."""
_REMEMBERED: Final = 3 * 86400.0
"""Seconds for which GitHub tells of webhooks that it sent."""
_ISSUE: Final = re.compile(r".*/issues/([0-9]{1,18})")


class _App(Part):
    slug: str = Field(pattern=r"^[A-Za-z0-9-]{1,100}$")


class _Installation(Part):
    id: int
    suspended_at: datetime | None = None


class _Membership(Part):
    state: str


class _Sent(Part):
    id: int
    guid: str = Field(max_length=100)
    delivered_at: datetime
    event: str
    action: str | None = None
    status_code: int = 0


class _Request(Part):
    headers: dict[str, Any] | None = None
    payload: dict[str, Any] | None = None


class _SentWhole(_Sent):
    request: _Request


class GitHubForge:
    """One GitHub App; see ``Forge`` for what each method is for."""

    def __init__(self, name: str, settings: GitHubSettings, *, clock: Callable[[], float] = time.time) -> None:
        """``name``: what the configuration calls it. Raises ConfigError if its key cannot be used."""
        self.name = name
        self.login = ""
        """Our own account there; known once anything was asked about a pull request."""
        self._url = settings.url.rstrip("/")
        self._api = GitHubApi(name, settings, clock=clock)
        self._clock = clock
        self._listed: list[tuple[Repository, int]] = []
        self._listed_at: float | None = None

    async def pull_request(self, repository: Repository, number: int) -> PullRequest:
        """Return a pull request as it is now. Raises GoneError."""
        return _pull_request(repository, _read(PullRequestPart, await self._get(repository, f"pulls/{number}")))

    async def diff(self, repository: Repository, number: int) -> bytes:
        """Return the pull request's difference to its base, as git writes it. GitHub has none beyond 20,000 lines."""
        path = f"/repos/{segments(repository.path)}/pulls/{number}"
        return (await self._api.of(repository.path, "GET", path, accept=_DIFF)).content

    async def comments(self, repository: Repository, number: int, *, since: float = 0) -> list[Comment]:
        """Return the comments of a pull request that changed since then, oldest first."""
        await self._know_ourselves()
        params = {"since": _moment(since)} if since else {}
        path = f"/repos/{segments(repository.path)}/issues/{number}/comments"
        return [
            comment_of(_read(CommentPart, one)) async for one in self._pages(repository.path, path, params, spare=False)
        ]

    async def comment(self, repository: Repository, number: int, comment_id: int) -> Comment:
        """Return one comment. Raises GoneError."""
        del number  # GitHub knows comments by their ids alone
        return comment_of(_read(CommentPart, await self._get(repository, f"issues/comments/{comment_id}")))

    async def add_comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Write a comment. Raises GoneError if there is no such pull request."""
        said = await self._make(repository, "POST", f"issues/{number}/comments", {"body": body})
        return comment_of(_read(CommentPart, said))

    async def edit_comment(self, repository: Repository, number: int, comment_id: int, body: str) -> Comment:
        """Give one of our comments another text. Raises GoneError."""
        del number
        said = await self._make(repository, "PATCH", f"issues/comments/{comment_id}", {"body": body})
        return comment_of(_read(CommentPart, said))

    async def react(self, repository: Repository, number: int, comment_id: int, reaction: Reaction) -> None:
        """React to a comment; twice is once. Raises GoneError."""
        del number
        path = f"issues/comments/{comment_id}/reactions"
        await self._make(repository, "POST", path, {"content": reaction.value})

    async def in_team(self, organisation: str, team: str, login: str) -> bool:
        """Tell whether somebody is in a team. Raises ForbiddenError if the App lacks Members: read."""
        try:
            await self._api.installation(organisation)
        except GoneError:
            raise ForbiddenError(f"the App is not installed for {organisation}, whose teams it is to ask for") from None
        path = f"/orgs/{segments(organisation)}/teams/{segments(team)}/memberships/{segments(login)}"
        try:
            said = (await self._api.of(organisation, "GET", path)).json()
        except GoneError:
            return False
        return _read(_Membership, said).state == "active"

    async def set_commit_state(
        self, repository: Repository, commit: str, name: str, state: CommitState, *, description: str, url: str = ""
    ) -> None:
        """Show beside a commit how a build fares. Raises ForbiddenError if the App lacks Commit statuses: write."""
        body = {"state": state.value, "context": name, "description": description[:_DESCRIPTION]}
        await self._make(repository, "POST", f"statuses/{commit}", body | ({"target_url": url} if url else {}))

    async def clone_source(self, repository: Repository) -> CloneSource:
        """Return where git fetches this repository, with a token that lasts at least ten minutes."""
        token = await self._api.token(await self._api.installation(repository.path), lasting=_CLONING)
        url = f"{self._url}/{segments(repository.path)}.git"
        secret = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        environment = {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{url}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
        }
        return CloneSource(url, environment)

    async def news(self, since: float) -> AsyncIterator[tuple[Repository, int, Comment]]:
        """Yield the comments on all our repositories that were written since then, to catch up."""
        params = {"since": _moment(since), "sort": "updated", "direction": "asc"}
        for repository, installation in await self._repositories():
            path = f"/repos/{segments(repository.path)}/issues/comments"
            async for one in self._shown(installation, path, params):
                part = _read(CommentPart, one)
                found = _ISSUE.fullmatch(part.issue_url)
                if found and "/pull/" in part.html_url and part.created_at.timestamp() >= since:
                    yield repository, int(found[1]), comment_of(part)

    async def changed(self, since: float) -> AsyncIterator[Changed]:
        """Yield the pull requests of all our repositories that changed since then."""
        params = {"state": "all", "sort": "updated", "direction": "desc"}
        for repository, installation in await self._repositories():
            path = f"/repos/{segments(repository.path)}/pulls"
            async with contextlib.aclosing(self._shown(installation, path, params)) as shown:
                async for one in shown:
                    part = _read(PullRequestPart, one)
                    if part.updated_at.timestamp() < since:
                        break
                    yield Changed(
                        _pull_request(repository, part),
                        created_at=part.created_at.timestamp(),
                        updated_at=part.updated_at.timestamp(),
                        closed_at=None if part.closed_at is None else part.closed_at.timestamp(),
                    )

    async def sent(self, since: float) -> AsyncIterator[Sent]:
        """Yield the webhooks that GitHub sent for this App since then, newest first. It keeps them for three days."""
        params: dict[str, str | int] = {"per_page": _PAGE}
        for _ in range(_MOST_PAGES):
            answer = await self._api.app("GET", "/app/hook/deliveries", params=params, spare=True)
            for one in _items(answer.json()):
                part = _read(_Sent, one)
                at = part.delivered_at.timestamp()
                if at < since:
                    return
                yield Sent(part.id, part.guid, part.event, part.action or "", at, part.status_code)
            cursor = _cursor(answer.headers)
            if not cursor:
                return
            params = {"per_page": _PAGE, "cursor": cursor}

    async def delivery(self, sent: Sent) -> Delivery:
        """Return what a webhook told. Raises GoneError, UnreadableError."""
        said = (await self._api.app("GET", f"/app/hook/deliveries/{sent.id}", spare=True)).json()
        request = _read(_SentWhole, said).request
        if request.payload is None:
            raise UnreadableError("GitHub does not tell what it sent")
        headers = {"x-github-event": sent.event, "x-github-delivery": sent.guid}
        return Delivery.of(request.payload, headers, str(sent.id))

    async def examine(self, needed: Mapping[str, str]) -> list[Finding]:
        """Try the App's key, its permissions and events, where it is installed, and its last webhook."""
        try:
            app = _read(github_standing.App, (await self._api.app("GET", "/app")).json())
        except ForgeError as error:
            return [
                wrong("key", error.message, "compare app_id and private_key with the App's page, and set the clock")
            ]
        found = github_standing.of_app(app, needed)
        try:
            installed = [_read(github_standing.Installed, one) for one in await self._all_installations()]
        except ForgeError as error:
            return [*found, wrong("installations", error.message)]
        found += github_standing.of_installations(installed, needed)
        return [*found, await github_standing.of_webhooks(self.sent(self._clock() - _REMEMBERED))]

    async def aclose(self) -> None:
        """Close its connections."""
        await self._api.aclose()

    async def _repositories(self) -> list[tuple[Repository, int]]:
        """Return every repository an installation may see, with the installation."""
        now = self._clock()
        if self._listed_at is not None and now - self._listed_at < _LISTED:
            return self._listed
        found: list[tuple[Repository, int]] = []
        for one in [_read(_Installation, said) for said in await self._all_installations()]:
            if one.suspended_at is not None:
                continue
            async for said in self._pages(one.id, "/installation/repositories", {}, spare=True):
                path = _read(RepositoryPart, said).full_name
                found.append((Repository(self.name, path), one.id))
        self._listed, self._listed_at = found, now
        return found

    async def _all_installations(self) -> list[Any]:
        found: list[Any] = []
        for page in range(1, _MOST_PAGES + 1):
            params = {"per_page": _PAGE, "page": page}
            answer = await self._api.app("GET", "/app/installations", params=params, spare=True)
            items = _items(answer.json())
            found += items
            if is_last(len(items), _PAGE, answer.headers):
                break
        return found

    async def _shown(self, installation: int, path: str, params: Mapping[str, str | int]) -> AsyncGenerator[Any, None]:
        """Yield what there is of one repository; a repository that is not shown is in no other's way."""
        try:
            async for one in self._pages(installation, path, params, spare=True):
                yield one
        except (GoneError, ForbiddenError) as error:
            _log.info("forge.not_shown", forge=self.name, error=error.message)

    async def _pages(
        self, owner: str | int, path: str, params: Mapping[str, str | int], *, spare: bool
    ) -> AsyncIterator[Any]:
        """Yield every item of a list. ``owner``: an account or repository, or an installation."""
        installation = owner if isinstance(owner, int) else await self._api.installation(owner)
        for page in range(1, _MOST_PAGES + 1):
            asked = {**params, "per_page": _PAGE, "page": page}
            answer = await self._api.as_installation(installation, "GET", path, params=asked, spare=spare)
            said = answer.json()
            items = _items(said["repositories"] if isinstance(said, dict) and "repositories" in said else said)
            for one in items:
                yield one
            if is_last(len(items), _PAGE, answer.headers):
                return

    async def _get(self, repository: Repository, path: str) -> Any:
        await self._know_ourselves()
        return (await self._api.of(repository.path, "GET", f"/repos/{segments(repository.path)}/{path}")).json()

    async def _make(self, repository: Repository, method: str, path: str, body: Mapping[str, Any]) -> Any:
        address = f"/repos/{segments(repository.path)}/{path}"
        return (await self._api.of(repository.path, method, address, body=body)).json()

    async def _know_ourselves(self) -> None:
        if not self.login:
            self.login = f"{_read(_App, (await self._api.app('GET', '/app')).json()).slug}[bot]"


def _pull_request(repository: Repository, part: PullRequestPart) -> PullRequest:
    return PullRequest(
        repository=repository,
        number=part.number,
        author="" if part.user is None else part.user.login,
        state=part.standing,
        base_branch=part.base.ref,
        base_commit=part.base.sha,
        head_commit=part.head.sha,
        head_repository="" if part.head.repo is None else part.head.repo.full_name,
        title=part.title or "",
        labels=tuple(label.name for label in part.labels),
        url=part.html_url,
    )


def _read(kind: type[P], said: object) -> P:
    return read(kind, said, "GitHub")


def _items(said: object) -> list[Any]:
    if not isinstance(said, list):
        raise ForgeError("GitHub's answer is no list", retry_after=60)
    return said


def _cursor(headers: Mapping[str, str]) -> str:
    """Return the cursor of the next page, from the ``Link`` header; its address is not followed."""
    return parse_qs(urlsplit(next_of(headers)).query).get("cursor", [""])[0]


def _moment(second: float) -> str:
    return datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
