"""Tokens of a real provider are verified; whatever is not one of them is refused, and says why."""

from __future__ import annotations

import asyncio
import json
import random
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from headgate.config.gateway import OidcSettings
from headgate.gateway.oidc.verifier import Holder, OidcVerifier, TokenRefusedError, account_of, groups_in
from headgate.gateway.refusals import NotAllowedError, UnavailableError
from headgate.testing.oidc.provider import OidcProvider

ROOT = Path(__file__).parents[3]
NODE, MODULES = ROOT / ".venv" / "bin" / "node", ROOT / ".counterparts"
USERS = {"portal": "ada", "nobody": None, "boss": "root", "mapped": "b.en@example.org"}
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not (MODULES / "node_modules" / "oidc-provider").exists(), reason="oidc-provider is not in .counterparts"
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[OidcProvider]:
    async with OidcProvider(NODE, MODULES, USERS) as running:
        yield running


def settings(provider: OidcProvider, **more: Any) -> OidcSettings:
    values = {"issuer": provider.issuer, "audience": provider.audience, "app": "portal", "leeway": 0}
    return OidcSettings.model_validate({**values, "users": {"b.en@example.org": "ben"}, **more})


@pytest_asyncio.fixture(loop_scope="module")
async def verifier(provider: OidcProvider) -> AsyncIterator[OidcVerifier]:
    made = OidcVerifier(settings(provider))
    yield made
    await made.aclose()


def forged(provider: OidcProvider, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of the provider's own key, unless another is given, that says what one likes."""
    now = int(time.time())
    told = {"iss": provider.issuer, "aud": provider.audience, "exp": now + 60, "preferred_username": "ada", **claims}
    told = {name: value for name, value in told.items() if value is not None}
    signing = key or RSAKey.import_key(provider.keys[0])
    return jwt.encode(
        {"alg": "RS256", "kid": provider.keys[0]["kid"], **(header or {})},
        told,
        signing,
        algorithms=["RS256", "PS256", "HS256"],
    )


async def test_a_token_says_whose_account_it_is(provider: OidcProvider, verifier: OidcVerifier) -> None:
    assert await verifier.verify(await provider.token("portal")) == "ada"
    assert await verifier.verify(await provider.token("mapped")) == "ben"


async def test_a_token_says_which_groups_its_holder_is_in(provider: OidcProvider, verifier: OidcVerifier) -> None:
    holder = await verifier.holder(forged(provider, groups=["hpc", "ops"]))
    assert holder == Holder("ada", frozenset({"hpc", "ops"}))
    assert (await verifier.holder(forged(provider))).groups == frozenset()


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["hpc", 7, None, "", ["ops"], "x" * 300], {"hpc"}),
        ("hpc", {"hpc"}),
        ({"hpc": True}, set()),
        (7, set()),
        (None, set()),
        ([], set()),
        ([str(number) for number in range(5000)], {str(number) for number in range(1000)}),
    ],
)
async def test_groups_are_texts_and_not_too_many(claim: object, groups: set[str]) -> None:
    settings = OidcSettings(issuer="https://x", audience="headgate", app="portal", groups_claim="roles")
    assert groups_in({"roles": claim, "groups": ["other"]}, settings) == groups


async def test_somebody_without_an_account_is_not_let_in(provider: OidcProvider, verifier: OidcVerifier) -> None:
    with pytest.raises(TokenRefusedError, match="claim"):
        await verifier.verify(await provider.token("nobody"))
    with pytest.raises(NotAllowedError):
        await verifier.verify(await provider.token("boss"))


async def test_no_change_of_a_good_token_is_accepted(provider: OidcProvider, verifier: OidcVerifier) -> None:
    token, chance = await provider.token("portal"), random.Random(7)
    await verifier.verify(token)
    letters = "ABCXYZabcxyz0189-_."
    for _ in range(300):
        at, put = chance.randrange(len(token)), chance.choice(letters)
        changed = chance.choice([token[:at] + put + token[at + 1 :], token[:at] + token[at + 1 :], token[:at]])
        if changed == token:
            continue
        with pytest.raises(TokenRefusedError):
            await verifier.verify(changed)


