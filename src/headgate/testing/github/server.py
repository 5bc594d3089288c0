"""The fake server: HTTP on one loopback port, the API below ``/api/v3`` as on a GitHub Enterprise Server.

Rules beyond the description, and where they are from (GitHub's documentation): what an App's token is, "Generating a
JSON Web Token (JWT) for a GitHub App"; which limits there are, and that an answer 304 counts for nothing, "Rate limits
for the REST API" and "Best practices for using the REST API"; what a delivery is, "Webhook events and payloads";
permissions, "Permissions required for GitHub Apps".
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from headgate.testing import git
from headgate.testing.github.access import Access, Refusal, Token, needs
from headgate.testing.github.description import Operation, description
from headgate.testing.github.routes import OF_THE_APP, Answered, Asked, Routes
from headgate.testing.github.shapes import Shapes
from headgate.testing.github.troubles import CONTENT, LIMIT, Limits, Trouble, Troubles
from headgate.testing.github.webhooks import Payloads, signed
from headgate.testing.github.world import Comment, Delivery, PullRequest, World
from headgate.testing.web import PlayedSite

API: Final = "/api/v3"
_DELETED: Final = "$.head.repo: None is not of type 'object'"
"""What GitHub answers where a fork was deleted, as its description says of lists, and forgets of one pull request."""
_PATIENCE: Final = 10.0
"""Seconds within which a webhook has to be answered: "Best practices for using webhooks"."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API, and how it was answered. ``path`` has its parameters in braces."""

    method: str
    path: str
    url: str
    status: int
    installation: int | None


