from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from pydantic import ValidationError

from headgate.actions.context import Context
from headgate.actions.http import site_of
from headgate.actions.refusals import ActionError, ParametersError
from headgate.actions.registry import Actions, Result
from headgate.config.actions import ActionSettings, HttpSettings
from headgate.model.event import JSON
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.http.sink import Answer, AnswerForEver, Behaviour, Hang, HttpSink, Reset
from tests.actions.made import painter

SECRET = "sesame-open-thou"


async def ask(
    store: Store, sink: HttpSink, path: str = "/api/x", *, site: dict[str, Any] | None = None, **asked: JSON
) -> Result:
    """Ask the sink as a site that is set to get a token."""
    own = {"url": f"{sink.url}/api", "bearer": SECRET, "methods": ["GET", "POST"], **(site or {})}
    settings = ActionSettings.model_validate({"http": {"timeout": 2, "most_bytes": 1000, "sites": {"rack": own}}})
    given: dict[str, JSON] = {"url": f"{sink.url}{path}", **asked}
    return await Actions(Context(store, settings=settings)).run("http.request", given, painter())


def result_of(result: Result) -> dict[str, JSON]:
    assert isinstance(result.result, dict)
    return result.result


async def test_a_site_is_asked_with_its_own_token(store: Store) -> None:
    async with HttpSink() as sink:
        sink.script(Answer(body=b'{"power": "on"}'))
        result = await ask(store, sink, method="POST", data={"node": "n4"}, headers={"X-Why": "dust"})
    assert result.ok
    assert result_of(result) == {"site": "rack", "status": 200, "body": {"power": "on"}, "whole": True}
    [request] = sink.requests
    assert (request.method, request.path, json.loads(request.body)) == ("POST", "/api/x", {"node": "n4"})
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-why"] == "dust"


async def test_a_text_is_sent_as_it_is(store: Store) -> None:
    async with HttpSink() as sink:
        await ask(store, sink, method="POST", body="n4 down")
    assert (sink.requests[0].body, sink.requests[0].headers["content-type"]) == (
        b"n4 down",
        "text/plain; charset=utf-8",
    )


async def test_the_callers_headers_do_not_stand_over_the_sites(store: Store) -> None:
    async with HttpSink() as sink:
        await ask(store, sink, headers={"Authorization": "Bearer mine"})
    assert sink.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("form", [SECRET, base64.b64encode(SECRET.encode()).decode()])
@pytest.mark.parametrize("status", [200, 500])
async def test_the_sites_secrets_are_not_in_what_it_answers(store: Store, form: str, status: int) -> None:
    async with HttpSink() as sink:
        sink.script(Answer(status, body=json.dumps({"you": form}).encode()))
        result = await ask(store, sink)
    assert result_of(result)["body"] == {"you": "[hidden]"}
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert SECRET not in repr(entries)


async def test_headers_of_the_caller_are_not_in_the_audit_log(store: Store) -> None:
    async with HttpSink() as sink:
        await ask(store, sink, headers={"X-Key": "open-sesame"})
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert "X-Key" in entry.subject
    assert "open-sesame" not in entry.subject


@pytest.mark.parametrize(
    ("answer", "said", "transient"),
    [
        (Answer(404, body=b"no such rack"), "answered 404", False),
        (Answer(503), "answered 503", True),
        (Answer(429), "answered 429", True),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), "redirects are not followed", False),
    ],
)
async def test_what_is_no_success_is_a_failure_with_what_was_answered(
    store: Store, answer: Answer, said: str, *, transient: bool
) -> None:
    async with HttpSink() as sink:
        sink.script(answer)
        result = await ask(store, sink)
    assert (result.ok, result.transient) == (False, transient)
    assert said in result.error
    assert result_of(result)["status"] == answer.status
    assert len(sink.requests) == 1


async def test_an_answer_without_an_end_is_cut(store: Store) -> None:
    async with HttpSink() as sink:
        sink.script(AnswerForEver(200))
        result = await ask(store, sink)
    assert result_of(result)["whole"] is False
    assert len(str(result_of(result)["body"])) <= 1000


@pytest.mark.parametrize("behaviour", [Hang(), Reset()])
async def test_a_site_that_does_not_answer_is_a_failure_that_may_pass(store: Store, behaviour: Behaviour) -> None:
    async with HttpSink() as sink:
        sink.script(behaviour)
        with pytest.raises(ActionError, match="the site rack does not answer") as raised:
            await ask(store, sink)
    assert raised.value.transient


async def test_methods_headers_and_bodies_that_may_not_be_are_refused(store: Store) -> None:
    async with HttpSink() as sink:
        wrong: list[dict[str, JSON]] = [
            {"method": "DELETE"},
            {"headers": {"Host": "elsewhere"}},
            {"headers": {"X-Key": "two\r\nlines"}},
            {"headers": {"Content-Length": "3"}},
            {"method": "POST", "body": "x" * 1001},
            {"method": "POST", "body": "x", "data": {}},
        ]
        for asked in wrong:
            with pytest.raises(ParametersError):
                await ask(store, sink, "/api/x", site=None, **asked)
        assert sink.requests == []


SITES = HttpSettings.model_validate(
    {
        "sites": {
            "api": {"url": "https://h.example.org/api"},
            "deep": {"url": "https://h.example.org/api/deep/"},
            "all": {"url": "http://Other.example.org:8080"},
        }
    }
)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://h.example.org/api", "api"),
        ("https://H.example.org:443/api/x?y=1", "api"),
        ("https://h.example.org/api/deep/x", "deep"),
        ("http://other.example.org:8080/anything", "all"),
    ],
)
def test_an_address_is_at_the_site_with_the_longest_path(url: str, name: str) -> None:
    assert site_of(url, SITES)[0] == name


@pytest.mark.parametrize(
    "url",
    [
        "https://h.example.org/",
        "https://h.example.org/apix",
        "https://h.example.org:8443/api",
        "http://h.example.org/api",
        "https://h.example.org/api/../admin",
        "https://h.example.org/api/%2e%2e/admin",
        "https://h.example.org/api/..%2fadmin",
        "https://h.example.org/api/..%5cadmin",
        "https://h.example.org/api\\..\\admin",
        "https://h.example.org@evil.example.org/api",
        "https://evil.example.org/https://h.example.org/api",
        "https://h.example.org.evil.example.org/api",
        "https://u:p@h.example.org/api",
        "https://h.example.org/api#x",
        "https://h.example.org/api\r\nX: y",
        "file:///etc/passwd",
        "https:///api",
        "https://h.example.org:99999/api",
        "//h.example.org/api",
        "",
    ],
)
def test_an_address_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ParametersError):
        site_of(url, SITES)


@pytest.mark.parametrize(
    "site",
    [
        {"url": "ftp://h"},
        {"url": "https://u:p@h/"},
        {"url": "https://h/?x=1"},
        {"url": "https://h/", "headers": {"Host": "x"}},
        {"url": "https://h/", "headers": {"X-A": "a\nb"}},
        {"url": "https://h/", "methods": []},
    ],
)
def test_a_site_that_could_be_misread_is_no_configuration(site: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpSettings.model_validate({"sites": {"x": site}})