async def test_no_other_spelling_of_a_good_token_is_accepted(provider: OidcProvider, verifier: OidcVerifier) -> None:
    token = await provider.token("portal")
    head, claims, signature = token.split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(signature[-1]) + 1]  # differs only in bits that mean nothing
    for other in (f"{token}=", f"{token} ", f"{head}.{claims}.{signature[:9]}!{signature[9:]}", token[:-1] + last):
        with pytest.raises(TokenRefusedError):
            await verifier.verify(other)


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"nbf": 9_999_999_999}, "yet"),
        ({"iat": 9_999_999_999}, "yet"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "audience"),
        ({"aud": ["a", "b"]}, "audience"),
        ({"iss": "https://evil.example.org"}, "issuer"),
        ({"preferred_username": None}, "claim"),
        ({"preferred_username": 7}, "claim"),
        ({"preferred_username": "a" * 300}, "claim"),
    ],
)
async def test_what_is_not_for_us_or_not_for_now_is_refused(
    provider: OidcProvider, verifier: OidcVerifier, claims: dict[str, Any], said: str
) -> None:
    await verifier.verify(forged(provider))
    with pytest.raises(TokenRefusedError, match=said):
        await verifier.verify(forged(provider, **claims))


async def test_one_of_several_audiences_is_enough(provider: OidcProvider, verifier: OidcVerifier) -> None:
    assert await verifier.verify(forged(provider, aud=["other", provider.audience])) == "ada"


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    provider: OidcProvider, verifier: OidcVerifier
) -> None:
    public = RSAKey.import_key(provider.keys[0]).as_pem(private=False)
    signing = OctKey.import_key(urlsafe_b64encode(public))
    with pytest.raises(TokenRefusedError, match="not accepted"):
        await verifier.verify(forged(provider, key=signing, header={"alg": "HS256"}))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "RS256"},
        {"alg": "RS256", "kid": 7},
        {"alg": "RS256", "kid": "first", "typ": "logout+jwt"},
        {"alg": "RS256", "kid": "first", "crit": ["x"], "x": 1},
        {"alg": ["RS256"], "kid": "first"},
        {},
    ],
)
async def test_a_header_of_another_kind_is_refused(
    provider: OidcProvider, verifier: OidcVerifier, header: dict[str, Any]
) -> None:
    _, claims, signature = forged(provider).split(".")
    first = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    for last in (signature, ""):
        with pytest.raises(TokenRefusedError):
            await verifier.verify(f"{first}.{claims}.{last}")


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "e30.e30.", "." * 1000, "x" * 20_000, "é.é.é", "bnVsbA.e30.e30"])
async def test_what_is_no_token_is_refused(verifier: OidcVerifier, text: str) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        await verifier.verify(text)
    assert not text or text not in refused.value.message


async def test_another_key_of_the_same_name_is_refused(provider: OidcProvider, verifier: OidcVerifier) -> None:
    with pytest.raises(TokenRefusedError, match="signature"):
        await verifier.verify(forged(provider, key=RSAKey.generate_key(2048)))


async def test_rotated_keys_are_found_and_the_old_ones_end(provider: OidcProvider) -> None:
    made = OidcVerifier(settings(provider, keys_pause=0.01))
    old = await provider.token("portal")
    await made.verify(old)
    await provider.rotate("second")
    await asyncio.sleep(0.05)
    assert await made.verify(await provider.token("portal")) == "ada"
    with pytest.raises(TokenRefusedError, match="key"):
        await made.verify(old)
    await made.aclose()


async def test_unknown_keys_are_not_fetched_for_again_and_again(provider: OidcProvider) -> None:
    made = OidcVerifier(settings(provider, keys_pause=60))
    await made.verify(await provider.token("portal"))
    await provider.rotate("third")
    token = await provider.token("portal")
    for _ in range(3):
        with pytest.raises(TokenRefusedError):
            await made.verify(token)
    await made.aclose()


async def test_while_the_provider_is_away_its_keys_go_on_working() -> None:
    async with OidcProvider(NODE, MODULES, USERS) as provider:
        made = OidcVerifier(settings(provider, keys_lifetime=0.01, keys_pause=0.01))
        token = await provider.token("portal")
        await made.verify(token)
        fresh = OidcVerifier(settings(provider))
    await asyncio.sleep(0.05)
    assert await made.verify(token) == "ada"
    with pytest.raises(UnavailableError):
        await fresh.verify(token)
    await made.aclose()
    await fresh.aclose()


