"""What a fake GitHub answers, by what is asked. Requests are known to be as the description says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from headgate.testing.github.access import Access, Refusal, Token, needs
from headgate.testing.github.shapes import Shapes, moment
from headgate.testing.github.world import Comment, Delivery, Installation, PullRequest, Repository, World

_DAYS: Final = 3 * 24 * 3600
"""Seconds for which deliveries are kept: "Viewing webhook deliveries", GitHub's documentation."""
MOST: Final = 65536
"""Characters of a comment."""
_ANY = "issues=write", "pull_requests=write"
_READ = "issues=read", "pull_requests=read"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request. ``token`` is None where the App asks for itself."""

    values: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    token: Token | None
    accept: str
    url: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; ``raw`` in place of JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


Handler = Callable[[Asked], Awaitable[Answered]]
OF_THE_APP: Final = frozenset({"/repos/{owner}/{repo}/installation", "/orgs/{org}/installation"})
"""What is asked with the App's own token, beside everything below ``/app``."""


class Routes:
    """Everything that is answered."""

    def __init__(
        self,
        world: World,
        shapes: Shapes,
        access: Access,
        app: tuple[int, str],
        redeliver: Callable[[Delivery], Awaitable[None]],
    ) -> None:
        """``app``: its number and its name in addresses."""
        self._world = world
        self._shapes = shapes
        self._access = access
        self._app = app
        self._redeliver = redeliver
        self.handlers: dict[tuple[str, str], Handler] = {
            ("GET", "/app"): self._app_itself,
            ("GET", "/app/installations"): self._installations,
            ("POST", "/app/installations/{installation_id}/access_tokens"): self._access_token,
            ("GET", "/app/hook/deliveries"): self._deliveries,
            ("GET", "/app/hook/deliveries/{delivery_id}"): self._delivery,
            ("POST", "/app/hook/deliveries/{delivery_id}/attempts"): self._attempt,
            ("GET", "/repos/{owner}/{repo}/installation"): self._installation_of_repository,
            ("GET", "/orgs/{org}/installation"): self._installation_of_organisation,
            ("GET", "/installation/repositories"): self._repositories,
            ("GET", "/repos/{owner}/{repo}/pulls"): self._pulls,
            ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}"): self._pull,
            ("GET", "/repos/{owner}/{repo}/issues"): self._issues,
            ("GET", "/repos/{owner}/{repo}/issues/comments"): self._all_comments,
            ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"): self._comments,
            ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"): self._add_comment,
            ("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}"): self._comment,
            ("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}"): self._edit_comment,
            ("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"): self._react,
            ("POST", "/repos/{owner}/{repo}/statuses/{sha}"): self._set_status,
            ("GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}"): self._membership,
        }

    async def _app_itself(self, _: Asked) -> Answered:
        return Answered(self._shapes.app(*self._app))

    async def _installations(self, asked: Asked) -> Answered:
        found = [self._shapes.installation(one, *self._app) for one in self._world.installations.values()]
        for one in found:  # the description says of this list alone that accounts are users and enterprises at once
            now = moment(self._world.now())
            one["account"] |= {"name": "", "slug": one["account"]["login"], "created_at": now, "updated_at": now}
        return _page(asked, found)

    async def _access_token(self, asked: Asked) -> Answered:
        installation = self._world.installations.get(int(asked.values["installation_id"]))
        if installation is None:
            raise Refusal(404, "Not Found")
        made = self._access.grant(installation)
        body = {"token": made.text, "expires_at": moment(made.expires_at), "repository_selection": "all"}
        return Answered({**body, "permissions": dict(made.permissions)}, 201)

    async def _deliveries(self, asked: Asked) -> Answered:
        oldest = self._world.now() - _DAYS
        found = [one for one in reversed(self._world.deliveries) if one.delivered_at >= oldest]
        cursor = asked.query.get("cursor", "")
        if cursor:
            found = [one for one in found if one.id <= int(cursor.removeprefix("v1_"))]
        size = int(asked.query.get("per_page", "30"))
        shown, rest = found[:size], found[size:]
        headers = {}
        if rest:
            base = asked.url.partition("?")[0]
            headers["Link"] = f'<{base}?per_page={size}&cursor=v1_{rest[0].id}>; rel="next"'
        return Answered([self._shapes.delivery(one, whole=False) for one in shown], headers=headers)

    async def _delivery(self, asked: Asked) -> Answered:
        return Answered(self._shapes.delivery(self._found_delivery(asked), whole=True))

    async def _attempt(self, asked: Asked) -> Answered:
        await self._redeliver(self._found_delivery(asked))
        return Answered({}, 202)

    async def _installation_of_repository(self, asked: Asked) -> Answered:
        repository = self._world.repositories.get(_path(asked).lower())
        return self._installation(None if repository is None else repository.installation)

    async def _installation_of_organisation(self, asked: Asked) -> Answered:
        found = [one for one in self._world.installations.values() if one.account.login == asked.values["org"]]
        return self._installation(found[0] if found else None)

    def _installation(self, installation: Installation | None) -> Answered:
        if installation is None:
            raise Refusal(404, "Not Found")
        return Answered(self._shapes.installation(installation, *self._app))

    async def _repositories(self, asked: Asked) -> Answered:
        own = None if asked.token is None else asked.token.installation
        found = [self._shapes.repository(one) for one in self._world.repositories.values() if one.installation is own]
        page = _page(asked, found)
        return Answered({"total_count": len(found), "repositories": page.body}, headers=page.headers)

    async def _pulls(self, asked: Asked) -> Answered:
        _needs(asked, "pull_requests=read")
        wanted = asked.query.get("state", "open")
        found = [one for one in self._threads(asked) if not one.is_issue and wanted in ("all", one.state)]
        by = {"created": "created_at", "updated": "updated_at"}[asked.query.get("sort", "created")]
        found.sort(key=lambda one: getattr(one, by), reverse=asked.query.get("direction", "desc") == "desc")
        return _page(asked, [self._shapes.pull_in_list(one) for one in found])

    async def _pull(self, asked: Asked) -> Answered:
        _needs(asked, "pull_requests=read")
        pull = self._thread(asked, int(asked.values["pull_number"]))
        if pull.is_issue:
            raise Refusal(404, "Not Found")
        if "diff" in asked.accept:
            return Answered(raw=await _diff(pull))
        return Answered(self._shapes.pull(pull))

    async def _issues(self, asked: Asked) -> Answered:
        _needs(asked, *_READ)
        since, wanted = _since(asked), asked.query.get("state", "open")
        found = [one for one in self._threads(asked) if one.updated_at >= since and wanted in ("all", one.state)]
        by = {"created": "created_at", "updated": "updated_at"}[asked.query.get("sort", "created")]
        found.sort(key=lambda one: getattr(one, by), reverse=asked.query.get("direction", "desc") == "desc")
        return _page(asked, [self._shapes.issue(one) for one in found])

    async def _all_comments(self, asked: Asked) -> Answered:
        _needs(asked, *_READ)
        since = _since(asked)
        found = [(pull, one) for pull in self._threads(asked) for one in pull.comments if one.updated_at >= since]
        by = {"created": "created_at", "updated": "updated_at"}.get(asked.query.get("sort", ""), "id")
        down = "sort" in asked.query and asked.query.get("direction", "desc") == "desc"
        found.sort(key=lambda both: (getattr(both[1], by), both[1].id), reverse=down)
        return _page(asked, [None if both[1].hidden else self._shapes.comment(*both) for both in found])

    async def _comments(self, asked: Asked) -> Answered:
        _needs(asked, *_READ)
        pull, since = self._thread(asked, int(asked.values["issue_number"])), _since(asked)
        found = [one for one in pull.comments if one.updated_at >= since]
        return _page(asked, [None if one.hidden else self._shapes.comment(pull, one) for one in found])

    async def _add_comment(self, asked: Asked) -> Answered:
        _needs(asked, *_ANY)
        pull = self._thread(asked, int(asked.values["issue_number"]))
        made = self._world.add_comment(pull, self._world.bot.login, _text(asked))
        return Answered(self._shapes.comment(pull, made), 201)

    async def _comment(self, asked: Asked) -> Answered:
        _needs(asked, *_READ)
        return Answered(self._shapes.comment(*self._found_comment(asked)))

    async def _edit_comment(self, asked: Asked) -> Answered:
        _needs(asked, *_ANY)
        pull, comment = self._found_comment(asked)
        comment.body, comment.updated_at = _text(asked), self._world.second()
        pull.updated_at = self._world.second()
        return Answered(self._shapes.comment(pull, comment))

    async def _react(self, asked: Asked) -> Answered:
        _needs(asked, *_ANY)
        _, comment = self._found_comment(asked)
        reaction = (asked.body["content"], self._world.bot.login)
        known = reaction in comment.reactions
        if not known:
            comment.reactions.append(reaction)
        shown = self._shapes.reaction(comment.reactions.index(reaction) + 1, reaction[0], self._world.bot)
        return Answered(shown, 200 if known else 201)

    async def _set_status(self, asked: Asked) -> Answered:
        _needs(asked, "statuses=write")
        self._repository(asked)
        self._world.statuses.append({"sha": asked.values["sha"], "repository": _path(asked), **asked.body})
        return Answered(self._shapes.status(asked.body), 201)

    async def _membership(self, asked: Asked) -> Answered:
        _needs(asked, "members=read")
        members = self._world.teams.get((asked.values["org"], asked.values["team_slug"]), set())
        if asked.values["username"] not in members:
            raise Refusal(404, "Not Found")
        return Answered({"url": asked.url.partition("?")[0], "role": "member", "state": "active"})

    def _repository(self, asked: Asked) -> Repository:
        found = self._world.repositories.get(_path(asked).lower())
        own = None if asked.token is None else asked.token.installation
        if found is None or (found.private and found.installation is not own):
            raise Refusal(404, "Not Found")
        return found

    def _threads(self, asked: Asked) -> list[PullRequest]:
        path = self._repository(asked).path
        return [pull for (own, _), pull in self._world.pulls.items() if own == path]

    def _thread(self, asked: Asked, number: int) -> PullRequest:
        found = self._world.pulls.get((self._repository(asked).path, number))
        if found is None:
            raise Refusal(404, "Not Found")
        return found

    def _found_comment(self, asked: Asked) -> tuple[PullRequest, Comment]:
        found = self._world.comment(self._repository(asked).path, int(asked.values["comment_id"]))
        if found is None:
            raise Refusal(404, "Not Found")
        return found

    def _found_delivery(self, asked: Asked) -> Delivery:
        for one in self._world.deliveries:
            if str(one.id) == asked.values["delivery_id"]:
                return one
        raise Refusal(404, "Not Found")


