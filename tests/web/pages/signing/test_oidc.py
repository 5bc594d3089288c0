"""Signing in at a real provider; and what a wrong one, or somebody between, does not get done."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, import_key
from playwright.async_api import Browser
from starlette.types import Receive, Scope, Send

from headgate.config.pages import PagesOidcSettings
from headgate.errors import HeadgateError
from headgate.gateway.oidc.verifier import Holder
from headgate.store.store import Store
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour, HttpSink, Reset
from headgate.testing.oidc.provider import OidcProvider, new_keys
from headgate.web.pages.signing.oidc import OidcSignIn, challenge_of
from headgate.web.pages.visitor import cookie_name
from tests.gateway.oidc.test_verifier import MODULES, NODE
from tests.web.pages.pages_place import ORIGIN, PagesPlace, Person, pages_place, serious
from tests.web.pages.signing.test_link import lines

REAL = pytest.mark.skipif(
    not (MODULES / "node_modules" / "oidc-provider").exists(), reason="oidc-provider is not in .counterparts"
)
PEOPLE = {"ada": {"groups": ["hpc", "ops"]}, "b.en@example.org": {}, "root": {}}


@asynccontextmanager
async def at_provider(
    store: Store, directory: Path, url: str = ORIGIN, *, in_token: bool = False, **settings: Any
) -> AsyncIterator[PagesPlace]:
    """The pages, with a real provider that signs people in by their names."""
    async with OidcProvider(
        NODE, MODULES, {}, pages={"headgate": url}, people=PEOPLE, claims_in_token=in_token
    ) as provider:
        own = {
            "issuer": provider.issuer,
            "client_id": "headgate",
            "client_secret": "headgateheadgate",
            "scopes": ["openid", "profile", "groups"],
            "name": "Example <i>University</i>",
            **settings,
        }
        users = {'"b.en@example.org"': "ben"}
        tables = {
            "pages": {"url": url},
            "pages.oidc": own,
            "pages.oidc.users": users,
            "roles.operator": {"oidc_groups": ["ops"]},
        }
        async with pages_place(store, directory, **tables) as place:
            yield place


async def go_there(person: Person, then: str = "/ui/") -> str:
    """Begin; return where somebody is sent to."""
    answer = await person.get("/sign-in/oidc", next=then)
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def at_the_provider(address: str, name: str, *, cancel: bool = False) -> str:
    """Sign in at the provider; return where it sends somebody back to."""
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True, timeout=30) as browser:
        asked = await browser.get(address)
        assert asked.status_code == 200, asked.text
        form = {"login": name, "go": "0" if cancel else "1"}
        answer = await browser.post(str(asked.url), data=form, follow_redirects=False)
        while "sign-in/oidc/back" not in answer.headers["location"]:
            answer = await browser.get(httpx2.URL(asked.url).join(answer.headers["location"]), follow_redirects=False)
    return str(answer.headers["location"])


@REAL
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("in_token", [False, True])
async def test_somebody_signs_in_and_is_who_the_provider_says(store: Store, tmp_path: Path, *, in_token: bool) -> None:
    async with at_provider(store, tmp_path, in_token=in_token) as place, place.client(None) as ada:
        assert "Example &lt;i&gt;University&lt;/i&gt;" in (await ada.get("/sign-in")).text
        address = await go_there(ada, "/ui/?state=x")
        asked = parse_qs(urlsplit(address).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["response_type"] == ["code"]
        back = await at_the_provider(address, "ada")
        answer = await ada.http.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/ui/?state=x")
        shown = (await ada.get("/")).text
        assert ">ada<" in shown
        assert ">operator<" in shown
        assert (await ada.http.get(back)).status_code == 403  # good once
        out = await ada.post("/sign-out")
        left = await ada.http.get(out.headers["location"])
        assert "/session/end?client_id=headgate&amp;post_logout_redirect_uri=" in left.text
    assert (await lines(place))[:2] == [
        ("ada", "sign in", "done", "oidc"),
        ("", "sign in", "refused", "oidc: not begun in this browser, or too long ago"),
    ]


@REAL
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_who_is_not_let_in(store: Store, tmp_path: Path) -> None:
    async with at_provider(store, tmp_path) as place:
        async with place.client(None) as ben:
            answer = await ben.http.get(await at_the_provider(await go_there(ben), "b.en@example.org"))
            assert answer.status_code == 303
            assert ">ben<" in (await ben.get("/")).text
        async with place.client(None) as boss:  # nobody is root by a provider's word
            answer = await boss.http.get(await at_the_provider(await go_there(boss), "root"))
            assert (answer.status_code, "no account here" in answer.text) == (403, True)
        async with place.client(None) as ada:
            back = await at_the_provider(await go_there(ada), "ada", cancel=True)
            answer = await ada.http.get(back)
            assert (answer.status_code, "access_denied" in answer.text) == (403, True)
        async with place.client(None) as victim, place.client(None) as mallory:
            # Mallory's own code, sent to somebody who has not begun, or has begun another one.
            back = await at_the_provider(await go_there(mallory), "ada")
            assert (await victim.http.get(back)).status_code == 403
            own = dict(parse_qsl(urlsplit(await go_there(victim)).query))["state"]
            back = await at_the_provider(await go_there(mallory), "ada")
            swapped = dict(parse_qsl(urlsplit(back).query)) | {"state": own}
            answer = await victim.http.get(f"{ORIGIN}/ui/sign-in/oidc/back?{urlencode(swapped)}")
            assert answer.status_code == 401  # the code was asked for with another challenge
            assert cookie_name(place.site) not in victim.http.cookies


@REAL
@pytest.mark.browser
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_in_a_browser_with_our_policy_somebody_goes_there_and_comes_back(
    store: Store, tmp_path: Path, browser: Browser
) -> None:
    async with pages_place(store, tmp_path) as plain, AsyncExitStack() as stack:
        apps = [plain.app]  # the provider has to know the port, which is known only once something is served there

        async def newest(scope: Scope, receive: Receive, send: Send) -> None:
            await apps[-1](scope, receive, send)

        plain.app = newest
        origin = await stack.enter_async_context(plain.served())
        place = await stack.enter_async_context(at_provider(store, tmp_path, origin))
        apps.append(place.app)
        context = await plain.browsing(browser, origin, None)
        page = await context.new_page()
        troubles: list[str] = []
        page.on(
            "console",
            lambda message: (
                troubles.append(message.text)
                if message.type == "error" and message.location["url"].startswith(origin)
                else None
            ),
        )
        await page.goto("/ui/?state=x")
        assert await serious(page) == []
        await page.get_by_role("link", name="Sign in at Example").click()
        await page.get_by_label("Name").fill("ada")
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url("**/ui/?state=x")
        assert await page.get_by_role("link", name="ada").is_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.get_by_role("link", name="sign out there, too").click()
        await page.wait_for_url(f"{place.site.settings.pages.oidc.issuer}/**")  # type: ignore[union-attr]
        assert troubles == []
        await context.close()


class FalseProvider:
    """A provider that says what a test has it say."""

    def __init__(self, sink: HttpSink) -> None:
        self.issuer = sink.url
        self.keys = new_keys("RS256", "first")
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_endpoint": f"{self.issuer}/auth?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/me",
        }
        self.tokens: Callable[[], Any] = self.good
        self.told: dict[str, Any] = {"sub": "1", "groups": ["hpc"]}
        self.header: dict[str, Any] = {}
        self.key: Any = None
        self.sink = sink
        sink.choose = self.answer

    def good(self) -> dict[str, Any]:
        return {"id_token": self.token(), "access_token": "x", "token_type": "Bearer"}

    def token(self, **claims: Any) -> str:
        now = int(time.time())
        told = {"iss": self.issuer, "aud": "headgate", "sub": "1", "exp": now + 60, "iat": now, "nonce": "n"}
        told = {name: value for name, value in {**told, "preferred_username": "ada", **claims}.items() if value != ""}
        header = {"alg": "RS256", "kid": "first", **self.header}
        key = self.key or import_key({**self.keys[0], "alg": header["alg"]})
        return jwt.encode(header, told, key, algorithms=[header["alg"]])

    def answer(self, request: ReceivedRequest) -> Behaviour:
        public = [{name: key[name] for name in ("kty", "kid", "use", "alg", "n", "e")} for key in self.keys]
        body = {
            "/.well-known/openid-configuration": lambda: self.document,
            "/keys": lambda: {"keys": public},
            "/token": self.tokens,
            "/me": lambda: self.told,
        }[request.path.partition("?")[0]]()  # type: ignore[no-untyped-call]
        if isinstance(body, Answer | Reset):
            return body
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def asked_with(self) -> dict[str, str]:
        """The form it was last asked for tokens with."""
        return dict(parse_qsl([one for one in self.sink.requests if one.path == "/token"][-1].body.decode()))

    async def holder(self, *, issuer: str | None = None, code: str = "c", **settings: Any) -> Holder:
        own = {"issuer": self.issuer, "client_id": "headgate", "client_secret": "s:ö%", "leeway": 0, **settings}
        signing = OidcSignIn(PagesOidcSettings.model_validate(own), "https://headgate.example.org")
        try:
            return await signing.holder(code, issuer=issuer, nonce="n", verifier="v" * 43)
        finally:
            await signing.aclose()


@pytest.fixture
async def provider() -> AsyncIterator[FalseProvider]:
    async with HttpSink() as sink:
        yield FalseProvider(sink)


async def test_who_signed_in_is_what_both_answers_say(provider: FalseProvider) -> None:
    assert await provider.holder(issuer=provider.issuer) == Holder("ada", frozenset({"hpc"}))
    form = provider.asked_with()
    assert form["code_verifier"] == "v" * 43
    assert form["redirect_uri"] == "https://headgate.example.org/ui/sign-in/oidc/back"
    assert "client_secret" not in form
    provider.document["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await provider.holder()
    assert provider.asked_with()["client_secret"] == "s:ö%"
    await provider.holder(client_secret=None)
    assert "client_secret" not in provider.asked_with()


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "other"}, "not made for this sign-in"),
        ({"nonce": ""}, "not made for this sign-in"),
        ({"nonce": 7}, "not made for this sign-in"),
        ({"aud": "portal"}, "another audience"),
        ({"aud": ["headgate", "portal"]}, "somebody else"),
        ({"aud": ["headgate", "portal"], "azp": "portal"}, "somebody else"),
        ({"azp": "portal"}, "somebody else"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"exp": 1}, "expired"),
        ({"exp": ""}, "expired"),
        ({"iat": ""}, "or when"),
        ({"iat": 4e10}, "not good yet"),
        ({"sub": ""}, "who signed in"),
        ({"sub": 7}, "who signed in"),
        ({"sub": "2"}, "somebody else"),
        ({"preferred_username": "root"}, "no account"),
        ({"preferred_username": "ada\n"}, "no account"),
        ({"preferred_username": ["ada"]}, "no claim"),
    ],
)
async def test_a_token_that_is_not_for_this_sign_in_is_refused(provider: FalseProvider, claims: Any, why: str) -> None:
    provider.tokens = lambda: {**provider.good(), "id_token": provider.token(**claims)}
    with pytest.raises(HeadgateError, match=why):
        await provider.holder()


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"alg": "HS256"}, {"kid": "other"}, {"crit": ["x"]}])
async def test_a_token_of_another_kind_is_refused(provider: FalseProvider, header: dict[str, Any]) -> None:
    provider.header = header if header != {"crit": ["x"]} else {}
    if header.get("alg") == "HS256":
        provider.key = OctKey.import_key(provider.keys[0]["n"])
    if "crit" in header:
        provider.tokens = lambda: {**provider.good(), "id_token": "e30.e30.e30"}
    with pytest.raises(HeadgateError):
        await provider.holder()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(400, {}, b'{"error": "invalid_grant"}'), "did not take"),
        (Answer(302, {"Location": "https://evil.example"}), "did not take"),
        (Answer(200, {}, b"[]"), "did not take"),
        (Answer(200, {}, b"{"), "cannot be reached"),
        (Answer(200, {}, b"{}"), "did not say who"),
        (Answer(200, {}, b'{"id_token": {}}'), "did not say who"),
        (Reset(), "cannot be reached"),
    ],
)
async def test_an_answer_that_makes_no_sense_lets_nobody_in(provider: FalseProvider, answer: Any, why: str) -> None:
    provider.tokens = lambda: answer
    with pytest.raises(HeadgateError, match=why):
        await provider.holder()


async def test_an_answer_of_another_provider_is_refused_before_it_is_asked_anything(provider: FalseProvider) -> None:
    with pytest.raises(HeadgateError, match="another provider"):
        await provider.holder(issuer="https://evil.example")
    provider.document["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(HeadgateError, match="which provider"):
        await provider.holder()
    for code in ("", "x" * 5000):
        with pytest.raises(HeadgateError, match="no code"):
            await provider.holder(code=code, issuer=provider.issuer)
    assert not [one for one in provider.sink.requests if one.path == "/token"]


async def test_a_provider_that_calls_itself_something_else_is_sent_nobody(provider: FalseProvider) -> None:
    for wrong in ({"issuer": "https://evil.example"}, {"authorization_endpoint": "javascript:alert(1)"}):
        provider.document |= wrong
        own = {"issuer": provider.issuer, "client_id": "headgate"}
        signing = OidcSignIn(PagesOidcSettings.model_validate(own), "https://headgate.example.org")
        with pytest.raises(HeadgateError, match="cannot be reached"):
            await signing.begun_at(state="s", nonce="n", verifier="v")
        await signing.aclose()
        provider.document["issuer"] = provider.issuer


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
