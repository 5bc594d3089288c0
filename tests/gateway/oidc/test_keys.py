"""Which of a provider's keys are used, and when they are fetched."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from headgate.config.gateway import OidcSettings
from headgate.gateway.oidc.keys import KeysUnavailableError, ProviderKeys, keys_of
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, AnswerForEver, Behaviour, Hang, HttpSink, Reset
from headgate.testing.oidc.provider import new_keys


def test_keys_that_sign_are_found_by_name() -> None:
    assert set(keys_of({"keys": new_keys("RS256", "a", "b")})) == {"a", "b"}


def test_others_are_left_out() -> None:
    [good, twin, other] = new_keys("ES256", "good", "twin", "twin")
    encrypting = {**good, "kid": "enc", "use": "enc"}
    symmetric = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
    nameless = {name: value for name, value in good.items() if name != "kid"}
    strange = {"kty": "post-quantum", "kid": "strange"}
    listed = [good, twin, other, encrypting, symmetric, nameless, strange, "nonsense"]
    assert set(keys_of({"keys": listed})) == {"good"}


def test_no_private_part_is_kept() -> None:
    [key] = keys_of({"keys": new_keys("RS256", "a")}).values()
    assert not key.is_private


def test_what_is_no_key_set_is_said_so() -> None:
    with pytest.raises(KeysUnavailableError):
        keys_of({"keys": "none"})
    assert keys_of({"keys": []}) == {}


@pytest.mark.parametrize(
    "bad",
    [
        {"kty": "RSA", "n": 5, "e": []},
        {"kty": "RSA"},
        {"kty": "RSA", "n": "AA", "e": "AA"},
        {"kty": "RSA", "n": "é", "e": "AQAB"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "key_ops": 5},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": 7},
        {"kty": "EC", "crv": "none", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": ["x"], "x": "!"},
    ],
)
def test_a_key_that_cannot_be_used_keeps_no_other_from_being_used(bad: dict[str, Any]) -> None:
    [good] = new_keys("ES256", "good")
    assert set(keys_of({"keys": [{"kid": "bad", **bad}, good]})) == {"good"}


def test_a_key_for_other_operations_is_left_out() -> None:
    [key] = new_keys("ES256", "a")
    assert keys_of({"keys": [{**key, "key_ops": ["encrypt"]}]}) == {}
    assert set(keys_of({"keys": [{**key, "key_ops": ["verify"]}]})) == {"a"}


def test_more_keys_than_a_provider_has_are_none() -> None:
    with pytest.raises(KeysUnavailableError, match="more than"):
        keys_of({"keys": [{"kty": "RSA", "kid": str(number)} for number in range(20_000)]})


class Provider:
    """The two documents of a provider, over HTTP, and what one likes in their place."""

    def __init__(self, sink: HttpSink) -> None:
        self.sink = sink
        self.issuer = sink.url
        self.keys = new_keys("ES256", "a")
        self.discovery: dict[str, Any] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        self.instead: dict[str, Behaviour] = {}
        self.now = 1000.0
        sink.choose = self._answer

    def _answer(self, request: ReceivedRequest) -> Behaviour:
        if request.path in self.instead:
            return self.instead[request.path]
        document = {"keys": self.keys} if request.path == "/keys" else self.discovery
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    @property
    def fetches(self) -> int:
        return sum(request.path == "/keys" for request in self.sink.requests)

    def known(self, **more: Any) -> ProviderKeys:
        settings = {"issuer": self.issuer, "audience": "a", "app": "p", "timeout": 1, **more}
        return ProviderKeys(OidcSettings.model_validate(settings), clock=lambda: self.now)


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with HttpSink() as sink:
        yield Provider(sink)


async def test_many_at_once_wait_for_one_fetch(provider: Provider) -> None:
    known = provider.known()
    found = await asyncio.gather(*(known.key("a") for _ in range(50)))
    assert all(found)
    assert provider.fetches == 1
    await known.aclose()


async def test_who_goes_away_does_not_take_the_fetch_from_the_others(provider: Provider) -> None:
    known = provider.known()
    first, second = asyncio.create_task(known.key("a")), asyncio.create_task(known.key("a"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None
    await known.aclose()


async def test_keys_are_fetched_again_when_they_are_old_and_not_before(provider: Provider) -> None:
    known = provider.known(keys_lifetime=100, keys_pause=10)
    await known.key("a")
    provider.now += 99
    await known.key("a")
    assert provider.fetches == 1
    provider.keys = new_keys("ES256", "b")
    provider.now += 2
    assert await known.key("a") is None
    assert provider.fetches == 2
    await known.aclose()


async def test_unknown_names_are_asked_for_once_in_a_pause(provider: Provider) -> None:
    known = provider.known(keys_pause=10)
    await known.key("a")
    for name in ("x", "y", "z"):
        assert await known.key(name) is None
    assert provider.fetches == 1
    provider.now += 11
    await asyncio.gather(*(known.key(str(number)) for number in range(20)))
    assert provider.fetches == 2
    await known.aclose()


@pytest.mark.parametrize("trouble", [Hang(), Reset(), Answer(503), Answer(200, {}, b"[]"), AnswerForEver(200)])
async def test_old_keys_go_on_working_for_a_while_and_nobody_waits_long(provider: Provider, trouble: Behaviour) -> None:
    known = provider.known(keys_lifetime=100, keys_pause=10, keys_grace=1000, timeout=5)
    await known.key("a")
    provider.instead["/keys"] = trouble
    provider.now += 200
    began = time.monotonic()
    assert await known.key("a") is not None
    assert time.monotonic() - began < 3
    await known.aclose()


async def test_keys_do_not_outlive_their_grace(provider: Provider) -> None:
    known = provider.known(keys_lifetime=100, keys_pause=10, keys_grace=1000)
    await known.key("a")
    provider.instead["/keys"] = Reset()
    provider.now += 1101
    with pytest.raises(KeysUnavailableError):
        await known.key("a")
    provider.instead.clear()
    provider.now += 11
    assert await known.key("a") is not None
    await known.aclose()


@pytest.mark.parametrize(
    "trouble",
    [
        Hang(),
        Reset(),
        AnswerForEver(200),
        Answer(404),
        Answer(200, {}, b"not JSON"),
        Answer(200, {}, b"[" * 200_000),
        Answer(200, {}, b"\xff"),
        Answer(200, {}, b'{"keys": ' + b" " * 600_000 + b"[]}"),
        Answer(302, {"Location": "/elsewhere"}),
        Answer(200, {}, b'{"keys": {}}'),
    ],
)
@pytest.mark.parametrize("path", ["/keys", "/.well-known/openid-configuration"])
async def test_what_is_no_answer_is_none_and_ends(provider: Provider, path: str, trouble: Behaviour) -> None:
    provider.instead[path] = trouble
    known = provider.known()
    with pytest.raises(KeysUnavailableError):
        await known.key("a")
    assert not any(request.path == "/elsewhere" for request in provider.sink.requests)
    await known.aclose()


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://other.example.org"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://[::1"},
        {"jwks_uri": "http://x:99999999/"},
        {"jwks_uri": ""},
    ],
)
async def test_a_discovery_document_of_somebody_else_is_not_followed(
    provider: Provider, discovery: dict[str, Any]
) -> None:
    provider.discovery.update(discovery)
    known = provider.known()
    with pytest.raises(KeysUnavailableError):
        await known.key("a")
    assert provider.fetches == 0
    await known.aclose()


def test_a_pattern_that_is_none_is_found_when_settings_are_read() -> None:
    with pytest.raises(ValidationError, match="regular expression"):
        OidcSettings(issuer="https://x.example.org", audience="a", app="p", pattern="(")
