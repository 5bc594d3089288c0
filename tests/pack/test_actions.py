"""Actions as StackStorm runs them: a process, the standard library, and HTTP to Headgate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headgate.actions.catalogue import Catalogue
from headgate.pack.build import build
from headgate.pack.content import content
from headgate.testing.http.sink import Answer, AnswerRaw, HttpSink, Reset
from headgate.testing.smtp.certificate import make_certificate
from tests.pack.built import Pack
from tests.pack.test_parameters import Waiting, changing

TOKEN = "hg_a-token"


def made(tmp_path: Path, url: str, /, **config: Any) -> Pack:
    build(tmp_path / "slurm", content(Catalogue([changing(Waiting)]), with_rules=False))
    return Pack(tmp_path / "slurm", {"url": url, "token": TOKEN, **config})


def answered(value: object, **more: object) -> Answer:
    answer = {"action": "slurm.change", "ok": True, "dry_run": False, "error": None, "result": value, **more}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


async def test_an_action_asks_headgate_and_returns_its_result(tmp_path: Path) -> None:
    async with HttpSink(default=answered({"n1": {"changed": True}})) as sink:
        pack = made(tmp_path, f"{sink.url}/gate/")
        ran = await pack.run("slurm.change", action_timeout=5.0, action_env=None, dry_run=True, why="noise")
    assert (ran.status, ran.result) == (True, {"n1": {"changed": True}})
    [request] = sink.requests
    assert (request.method, request.path) == ("POST", "/gate/actions/slurm.change")
    assert request.headers["x-auth-token"] == TOKEN
    assert request.headers["content-type"] == "application/json"
    assert request.json == {"parameters": {"timeout": 5.0}, "why": "noise", "dry_run": True}
    assert ran.modules.isdisjoint({"requests", "headgate", "subprocess", "urllib.request"})


@pytest.mark.parametrize(("execution", "why"), [("5ea03db8", "StackStorm execution 5ea03db8"), ("", "StackStorm")])
async def test_the_audit_log_learns_which_execution_it_was(tmp_path: Path, execution: str, why: str) -> None:
    async with HttpSink(default=answered(None)) as sink:
        ran = await made(tmp_path, sink.url).run("slurm.change", execution)
    assert (ran.status, ran.result) == (True, None)
    assert sink.requests[0].json == {"parameters": {}, "why": why, "dry_run": False}


async def test_what_was_done_in_part_has_failed_and_says_what_was_done(tmp_path: Path) -> None:
    done = {"n1": {"changed": True}, "n2": {"error": "no such node"}}
    async with HttpSink(default=answered(done, ok=False, error="1 of 2 nodes failed")) as sink:
        ran = await made(tmp_path, sink.url).run("slurm.change")
    assert (ran.status, ran.result) == (False, {"error": "1 of 2 nodes failed", "result": done})


REFUSALS = [
    (Answer(403, {}, b'{"title": "Forbidden", "detail": "it takes the role operator"}'), 403, "the role operator"),
    (Answer(404, {}, b'{"title": "Not Found"}'), 404, "Not Found"),
    (Answer(502, {}, b"<html>nginx</html>"), 502, "HTTP status 502"),
    (Answer(302, {"Location": "http://elsewhere.invalid/"}), 302, "HTTP status 302"),
    (Answer(200, {}, b"<html>a portal</html>"), 0, "is url right"),
    (Answer(200, {}, b"[]"), 0, "is url right"),
    (AnswerRaw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), 0, "broke off"),
    (AnswerRaw(b"SSH-2.0-OpenSSH\r\n"), 0, "does not answer"),
    (Reset(), 0, "does not answer"),
]


@pytest.mark.parametrize(("behaviour", "status", "words"), REFUSALS)
async def test_a_refusal_is_told_in_its_own_words(tmp_path: Path, behaviour: Any, status: int, words: str) -> None:
    async with HttpSink(default=behaviour) as sink:
        ran = await made(tmp_path, sink.url).run("slurm.change")
    assert ran.status is False
    assert ran.result["status"] == status
    assert words in ran.result["error"]
    assert TOKEN not in json.dumps(ran.result)
    assert len(sink.requests) == 1, "nobody knows whether it was done: it is not asked for again"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"url": ""}, "needs url"),
        ({"url": "ftp://localhost"}, "needs url"),
        ({"url": "https://me:secret@localhost"}, "needs url"),
        ({"url": "http://localhost:99999"}, "needs url"),
        ({"token": None}, "needs token"),
        ({"token": "a\nb"}, "needs token"),
        ({"url": "https://localhost", "ca_file": "/nowhere.pem"}, "certificates in /nowhere.pem"),
        ({"url": "http://127.0.0.1:1"}, "does not answer"),
    ],
)
async def test_a_configuration_that_will_not_do_is_named(tmp_path: Path, config: dict[str, Any], words: str) -> None:
    ran = await made(tmp_path, "http://localhost", **config).run("slurm.change")
    assert ran.status is False
    assert words in ran.result["error"]
    assert "secret" not in ran.result["error"]


async def test_only_trusted_certificates_get_the_token(tmp_path: Path) -> None:
    certificate = await make_certificate(tmp_path)
    async with HttpSink(tls=certificate.server_context(), default=answered(1)) as sink:
        unknown = await made(tmp_path, sink.url).run("slurm.change")
        assert unknown.status is False
        assert sink.requests == []
        known = await made(tmp_path, sink.url, ca_file=str(certificate.certificate)).run("slurm.change")
        assert (known.status, known.result) == (True, 1)
