"""Asking GitHub, as an App: its tokens, its limits, its errors in our words. What is asked stands in ``github.py``.

githubkit signs the App's own tokens and makes the requests; answers are read by us, leniently, since its models refuse
what a newer or older server says differently. Installation tokens are kept here, because git needs them as well, and
because one that was taken back is to be replaced and not tried for an hour.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from urllib.parse import quote

import httpx
import structlog
from githubkit import AppAuthStrategy, GitHub, UnauthAuthStrategy
from githubkit.cache import MemCacheStrategy
from githubkit.exception import GitHubException, RequestFailed, RequestTimeout
from githubkit.response import Response
from githubkit.throttling import LocalThrottler

import headgate
from headgate.builds.forge.budget import Budget
from headgate.builds.forge.calls import CALLS
from headgate.builds.forge.interface import ForbiddenError, ForgeError, GoneError
from headgate.builds.forge.remembered import Remembered
from headgate.config.builds import GitHubSettings
from headgate.connectors.tls import tls_context
from headgate.errors import ConfigError

_log = structlog.get_logger(__name__)
_VERSION: Final = "2022-11-28"
"""The API's version that is asked for: GitHub and every Enterprise Server know it."""
_TOGETHER: Final = 20
"""Requests at a time; GitHub allows 100."""
_FRESH: Final = 300.0
"""Seconds an installation's token has to be good for to be used at all."""
_AGAIN: Final = 30.0
"""Seconds to wait after what may well go better the next time."""
_MAKING: Final = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _GONE, _NOT_MODIFIED, _SERVER = 401, 403, 404, 410, 304, 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said. ``headers``: by their names in small letters. ``known``: it had not changed."""

    content: bytes
    headers: Mapping[str, str]
    known: bool = False

    def json(self) -> Any:
        """Return what it said as JSON. Raises ForgeError."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise ForgeError("GitHub's answer is no JSON", retry_after=_AGAIN) from None


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    expires_at: float