class FakeGitHub(PlayedSite):
    """A GitHub for tests; use it as an async context manager.

    ``modules``: a directory whose ``node_modules`` has ``@octokit/openapi`` and ``@octokit/webhooks-examples``.
    ``webhook_url``: where webhooks go; while it is empty the App's webhook is off. ``secret``: what they are signed
    with. ``limit``: requests an installation has in an hour, ``content`` those that make content, in a minute.
    ``token_seconds``: how long an installation's token is good for.
    """

    def __init__(
        self,
        modules: Path,
        *,
        slug: str = "headgate-builds",
        app_id: int = 4242,
        secret: str = "it is a secret",  # noqa: S107 - made up
        token_seconds: float = 3600,
        limit: int = LIMIT,
        content: int = CONTENT,
    ) -> None:
        super().__init__()
        self._modules = modules
        self.app_id, self.slug, self.secret = app_id, slug, secret
        self.webhook_url = ""
        self.world = World(slug)
        self.access = Access(app_id, self.world.now, token_seconds)
        self.calls: list[Call] = []
        self.faults: list[str] = []
        """What was asked, or answered, against the description."""
        self._troubles = Troubles()
        self._limit, self._content = limit, content
        self._limits: dict[int | None, Limits] = {}
        self._client: aiohttp.ClientSession | None = None
        self._description = description(modules)

    @property
    def url(self) -> str:
        """The address people look at and git fetches from, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """The address of the API."""
        return self.url + API

    @property
    def login(self) -> str:
        """The App's own account."""
        return self.world.bot.login

    @property
    def private_key(self) -> str:
        """The App's private key (PEM)."""
        return self.access.private_key()

    def application(self) -> web.Application:
        """Route what may be asked."""
        application = web.Application(client_max_size=50 * 1024 * 1024)
        application.router.add_route("*", API + "/{path:.*}", self._api)
        application.router.add_route("*", "/{owner}/{name}.git/{path:.*}", self._git)
        return application

    async def start(self) -> None:
        """Listen."""
        await super().start()
        self._shapes = Shapes(self._description, self.world, self.url, self.api_url)
        self._payloads = Payloads(self._modules, self._description, self._shapes)
        app = (self.app_id, self.slug)
        self._routes = Routes(self.world, self._shapes, self.access, app, self._again)
        self._client = aiohttp.ClientSession(trust_env=False)

    async def disconnect(self) -> None:
        """Send no more webhooks."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def trouble(self, *troubles: Trouble) -> None:
        """Have things go wrong."""
        for one in troubles:
            self._troubles.set(one)

    def well(self) -> None:
        """Have everything go well again."""
        self._troubles.clear()

    def limits(self, installation: int | None) -> Limits:
        """Return the limits of an installation; of the App itself, if None."""
        if installation not in self._limits:
            self._limits[installation] = Limits(self.world.now, self._limit, self._content)
        return self._limits[installation]

    def comments(self, pull: PullRequest) -> list[Comment]:
        """Return what the App wrote in a pull request."""
        return [comment for comment in pull.comments if comment.author is self.world.bot]

    def asked(self, method: str, path: str) -> int:
        """Return how many calls there were of one kind; ``path`` has its parameters in braces."""
        return sum((call.method, call.path) == (method, path) for call in self.calls)

    async def say(self, pull: PullRequest, author: str, body: str) -> Comment:
        """Comment as somebody, and deliver it."""
        comment = self.world.add_comment(pull, author, body)
        await self.deliver("issue_comment", self._payloads.commented(pull, comment), pull)
        return comment

    async def edit(self, pull: PullRequest, comment: Comment, body: str) -> None:
        """Change a comment as its author, and deliver that."""
        comment.body, comment.updated_at = body, self.world.second()
        await self.deliver("issue_comment", self._payloads.commented(pull, comment, "edited"), pull)

    async def open(self, pull: PullRequest) -> None:
        """Deliver that a pull request was opened."""
        await self._happened("opened", pull, pull.author.login)

    async def push(self, pull: PullRequest, head: str) -> None:
        """Give a pull request a new head, and deliver that."""
        before, pull.head = pull.head, head
        await self._happened("synchronize", pull, pull.author.login, before=before, after=head)

    async def close(self, pull: PullRequest, by: str, *, merged: bool = False) -> None:
        """Close a pull request, and deliver that."""
        pull.state, pull.closed_at = "closed", self.world.second()
        pull.merged_at = pull.closed_at if merged else None
        await self._happened("closed", pull, by)

    async def reopen(self, pull: PullRequest, by: str) -> None:
        """Open a pull request again, and deliver that."""
        pull.state, pull.closed_at = "open", None
        await self._happened("reopened", pull, by)

    async def label(self, pull: PullRequest, name: str, by: str) -> None:
        """Give a pull request a label, and deliver that."""
        pull.labels.append(name)
        await self._happened("labeled", pull, by, label=self._payloads.label(name))

    async def deliver(self, event: str, payload: dict[str, Any], pull: PullRequest | None = None) -> Delivery:
        """Send a webhook, and wait for its answer."""
        action = payload.get("action", "")
        for fault in self._description.faults_of_webhook(event, action, payload):
            self.faults.append(f"webhook {event}/{action}: {fault}")
        guid = str(uuid.uuid4())
        body = _dump(payload)
        installation = None if pull is None else pull.repository.installation
        made = Delivery(
            id=self.world.new_id(),
            guid=guid,
            event=event,
            action=action,
            payload=payload,
            headers=signed(body, self.secret, event, guid, self.app_id),
            delivered_at=self.world.second(),
            installation_id=None if installation is None else installation.id,
            repository_id=None if pull is None else pull.repository.id,
        )
        await self._send(made)
        return made

    async def _happened(self, action: str, pull: PullRequest, by: str, **more: Any) -> None:
        pull.updated_at = self.world.second()
        if pull.repository.directory is not None:
            await git.point(pull.repository.directory, f"refs/pull/{pull.number}/head", pull.head)
        payload = self._payloads.happened(action, pull, self.world.add_user(by), **more)
        await self.deliver("pull_request", payload, pull)

    async def _again(self, delivery: Delivery) -> None:
        made = Delivery(
            **{name: getattr(delivery, name) for name in ("guid", "event", "action", "payload", "headers")},
            id=self.world.new_id(),
            delivered_at=self.world.second(),
            installation_id=delivery.installation_id,
            repository_id=delivery.repository_id,
            redelivery=True,
        )
        await self._send(made)

    async def _send(self, delivery: Delivery) -> None:
        if not self.webhook_url or self._client is None:
            return
        self.world.deliveries.append(delivery)
        begun = time.monotonic()
        try:
            wait = aiohttp.ClientTimeout(total=_PATIENCE)
            body = _dump(delivery.payload)
            async with self._client.post(self.webhook_url, data=body, headers=delivery.headers, timeout=wait) as answer:
                await answer.read()
                delivery.status_code, delivery.status = answer.status, answer.reason or ""
        except (aiohttp.ClientError, TimeoutError) as error:
            late = isinstance(error, TimeoutError)
            delivery.status_code = 504 if late else 502
            delivery.status = "timed out" if late else "failed to connect to host"
        delivery.duration = round(time.monotonic() - begun, 2)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        trouble = self._troubles.next(request.method, path)
        if trouble is not None and not trouble.late:
            self._note(request, path, trouble.status, None)
            return _misbehave(request, trouble)
        operation = self._description.operation(request.method, path)
        if operation is None:
            self.faults.append(f"{request.method} {path}: there is no such thing")
            return web.json_response({"message": "Not Found"}, status=404)
        limits = self.limits(None)
        try:
            token = self._known(request, operation)
            limits = self.limits(None if token is None else token.installation.id)
            answered = await self._answer(request, operation, token, limits)
        except Refusal as refusal:
            answered = Answered(_refusal(refusal), refusal.status, dict(refusal.headers or {}))
        if trouble is not None:
            self._note(request, operation.path, trouble.status, None)
            return _misbehave(request, trouble)
        return self._said(request, operation, answered, limits)

    def _known(self, request: web.Request, operation: Operation) -> Token | None:
        """Return whose request it is: None for the App's own. Raises Refusal."""
        shown = request.headers.get("Authorization", "")
        if operation.path.startswith("/app") or operation.path in OF_THE_APP:
            self.access.app(shown)
            return None
        return self.access.installation(shown)

    async def _answer(
        self, request: web.Request, operation: Operation, token: Token | None, limits: Limits
    ) -> Answered:
        if not limits.take():
            raise Refusal(403, "API rate limit exceeded for installation")
        raw = await request.read()
        body = json.loads(raw) if raw else None
        faults = self._description.faults_of_query(operation, dict(request.query))
        faults += self._description.faults_of_body(operation, body)
        if faults:
            self.faults += [f"{request.method} {request.path}: {fault}" for fault in faults]
            raise Refusal(422, "Validation Failed: " + "; ".join(faults))
        makes = token is not None and request.method in {"POST", "PATCH", "PUT"}
        if makes and not limits.make():
            raise Refusal(403, "You have exceeded a secondary rate limit", {"Retry-After": "60"})
        handler = self._routes.handlers.get((operation.method, operation.path))
        if handler is None:
            self.faults.append(f"{request.method} {operation.path}: this fake does not answer it")
            raise Refusal(404, "Not Found")
        url = f"{self.url}{request.path_qs}"
        accept = request.headers.get("Accept", "")
        return await handler(Asked(operation.values, dict(request.query), body, token, accept, url))

    def _said(
        self, request: web.Request, operation: Operation, answered: Answered, limits: Limits
    ) -> web.StreamResponse:
        headers = {**answered.headers}
        if answered.raw is None:
            for fault in self._description.faults_of_answer(operation, answered.status, answered.body):
                if fault != _DELETED:
                    self.faults.append(f"answer to {request.method} {operation.path}: {fault}")
        text = answered.raw if answered.raw is not None else b"" if answered.body is None else _dump(answered.body)
        status = answered.status
        if request.method == "GET" and status == 200:  # noqa: PLR2004
            headers["ETag"] = 'W/"' + hashlib.sha256(text).hexdigest() + '"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                status, text = 304, b""
                headers.pop("Link", None)  # nothing says that it is told again
                limits.give_back()
        installation = next((number for number, one in self._limits.items() if one is limits), None)
        self._note(request, operation.path, status, installation)
        kind = "application/json; charset=utf-8" if answered.raw is None else "text/plain; charset=utf-8"
        return web.Response(status=status, body=text, headers={**headers, **limits.headers(), "Content-Type": kind})

    def _note(self, request: web.Request, path: str, status: int, installation: int | None) -> None:
        self.calls.append(Call(request.method, path, request.path_qs.removeprefix(API), status, installation))

    async def _git(self, request: web.Request) -> web.StreamResponse:
        repository = self.world.repositories.get(f"{request.match_info['owner']}/{request.match_info['name']}".lower())
        try:
            token = None
            if "Authorization" in request.headers:
                token = self.access.installation(request.headers["Authorization"])
                needs(token, "contents=read")
        except Refusal as refusal:
            return web.Response(status=refusal.status, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        if repository is None or repository.directory is None:
            return web.Response(status=404)
        if repository.private and (token is None or token.installation is not repository.installation):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        return await git.serve(request, repository.directory, request.match_info["path"])


def _refusal(refusal: Refusal) -> dict[str, str]:
    return {
        "message": refusal.message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(refusal.status),
    }


def _dump(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def _misbehave(request: web.Request, trouble: Trouble) -> web.StreamResponse:
    if trouble.hang_up:
        if request.transport is not None:
            request.transport.close()
        return web.Response(status=500)
    body = trouble.body if trouble.body is not None else {"message": "Server Error"}
    return web.json_response(body, status=trouble.status, headers=dict(trouble.headers))
