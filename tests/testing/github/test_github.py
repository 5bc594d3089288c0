"""The fake GitHub is strict, and says what GitHub says."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

from headgate.testing.github import FakeGitHub, Trouble
from headgate.testing.github.description import FILE

MODULES = Path(__file__).resolve().parents[3] / ".counterparts"
pytestmark = pytest.mark.skipif(not (MODULES / FILE).exists(), reason="@octokit/openapi is not in .counterparts")


@pytest.fixture
async def github() -> AsyncIterator[FakeGitHub]:
    async with FakeGitHub(MODULES) as server:
        yield server


@pytest.fixture
async def client(github: FakeGitHub) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=github.api_url, trust_env=False, timeout=60) as client:
        yield client


def app_token(github: FakeGitHub, **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": str(github.app_id), "iat": now - 60, "exp": now + 500, **changed}
    text = jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(github.private_key))
    return {"Authorization": f"Bearer {text}"}


async def token(github: FakeGitHub, client: httpx2.AsyncClient, account: str = "site") -> dict[str, str]:
    installation = next((one for one in github.world.installations.values() if one.account.login == account), None)
    installation = installation or github.world.install(account)
    path = f"/app/installations/{installation.id}/access_tokens"
    answer = await client.post(path, headers=app_token(github))
    assert answer.status_code == 201
    return {"Authorization": f"token {answer.json()['token']}"}


async def test_an_app_is_known_by_its_key(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    assert (await client.get("/app", headers=app_token(github))).json()["slug"] == "headgate-builds"
    other = RSAKey.generate_key(2048)
    claims = {"iss": "4242", "iat": 1, "exp": int(time.time()) + 60}
    forged = jwt.encode({"alg": "RS256"}, claims, other)
    statuses = [
        (await client.get("/app", headers=headers)).status_code
        for headers in (
            {},
            {"Authorization": f"Bearer {forged}"},
            app_token(github, iss="1"),
            app_token(github, exp=int(time.time()) - 1),
            app_token(github, exp=int(time.time()) + 3600),
            app_token(github, iat=int(time.time()) + 600),
        )
    ]
    assert statuses == [401] * 6


async def test_an_installations_token_expires(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    own = await token(github, client)
    assert (await client.get("/installation/repositories", headers=own)).status_code == 200
    github.world.advance(3601)
    assert (await client.get("/installation/repositories", headers=own)).status_code == 401


async def test_what_the_description_does_not_name_is_refused_and_noted(
    github: FakeGitHub, client: httpx2.AsyncClient
) -> None:
    site = github.world.install("site")
    pull = github.world.add_pull_request(github.world.add_repository("site/a", site))
    own = await token(github, client)
    path = f"/repos/site/a/issues/{pull.number}/comments"
    asked = [
        await client.get(path, params={"order": "asc"}, headers=own),
        await client.get(path, params={"per_page": "many"}, headers=own),
        await client.post(path, json={"text": "x"}, headers=own),
        await client.post(path, json={"body": "x", "more": 1}, headers=own),
        await client.post(path, headers=own),
    ]
    assert [answer.status_code for answer in asked] == [422] * 5
    assert len(github.faults) == 5


async def test_all_it_answers_is_as_described(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    site = github.world.install("site")
    repository = github.world.add_repository("site/a", site)
    pull = github.world.add_pull_request(repository, labels=["bot:deploy"], diff=b"diff")
    github.world.add_pull_request(repository, is_issue=True)
    comment = github.world.add_comment(pull, "ada", "hello")
    github.world.teams["site", "builders"] = {"ada"}
    own, app = await token(github, client), app_token(github)
    for method, path, headers, body in (
        ("GET", "/app/installations", app, None),
        ("GET", "/repos/site/a/installation", app, None),
        ("GET", "/orgs/site/installation", app, None),
        ("GET", "/app/hook/deliveries", app, None),
        ("GET", "/installation/repositories", own, None),
        ("GET", "/repos/site/a/pulls?state=all&sort=updated", own, None),
        ("GET", "/repos/site/a/pulls/1", own, None),
        ("GET", "/repos/site/a/issues?state=all&since=2020-01-01T00:00:00Z", own, None),
        ("GET", "/repos/site/a/issues/comments?sort=updated", own, None),
        ("GET", "/repos/site/a/issues/1/comments", own, None),
        ("POST", "/repos/site/a/issues/1/comments", own, {"body": "x"}),
        ("GET", f"/repos/site/a/issues/comments/{comment.id}", own, None),
        ("PATCH", f"/repos/site/a/issues/comments/{comment.id}", own, {"body": "y"}),
        ("POST", f"/repos/site/a/issues/comments/{comment.id}/reactions", own, {"content": "eyes"}),
        ("POST", f"/repos/site/a/issues/comments/{comment.id}/reactions", own, {"content": "eyes"}),
        ("POST", f"/repos/site/a/statuses/{'a' * 40}", own, {"state": "pending", "context": "x"}),
        ("GET", "/orgs/site/teams/builders/memberships/ada", own, None),
    ):
        answer = await client.request(method, path, headers=headers, json=body)
        assert answer.is_success, path
    assert (await client.get("/orgs/site/teams/builders/memberships/bob", headers=own)).status_code == 404
    assert github.faults == []
    assert comment.reactions == [("eyes", github.login)]


async def test_an_answer_that_did_not_change_counts_for_nothing(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    own = await token(github, client)
    first = await client.get("/installation/repositories", headers=own)
    again = await client.get("/installation/repositories", headers={**own, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    github.world.add_repository("site/new", next(iter(github.world.installations.values())))
    changed = await client.get("/installation/repositories", headers={**own, "If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


async def test_limits_are_held(client: httpx2.AsyncClient, github: FakeGitHub) -> None:
    own = await token(github, client)
    [installation] = github.world.installations.values()
    pull = github.world.add_pull_request(github.world.add_repository("site/a", installation))
    github.limits(installation.id).content = 1
    path = f"/repos/site/a/issues/{pull.number}/comments"
    answers = [await client.post(path, json={"body": "x"}, headers=own) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 403]
    assert answers[1].headers["retry-after"] == "60"
    github.limits(installation.id).limit = 3
    answers = [await client.get(path, headers=own) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].headers["x-ratelimit-remaining"] == "0"
    github.world.advance(3600)
    own = await token(github, client)
    assert (await client.get(path, headers=own)).status_code == 200


async def test_a_permission_that_was_not_given_is_named(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    site = github.world.install("site", {"issues": "write", "metadata": "read"})
    github.world.add_repository("site/a", site)
    own = await token(github, client)
    answer = await client.post(f"/repos/site/a/statuses/{'a' * 40}", json={"state": "pending"}, headers=own)
    assert (answer.status_code, answer.headers["x-accepted-github-permissions"]) == (403, "statuses=write")


async def test_troubles_come_as_they_were_set(github: FakeGitHub, client: httpx2.AsyncClient) -> None:
    site = github.world.install("site")
    pull = github.world.add_pull_request(github.world.add_repository("site/a", site))
    own = await token(github, client)
    path = "/repos/site/a/issues/1/comments"
    github.trouble(Trouble(503, "/repos/*", "POST"), Trouble(502, late=True))
    statuses = [(await client.post(path, json={"body": str(n)}, headers=own)).status_code for n in range(3)]
    assert (statuses, [one.body for one in pull.comments]) == ([503, 502, 201], ["1", "2"])
    github.trouble(Trouble(hang_up=True))
    with pytest.raises(httpx2.TransportError):
        await client.get(path, headers=own)


class Receiver:
    """Takes webhooks, and answers them with ``status``."""

    def __init__(self) -> None:
        self.status = 202
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    own = Receiver()
    application = web.Application()
    application.router.add_post("/hook", own.take)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    own.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield own
    await runner.cleanup()


async def test_every_webhook_is_signed_and_as_described(github: FakeGitHub, receiver: Receiver) -> None:
    github.webhook_url = receiver.url
    pull = github.world.add_pull_request(github.world.add_repository("site/a", github.world.install("site")))
    issue = github.world.add_pull_request(pull.repository, is_issue=True)
    await github.open(pull)
    comment = await github.say(pull, "ada", "bot: help é \U0001f600")
    await github.say(issue, "ada", "bot: help")
    await github.edit(pull, comment, "bot: build")
    await github.push(pull, "c" * 40)
    await github.label(pull, "bot:deploy", "grace")
    await github.close(pull, "ada", merged=True)
    await github.reopen(pull, "ada")
    assert [headers["x-github-event"] for headers, _ in receiver.taken] == [
        *("pull_request", "issue_comment", "issue_comment", "issue_comment"),
        *["pull_request"] * 4,
    ]
    for headers, body in receiver.taken:
        right = hmac.new(github.secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["x-hub-signature-256"] == f"sha256={right}"
    assert github.faults == []


async def test_what_could_not_be_delivered_is_listed_and_can_be_delivered_again(
    github: FakeGitHub, client: httpx2.AsyncClient, receiver: Receiver
) -> None:
    github.webhook_url, receiver.status = receiver.url, 500
    pull = github.world.add_pull_request(github.world.add_repository("site/a", github.world.install("site")))
    for number in range(3):
        await github.say(pull, "ada", f"bot: {number}")
    app = app_token(github)
    listed = await client.get("/app/hook/deliveries", params={"per_page": 2}, headers=app)
    assert [one["status_code"] for one in listed.json()] == [500, 500]
    rest = await client.get(listed.links["next"]["url"], headers=app)
    [first] = rest.json()
    whole = (await client.get(f"/app/hook/deliveries/{first['id']}", headers=app)).json()
    assert whole["request"]["payload"]["comment"]["body"] == "bot: 0"
    receiver.status = 202
    assert (await client.post(f"/app/hook/deliveries/{first['id']}/attempts", headers=app)).status_code == 202
    [newest] = (await client.get("/app/hook/deliveries", params={"per_page": 1}, headers=app)).json()
    assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (first["guid"], True, 202)
    assert receiver.taken[-1] == (receiver.taken[0][0], receiver.taken[0][1])


def bare(directory: Path) -> str:
    """Make a bare repository with one commit, and return its hash."""
    own = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_{what}": "x@y" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }

    def git(*words: str) -> str:
        return subprocess.run(
            ["/usr/bin/git", "-C", str(directory), *words], env=own, check=True, capture_output=True, text=True
        ).stdout

    directory.mkdir()
    git("init", "-q", "-b", "main")
    (directory / "file").write_text("text")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    return git("rev-parse", "HEAD").strip()


async def test_git_fetches_with_a_token_and_not_without(
    github: FakeGitHub, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    commit = bare(tmp_path / "work")
    site = github.world.install("site")
    github.world.add_repository("site/a", site, directory=tmp_path / "work" / ".git")
    own = (await token(github, client))["Authorization"].split()[1]

    pull = github.world.add_pull_request(github.world.repositories["site/a"], number=3, head=commit)
    await github.open(pull)

    async def fetch(secret: str, ref: str = "refs/heads/main") -> tuple[int, str]:
        url = f"http://x-access-token:{secret}@127.0.0.1:{github.url.rsplit(':', 1)[1]}/site/a.git"
        process = await asyncio.create_subprocess_exec(
            *("git", "ls-remote", url, ref),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull},
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, said.decode().partition("\t")[0]

    assert await fetch(own) == (0, commit)
    assert await fetch(own, "refs/pull/3/head") == (0, commit)
    assert (await fetch("guessed"))[0] != 0
    site.permissions.pop("contents")
    without = (await token(github, client))["Authorization"].split()[1]
    assert (await fetch(without))[0] != 0