class GitHubApi:
    """One App on one GitHub. Raises ConfigError if its key or certificates cannot be used."""

    def __init__(self, name: str, settings: GitHubSettings, *, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._clock = clock
        transport = _Shared(
            httpx.AsyncHTTPTransport(
                verify=tls_context(settings.ca_file),
                limits=httpx.Limits(max_connections=_TOGETHER, max_keepalive_connections=5, keepalive_expiry=60),
            )
        )
        self._transport = transport
        common: dict[str, Any] = {
            "base_url": api_url(settings),
            "user_agent": f"headgate/{headgate.__version__}",
            "timeout": settings.timeout,
            "trust_env": False,
            "http_cache": False,  # ours is bounded
            "auto_retry": False,  # whoever asks knows whether to ask again
            "async_transport": transport,
            "throttler": LocalThrottler(_TOGETHER),
            # A cache of its own: the default one is shared, and would take Apps of two servers for one.
            "cache_strategy": MemCacheStrategy(),
        }
        self._as_app = GitHub(AppAuthStrategy(settings.app_id, _private_key(settings)), **common)
        self._as_installation = GitHub(UnauthAuthStrategy(), **common)
        self._budgets: dict[int | None, Budget] = {}
        self._tokens: dict[int, _Token] = {}
        self._locks: dict[int, asyncio.Lock] = {}
        self._installations: dict[str, int] = {}
        self._remembered = Remembered()

    async def aclose(self) -> None:
        """Close its connections."""
        await self._transport.inner.aclose()

    async def app(
        self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, spare: bool = False
    ) -> Answer:
        """Ask something as the App itself. ``spare``: it could as well be asked later. Raises ForgeError."""
        return await self._ask(None, "", method, path, params=params, spare=spare)

    async def of(
        self,
        owner: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/vnd.github+json",
        spare: bool = False,
    ) -> Answer:
        """Ask something as the App's installation in an account, or in ``OWNER/NAME``. Raises ForgeError."""
        installation = await self.installation(owner)
        return await self.as_installation(
            installation, method, path, params=params, body=body, accept=accept, spare=spare
        )

    async def as_installation(
        self,
        installation: int,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/vnd.github+json",
        spare: bool = False,
    ) -> Answer:
        """Ask something as one installation. A token that was taken back is replaced once. Raises ForgeError."""
        for last in (False, True):
            token = await self.token(installation)
            try:
                return await self._ask(
                    installation, token, method, path, params=params, body=body, accept=accept, spare=spare
                )
            except _UnknownTokenError:
                if self._tokens.get(installation, _Token("", 0)).text == token:
                    del self._tokens[installation]
                if last:
                    raise
        raise AssertionError  # pragma: no cover - the last round returns or raises

    async def token(self, installation: int, *, lasting: float = _FRESH) -> str:
        """Return a token of an installation that lasts for so many seconds, or a new one. Raises ForgeError."""
        async with self._locks.setdefault(installation, asyncio.Lock()):
            known = self._tokens.get(installation)
            if known is not None and known.expires_at - self._clock() >= lasting:
                return known.text
            path = f"/app/installations/{installation}/access_tokens"
            try:
                said = (await self._ask(None, "", "POST", path, params=None)).json()
            except GoneError:
                self._installations = {name: one for name, one in self._installations.items() if one != installation}
                raise GoneError("the App is not installed there any more") from None
            try:
                made = _Token(str(said["token"]), datetime.fromisoformat(said["expires_at"]).timestamp())
            except (KeyError, TypeError, ValueError):
                raise ForgeError("GitHub gave no token that can be read", retry_after=_AGAIN) from None
            self._tokens[installation] = made
            return made.text

    async def installation(self, owner: str) -> int:
        """Return the App's installation in an account, or in ``OWNER/NAME``. Raises GoneError if it has none there."""
        account = owner.partition("/")[0].lower()
        if account not in self._installations:
            path = f"/repos/{segments(owner)}" if "/" in owner else f"/orgs/{segments(owner)}"
            try:
                said = (await self.app("GET", f"{path}/installation")).json()
                self._installations[account] = int(said["id"])
            except GoneError:
                raise GoneError(f"the App is not installed for {owner}") from None
            except (KeyError, TypeError, ValueError):
                raise ForgeError("GitHub named no installation that can be read", retry_after=_AGAIN) from None
        return self._installations[account]

    async def _ask(
        self,
        installation: int | None,
        token: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/vnd.github+json",
        spare: bool = False,
    ) -> Answer:
        budget = self._budgets.setdefault(installation, Budget(clock=self._clock))
        await budget.admit(makes=token != "" and method in _MAKING, spare=spare)
        headers = {"Accept": accept, "X-GitHub-Api-Version": _VERSION}
        asked = (str(installation), path, accept, *(f"{name}={value}" for name, value in (params or {}).items()))
        kept = self._remembered.get(asked) if method == "GET" else None
        if kept is not None:
            headers["If-None-Match"] = kept.tag
        if token:
            headers["Authorization"] = f"token {token}"
        client = self._as_installation if token else self._as_app
        try:
            response = await client.arequest(
                method, path.removeprefix("/"), params=dict(params or {}), json=body, headers=headers
            )
        except RequestFailed as error:
            raise self._refused(error.response, budget, path, token) from None
        except RequestTimeout:
            CALLS.labels(self._name, "timeout").inc()
            raise ForgeError("GitHub did not answer in time", retry_after=_AGAIN) from None
        except (GitHubException, ValueError) as error:  # ValueError: githubkit reads Retry-After as a number only
            CALLS.labels(self._name, "none").inc()
            _log.debug("forge.unreachable", forge=self._name, error=_cause(error))
            raise ForgeError(f"GitHub cannot be reached: {_cause(error)}", retry_after=_AGAIN) from None
        CALLS.labels(self._name, str(response.status_code)).inc()
        said = {name.lower(): value for name, value in response.headers.items()}
        budget.told(response.status_code, said)
        if response.status_code == _NOT_MODIFIED and kept is not None:
            return Answer(kept.content, {"link": kept.link, **said}, known=True)
        content = response.content
        if method == "GET" and "etag" in said:
            self._remembered.keep(asked, said["etag"], content, said.get("link", ""))
        return Answer(content, said)

    def _refused(self, response: Response[Any], budget: Budget, path: str, token: str) -> ForgeError:
        """Return in our words what GitHub refused."""
        status = response.status_code
        CALLS.labels(self._name, str(status)).inc()
        headers = {name.lower(): value for name, value in response.headers.items()}
        said = _message(response.content)
        if budget.told(status, headers, said):
            _log.warning("forge.limited", forge=self._name, seconds=round(budget.wait()))
            return ForgeError("GitHub's rate limit is reached", retry_after=budget.wait())
        if status == _UNAUTHORISED:
            if token:
                return _UnknownTokenError("GitHub does not take our token", retry_after=_AGAIN)
            return ForbiddenError(
                f"GitHub does not take the App's key (app_id, private_key, this host's clock): {said}"
            )
        if status == _FORBIDDEN:
            wanted = headers.get("x-accepted-github-permissions", "")
            return ForbiddenError(f"GitHub forbids {path}: {said}" + (f"; it takes {wanted[:200]}" if wanted else ""))
        if status in {_NOT_FOUND, _GONE}:
            return GoneError(f"GitHub does not know {path}, or does not show it to the App")
        again = _AGAIN if status >= _SERVER else None
        return ForgeError(f"GitHub answered {status} to {path}: {said}", retry_after=again)


class _UnknownTokenError(ForgeError):
    """A token is not, or no more, good."""


class _Shared(httpx.AsyncBaseTransport):
    """Connections that outlive the clients githubkit makes, one for each request."""

    def __init__(self, inner: httpx.AsyncHTTPTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make a request."""
        return await self.inner.handle_async_request(request)

    async def __aenter__(self) -> Self:
        """Stay as it is."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stay open."""


def api_url(settings: GitHubSettings) -> str:
    """Return where the REST API is."""
    if settings.api_url:
        return settings.api_url
    url = settings.url.rstrip("/")
    return "https://api.github.com" if url == "https://github.com" else f"{url}/api/v3"


def segments(path: str) -> str:
    """Return ``OWNER/NAME`` as it stands in an address."""
    return quote(path, safe="/")


def _private_key(settings: GitHubSettings) -> str:
    try:
        text = settings.private_key.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ConfigError(f"private_key {settings.private_key} cannot be read: {why}") from None
    if "PRIVATE KEY" not in text:
        raise ConfigError(f"private_key {settings.private_key} holds no private key (PEM)")
    return text


def _message(content: bytes) -> str:
    """Return GitHub's own words of an error, in one line."""
    try:
        said = json.loads(content)
        words = str(said["message"])
        details = [
            str(one.get("message", one.get("code", ""))) for one in said.get("errors", ()) if isinstance(one, dict)
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "(no reason given)"
    return " ".join(f"{words} {' '.join(details)}".split())[:300]


def _cause(error: Exception) -> str:
    inner = getattr(error, "exc", error)
    return f"{type(inner).__name__}: {inner}"[:200] if isinstance(inner, httpx.TransportError) else type(inner).__name__
