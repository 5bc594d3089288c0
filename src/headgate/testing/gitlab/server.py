"""The fake server.

Where each rule is from, in GitLab's documentation: "Notes API", "Merge requests API", "Emoji reactions API", "Commits
API" (statuses), "Group and project members API", "Webhook events", and "REST API" for pages and errors. Who may fetch:
"Project access tokens" and "Roles and permissions"; the refs of heads: "Check out merge requests locally through the
`head` ref".
"""

from __future__ import annotations

import base64
import binascii
import itertools
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from headgate.testing import git
from headgate.testing.gitlab.pages import page
from headgate.testing.gitlab.world import MergeRequest, Note
from headgate.testing.web import PlayedSite

MOST: Final = 1_000_000
"""Characters of a note."""
_PAGES: Final = frozenset({"page", "per_page"})
_LISTED: Final = _PAGES | {"state", "scope", "updated_after", "updated_before", "order_by", "sort"}
_NOTES: Final = _PAGES | {"sort", "order_by"}
_MEMBERS: Final = _PAGES | {"query", "user_ids", "show_seat_info", "state"}
_STATE: Final = frozenset({"state", "name", "context", "description", "target_url", "ref", "coverage", "pipeline_id"})
_PATIENCE: Final = 10.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeGitLab(PlayedSite):
    """A GitLab for tests; use it as an async context manager.

    ``webhook_url``: where webhooks go, while it is not empty, with ``secret`` as their token. ``role``: the access
    level of the token's account; below 30 (developer) it may set no commit's state.
    """

    def __init__(self, *, token: str = "glpat-made-up", secret: str = "it is a secret") -> None:  # noqa: S107 - made up
        super().__init__()
        self.token, self.secret = token, secret
        self.webhook_url = ""
        self.role = 30
        self.bot = "project_1_bot_a1b2"
        self.faults: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.statuses: list[dict[str, Any]] = []
        self.members: dict[str, dict[str, int]] = {}
        """Group -> login -> access level."""
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        """Answers that are given to the next requests in place of the right ones."""
        self.projects: list[str] = []
        self.directories: dict[str, Path] = {}
        """Project -> a bare git repository that is served, to who has the token."""
        self.requests: dict[tuple[str, int], MergeRequest] = {}
        self._ahead = 0.0
        self._ids = itertools.count(1001)
        self._client: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The address of the server, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def application(self) -> web.Application:
        """Route what may be asked."""
        application = web.Application(client_max_size=50 * 1024 * 1024, middlewares=[self._guard])
        request = "/api/v4/projects/{project}/merge_requests/{iid:[0-9]+}"
        application.add_routes(
            [
                web.get("/api/v4/user", self._user),
                web.get("/api/v4/projects/{project}", self._project),
                web.get("/api/v4/projects/{project}/merge_requests", self._listed),
                web.get(request, self._one),
                web.get(f"{request}/raw_diffs", self._diff),
                web.get(f"{request}/notes", self._notes),
                web.post(f"{request}/notes", self._add_note),
                web.get(f"{request}/notes/{{note:[0-9]+}}", self._note),
                web.put(f"{request}/notes/{{note:[0-9]+}}", self._edit_note),
                web.post(f"{request}/notes/{{note:[0-9]+}}/award_emoji", self._award),
                web.post("/api/v4/projects/{project}/statuses/{sha:[0-9a-f]{40}}", self._set_state),
                web.get("/api/v4/groups/{group}/members/all", self._members),
                web.get("/{project:.+}.git/{path:info/refs}", self._git),
                web.post("/{project:.+}.git/{path:git-upload-pack}", self._git),
            ]
        )
        return application

    async def start(self) -> None:
        """Listen."""
        await super().start()
        self._client = aiohttp.ClientSession(trust_env=False)

    async def disconnect(self) -> None:
        """Send no more webhooks."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def now(self) -> float:
        """Return the time here, in seconds since the epoch."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ahead += seconds

    def add_request(self, project: str, iid: int = 1, **more: Any) -> MergeRequest:
        """Make a merge request, without telling anybody."""
        if project not in self.projects:
            self.projects.append(project)
        now = self.now()
        given = {"author": "ada", "sha": "a" * 40, "base": "b" * 40, "created_at": now, "updated_at": now, **more}
        made = self.requests[project, iid] = MergeRequest(project, iid, **given)
        return made

    def add_note(self, request: MergeRequest, author: str, body: str, *, system: bool = False) -> Note:
        """Write a note, without telling anybody."""
        now = self.now()
        made = Note(next(self._ids), author, body, now, now, system)
        request.notes.append(made)
        request.updated_at = now
        return made

    def delete_note(self, request: MergeRequest, number: int) -> None:
        """Delete a note, as people may; no webhook tells of it."""
        request.notes = [one for one in request.notes if one.id != number]

    async def say(self, request: MergeRequest, author: str, body: str) -> int:
        """Write a note as somebody, and deliver it; return how that was answered."""
        note = self.add_note(request, author, body)
        attributes = {
            "id": note.id,
            "note": body,
            "noteable_type": "MergeRequest",
            "created_at": _old(note.created_at),
            "updated_at": _old(note.updated_at),
            "system": False,
            "action": "create",
            "url": f"{self.url}/{request.project}/-/merge_requests/{request.iid}#note_{note.id}",
        }
        payload = self._payload("note", request, author, attributes)
        return await self._deliver("Note Hook", payload | {"merge_request": self._attributes(request)})

    async def happened(self, action: str, request: MergeRequest, by: str, **more: Any) -> int:
        """Deliver that something happened to a merge request, as it is now."""
        request.updated_at = self.now()
        changes = more.pop("changes", {})
        payload = self._payload("merge_request", request, by, self._attributes(request) | {"action": action, **more})
        return await self._deliver("Merge Request Hook", payload | {"changes": changes})

    async def _deliver(self, event: str, payload: dict[str, Any]) -> int:
        if not self.webhook_url or self._client is None:
            return 0
        headers = {
            "X-Gitlab-Event": event,
            "X-Gitlab-Token": self.secret,
            "X-Gitlab-Event-UUID": str(uuid.uuid4()),
            "Idempotency-Key": str(uuid.uuid4()),
            "Content-Type": "application/json",
        }
        wait = aiohttp.ClientTimeout(total=_PATIENCE)
        try:
            async with self._client.post(self.webhook_url, json=payload, headers=headers, timeout=wait) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _payload(self, kind: str, request: MergeRequest, by: str, attributes: dict[str, Any]) -> dict[str, Any]:
        return {
            "object_kind": kind,
            "event_type": kind,
            "user": {"id": 1, "name": by, "username": by},
            "project": {"id": self._number(request.project), "path_with_namespace": request.project},
            "object_attributes": attributes,
        }

    def _attributes(self, request: MergeRequest) -> dict[str, Any]:
        return {
            "id": 5000 + request.iid,
            "iid": request.iid,
            "title": request.title,
            "state": request.state,
            "target_branch": "main",
            "created_at": _old(request.created_at),
            "updated_at": _old(request.updated_at),
            "last_commit": {"id": request.sha},
        }

    def _number(self, project: str) -> int:
        return self.projects.index(project) + 1

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append((request.method, request.path))
        if not request.path.startswith("/api/"):
            return await handler(request)
        if self.answers:
            status, headers, body = self.answers.pop(0)
            return web.json_response(body, status=status, headers=headers)
        if request.headers.get("PRIVATE-TOKEN") != self.token:
            return _refused(401, "401 Unauthorized")
        try:
            return await handler(request)
        except LookupError:
            return _refused(404, "404 Not found")

    async def _git(self, request: web.Request) -> web.StreamResponse:
        """Serve a project's repository, which is private, to who has the token and at least the role of a reporter."""
        project = request.match_info["project"]
        if _password(request.headers.get("Authorization", "")) != self.token:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitLab"'})
        if project not in self.directories:
            return web.Response(status=404)
        if self.role < 20:  # noqa: PLR2004 - reporter
            return web.Response(status=403, text="You are not allowed to download code from this project.")
        for (own, number), one in self.requests.items():
            if own == project:
                await git.point(self.directories[project], f"refs/merge-requests/{number}/head", one.sha)
        return await git.serve(request, self.directories[project], request.match_info["path"])

    def _found(self, request: web.Request) -> MergeRequest:
        return self.requests[request.match_info["project"], int(request.match_info["iid"])]

    def _found_note(self, request: web.Request) -> Note:
        for note in self._found(request).notes:
            if note.id == int(request.match_info["note"]) and not note.hidden:
                return note
        raise LookupError

    def _strange(self, request: web.Request, given: Mapping[str, Any], known: frozenset[str]) -> bool:
        strange = sorted(set(given) - known)
        self.faults += [f"{request.method} {request.path}: {name} is not documented" for name in strange]
        return bool(strange)

    async def _user(self, _: web.Request) -> web.Response:
        return web.json_response({"id": 99, "username": self.bot, "name": "headgate", "state": "active", "bot": True})

    async def _project(self, request: web.Request) -> web.Response:
        wanted = request.match_info["project"]
        if not wanted.isdecimal() and wanted not in self.projects:
            raise LookupError
        project = self.projects[int(wanted) - 1] if wanted.isdecimal() else wanted
        return web.json_response({"id": self._number(project), "path_with_namespace": project})

    async def _listed(self, request: web.Request) -> web.Response:
        project = request.match_info["project"]
        if self._strange(request, request.query, _LISTED) or project not in self.projects:
            raise LookupError
        after = datetime.fromisoformat(request.query.get("updated_after", "1970-01-01T00:00:00+00:00")).timestamp()
        found = [one for (own, _), one in self.requests.items() if own == project and one.updated_at >= after]
        found.sort(key=lambda one: one.updated_at, reverse=True)
        return page(request, [self._shown(one) for one in found])

    async def _one(self, request: web.Request) -> web.Response:
        found = self._found(request)
        refs = {"base_sha": found.base, "head_sha": found.sha, "start_sha": found.base}
        return web.json_response(self._shown(found) | {"diff_refs": refs})

    async def _diff(self, request: web.Request) -> web.Response:
        return web.Response(body=self._found(request).diff, content_type="text/plain")

    async def _notes(self, request: web.Request) -> web.Response:
        if self._strange(request, request.query, _NOTES):
            return _refused(400, "400 Bad request")
        notes = self._found(request).notes
        return page(request, [None if one.hidden else self._shown_note(one) for one in notes])

    async def _add_note(self, request: web.Request) -> web.Response:
        body = await request.json()
        if self._strange(request, body, frozenset({"body", "internal", "created_at"})) or not _good(body):
            return _refused(400, "400 Bad request")
        return web.json_response(
            self._shown_note(self.add_note(self._found(request), self.bot, body["body"])), status=201
        )

    async def _note(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown_note(self._found_note(request)))

    async def _edit_note(self, request: web.Request) -> web.Response:
        note, body = self._found_note(request), await request.json()
        if self._strange(request, body, frozenset({"body"})) or not _good(body):
            return _refused(400, "400 Bad request")
        if note.author != self.bot:
            return _refused(403, "403 Forbidden")
        note.body, note.updated_at = body["body"], self.now()
        return web.json_response(self._shown_note(note))

    async def _award(self, request: web.Request) -> web.Response:
        note, body = self._found_note(request), await request.json()
        if self._strange(request, body, frozenset({"name"})):
            return _refused(400, "400 Bad request")
        award = (body["name"], self.bot)
        if award in note.emoji:
            return _refused(404, "404 Award Emoji Name has already been taken Not Found")
        note.emoji.append(award)
        return web.json_response({"id": len(note.emoji), "name": body["name"]}, status=201)

    async def _set_state(self, request: web.Request) -> web.Response:
        body = await request.json()
        states = {"pending", "running", "success", "failed", "canceled", "skipped"}
        if self._strange(request, body, _STATE) or body.get("state") not in states:
            return _refused(400, "400 Bad request")
        if self.role < 30:  # noqa: PLR2004 - developer
            return _refused(403, "403 Forbidden")
        made = {"sha": request.match_info["sha"], **body}
        if self.statuses and self.statuses[-1] == made:
            return _refused(400, "Cannot transition status via :enqueue from :pending")
        self.statuses.append(made)
        return web.json_response({"id": 1, **made}, status=201)

    async def _members(self, request: web.Request) -> web.Response:
        if self._strange(request, request.query, _MEMBERS):
            return _refused(400, "400 Bad request")
        wanted = request.query.get("query", "")
        found = self.members[request.match_info["group"]].items()
        shown = [{"username": own, "state": "active", "access_level": level} for own, level in found if wanted in own]
        return page(request, shown)

    def _shown(self, request: MergeRequest) -> dict[str, Any]:
        return {
            "id": 5000 + request.iid,
            "iid": request.iid,
            "project_id": self._number(request.project),
            "source_project_id": self._number(request.source or request.project),
            "title": request.title,
            "state": request.state,
            "author": {"id": 1, "username": request.author},
            "labels": request.labels,
            "target_branch": "main",
            "source_branch": "change",
            "sha": request.sha,
            "web_url": f"{self.url}/{request.project}/-/merge_requests/{request.iid}",
            "user_notes_count": sum(not note.system for note in request.notes),
            "created_at": _new(request.created_at),
            "updated_at": _new(request.updated_at),
            "closed_at": _new(request.closed_at),
            "merged_at": _new(request.merged_at),
        }

    def _shown_note(self, note: Note) -> dict[str, Any]:
        return {
            "id": note.id,
            "type": None,
            "body": note.body,
            "author": {"id": 1, "username": note.author, "state": "active"},
            "created_at": _new(note.created_at),
            "updated_at": _new(note.updated_at),
            "system": note.system,
            "noteable_type": "MergeRequest",
        }


def _good(body: Mapping[str, Any]) -> bool:
    text = body.get("body")
    return isinstance(text, str) and bool(text.strip()) and len(text) <= MOST


def _password(authorization: str) -> str:
    """Return what git shows: with an access token as the password, GitLab takes any name."""
    scheme, _, text = authorization.partition(" ")
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2] if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        return ""


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)


def _new(moment: float | None) -> str | None:
    """Return a time as the API writes it, in milliseconds."""
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def _old(moment: float) -> str:
    """Return a time as webhooks write it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
