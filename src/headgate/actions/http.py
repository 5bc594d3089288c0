"""``http.request``: ask a site that an administrator has named."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, JsonValue, SecretStr, StringConstraints

from headgate.actions.action import Answer, Call, Parameters, action
from headgate.actions.refusals import ActionError, FailedError, ParametersError
from headgate.config.actions import HttpSettings, HttpSite, Method
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, WebAnswer, WebClient
from headgate.model.event import JSON
from headgate.model.role import Role

_PORTS: Final = {"http": 80, "https": 443}
_REFUSED: Final = 400
_BUSY: Final = frozenset({408, 425, 429})
_SERVERS_FAULT: Final = 500
_REDIRECTS: Final = range(300, 400)
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
_HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
_HeaderValue = Annotated[SecretStr, Field(max_length=8000)]


class Request(Parameters):
    """Parameters of ``http.request``."""

    url: str = Field(max_length=8000, description="The address, at one of the sites of `[actions.http.sites]`.")
    method: Method = Field("GET", description="The method.")
    headers: dict[_HeaderName, _HeaderValue] = Field(
        default_factory=dict,
        max_length=50,
        description="Further headers; those that the site is set to get stand over them.",
    )
    body: str | None = Field(None, description="What is sent, as it is.")
    data: dict[str, JsonValue] | list[JsonValue] | None = Field(
        None, description="What is sent, as JSON, in place of a `body`."
    )


class Answered(Answer):
    """What the site answered."""

    site: str
    """The site's name in the settings."""
    status: int | None
    """The status; null if nothing was asked."""
    body: JsonValue
    """What it said: JSON if it is that, else a text."""
    whole: bool
    """Whether that is all of it."""


@action("http.request", role=Role.OPERATOR, mutating=True, repeatable=False)
async def request(asked: Request, call: Call) -> Answered:
    """Ask a site that an administrator has named in the configuration.

    Addresses elsewhere are refused, and redirects are not followed. The site's own token and headers are added here,
    and hidden in what it answers. A status of 300 or more is a failure.
    """
    settings = call.context.settings.http
    name, site = site_of(asked.url, settings)
    if asked.method not in site.methods:
        raise ParametersError(f"the site {name} may be asked by {', '.join(site.methods)} only")
    content, headers = _content(asked, settings)
    if call.dry_run:
        return Answered(site=name, status=None, body=None, whole=False)
    hide = _Hidden(tuple(secret.get_secret_value() for secret in (*site.headers.values(), site.bearer) if secret))
    client = WebClient(timeout=settings.timeout, connections=1, ca_file=site.ca_file, most=settings.most_bytes)
    try:
        answer = await client.exchange(
            asked.method, asked.url, headers={**headers, **_own_headers(site)}, content=content
        )
    except FAILURES as error:
        words = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
        raise ActionError(f"the site {name} does not answer: {words}", transient=True) from error
    finally:
        await client.aclose()
    return _answered(name, answer, hide)


def _answered(name: str, answer: WebAnswer, hide: _Hidden) -> Answered:
    """Return what a site answered. Raises FailedError for what is no success."""
    answered = Answered(site=name, status=answer.status, body=hide.body(answer.text), whole=answer.whole)
    if answer.status in _REDIRECTS:
        raise FailedError(f"the site {name} answered {answer.status}; redirects are not followed", result=answered)
    if answer.status >= _REFUSED:
        passes = answer.status in _BUSY or answer.status >= _SERVERS_FAULT
        raise FailedError(f"the site {name} answered {answer.status}", result=answered, transient=passes)
    return answered


def site_of(url: str, settings: HttpSettings) -> tuple[str, HttpSite]:
    """Return the site that an address is at, the one with the longest path. Raises ParametersError."""
    parts = _parts(url)
    found = [(name, site) for name, site in settings.sites.items() if _lies_at(parts, urlsplit(site.url))]
    if not found:
        known = ", ".join(site.url for site in settings.sites.values()) or "none"
        raise ParametersError(f"the address is at no site that may be asked ({known})")
    return max(found, key=lambda pair: len(pair[1].url))


def _parts(url: str) -> SplitResult:
    """Return an address in parts. Raises ParametersError for what is none, or could be read in two ways."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0 and not parts.fragment
    except ValueError:
        fine = False
        parts = urlsplit("")
    plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>^`{|}@')
    decoded = unquote(parts.path)
    if (
        not fine
        or not plain
        or any(part in (".", "..") for part in re.split(r"[/\\]", decoded))
        or "%2f" in url.lower()
    ):
        raise ParametersError("this is no address of the kind that may be asked: https://HOST/PATH, without . and ..")
    return parts


def _lies_at(parts: SplitResult, site: SplitResult) -> bool:
    """Whether an address begins with a site's, part by part."""
    same_host = parts.scheme == site.scheme and parts.hostname == site.hostname
    below = f"{parts.path}/".startswith(f"{site.path.rstrip('/')}/")
    return same_host and _port(parts) == _port(site) and below


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


def _content(asked: Request, settings: HttpSettings) -> tuple[bytes, dict[str, str]]:
    """Return what is sent, and headers as the caller gave them. Raises ParametersError."""
    headers = {}
    for name, secret in asked.headers.items():
        text = secret.get_secret_value()
        if name.lower() in _OURS or not text.isascii() or not text.isprintable():
            raise ParametersError(f"the header {name} cannot be set, or not to this")
        headers[name] = text
    if asked.body is not None and asked.data is not None:
        raise ParametersError("a request has a body or data, and not both")
    kind = "text/plain; charset=utf-8" if asked.data is None else "application/json"
    content = ((asked.body or "") if asked.data is None else json.dumps(asked.data)).encode()
    if len(content) > settings.most_bytes:
        raise ParametersError(f"the body has more than {settings.most_bytes} bytes")
    known = {name.lower() for name in headers}
    return content, headers if not content or "content-type" in known else {**headers, "Content-Type": kind}


def _own_headers(site: HttpSite) -> dict[str, str]:
    headers = {name: secret.get_secret_value() for name, secret in site.headers.items()}
    if site.bearer is not None:
        headers["Authorization"] = f"Bearer {site.bearer.get_secret_value()}"
    return headers


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A site's secrets, which may not be in what it answers."""

    secrets: tuple[str, ...]

    def body(self, text: str) -> JSON:
        """Return an answer's body: JSON if it is that, else a text."""
        shown = Redaction(self.secrets).all_of(text)
        try:
            read: JSON = json.loads(shown)
        except (ValueError, RecursionError):
            return shown
        return read


ACTIONS: Final = (request,)