def _path(asked: Asked) -> str:
    return f"{asked.values['owner']}/{asked.values['repo']}"


def _needs(asked: Asked, *one_of: str) -> None:
    if asked.token is not None:
        needs(asked.token, *one_of)


def _since(asked: Asked) -> float:
    return datetime.fromisoformat(asked.query["since"]).timestamp() if "since" in asked.query else 0.0


def _text(asked: Asked) -> str:
    body: str = asked.body["body"]
    if not body.strip() or len(body) > MOST:
        raise Refusal(422, "Validation Failed")
    return body


def _page(asked: Asked, found: list[Any]) -> Answered:
    """Return one page of a list, without what is None, and where the next is."""
    size, number = min(int(asked.query.get("per_page", "30")), 100), int(asked.query.get("page", "1"))
    headers = {}
    if len(found) > size * number:
        query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "page")
        base = asked.url.partition("?")[0]
        headers["Link"] = f'<{base}?{query}{"&" if query else ""}page={number + 1}>; rel="next"'
    shown = [one for one in found[size * (number - 1) : size * number] if one is not None]
    return Answered(shown, headers=headers)


async def _diff(pull: PullRequest) -> bytes:
    if pull.diff is not None:
        return pull.diff
    if pull.repository.directory is None:
        raise Refusal(406, "Sorry, the diff exceeded the maximum number of lines (20000)")
    return await asyncio.to_thread(_git_diff, pull.repository.directory, pull.base, pull.head)


def _git_diff(directory: Path, base: str, head: str) -> bytes:
    import subprocess

    words = ["git", f"--git-dir={directory}", "diff", f"{base}...{head}"]
    return subprocess.run(words, capture_output=True, check=True).stdout