async def test_a_provider_that_calls_itself_something_else_is_not_believed(provider: OidcProvider) -> None:
    made = OidcVerifier(settings(provider, issuer=provider.issuer.replace("127.0.0.1", "localhost")))
    with pytest.raises(UnavailableError):
        await made.verify(await provider.token("portal"))
    await made.aclose()


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
async def test_other_signatures_are_verified_too(algorithm: str) -> None:
    async with OidcProvider(NODE, MODULES, USERS, algorithm=algorithm) as provider:
        made, narrow = OidcVerifier(settings(provider)), OidcVerifier(settings(provider, algorithms=["RS256"]))
        token = await provider.token("portal")
        assert await made.verify(token) == "ada"
        with pytest.raises(TokenRefusedError, match="not accepted"):
            await narrow.verify(token)
        await made.aclose()
        await narrow.aclose()


async def test_a_key_verifies_only_by_the_algorithm_it_is_for(provider: OidcProvider, verifier: OidcVerifier) -> None:
    plain = {name: value for name, value in provider.keys[0].items() if name != "alg"}
    with pytest.raises(TokenRefusedError, match="key"):
        await verifier.verify(forged(provider, key=RSAKey.import_key(plain), header={"alg": "PS256"}))


async def test_a_token_of_the_provider_expires() -> None:
    async with OidcProvider(NODE, MODULES, USERS, lifetime=1) as provider:
        made = OidcVerifier(settings(provider))
        token = await provider.token("portal")
        assert await made.verify(token) == "ada"
        await asyncio.sleep(1.5)
        with pytest.raises(TokenRefusedError, match="expired"):
            await made.verify(token)
        await made.aclose()


async def test_whatever_a_signed_token_says_the_answer_is_a_refusal(
    provider: OidcProvider, verifier: OidcVerifier
) -> None:
    chance = random.Random(11)
    odd: list[Any] = [
        None,
        True,
        -1,
        10**400,
        float("nan"),
        float("inf"),
        "",
        "é",
        "\ud800",
        [],
        [[]],
        {},
        {"a": []},
        "x" * 9000,
    ]
    for _ in range(200):
        name = chance.choice(["iss", "aud", "exp", "nbf", "iat", "preferred_username"])
        value = chance.choice(odd)
        if name in ("nbf", "iat") and value == -1:
            continue
        key = RSAKey.import_key(provider.keys[0])
        assert key.private_key is not None
        head = urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": key.kid}).encode()).rstrip(b"=")
        good = {"iss": provider.issuer, "aud": provider.audience, "exp": time.time() + 60, "preferred_username": "ada"}
        told = urlsafe_b64encode(json.dumps({**good, name: value}).encode()).rstrip(b"=")
        signature = key.private_key.sign(head + b"." + told, padding.PKCS1v15(), hashes.SHA256())
        token = b".".join([head, told, urlsafe_b64encode(signature).rstrip(b"=")]).decode()
        with pytest.raises((TokenRefusedError, NotAllowedError)):
            await verifier.verify(token)


@pytest.mark.parametrize(
    ("claim", "pattern", "account"),
    [
        ("ada", r"([a-z]+)", "ada"),
        ("ada@example.org", r"([a-z]+)@example\.org", "ada"),
        ("ada@evil.org", r"([a-z]+)@example\.org", None),
        ("ada\n", r"([a-z]+)", None),
        ("root", r"([a-z]+)", None),
        ("--x", r"(.*)", None),
        ("Root", r"(.*)", None),
        ("\u017fam", r"(.*)", None),  # a letter that is an s when case is ignored
        ("\u212aay", r"(.*)", None),  # and one that is a k
        ("ada", r"(x)?.*", None),
        ("ada", r"[a-z]+", "ada"),
    ],
)
async def test_a_claim_stands_for_an_account_only_as_a_whole(claim: str, pattern: str, account: str | None) -> None:
    given = OidcSettings(issuer="https://x.example.org", audience="a", app="p", pattern=pattern)
    if account is None:
        with pytest.raises(NotAllowedError):
            account_of({"preferred_username": claim}, given)
    else:
        assert account_of({"preferred_username": claim}, given) == account
