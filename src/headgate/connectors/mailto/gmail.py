"""Handing mails to Gmail's API: ``users.messages.send``, as a user for whom a service account may send.

Source: https://developers.google.com/gmail/api/reference/rest/v1/users.messages/send
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from headgate.connectors.http import outcome_of_error
from headgate.connectors.mailto.gmail_answers import outcome_of_answer, refusal_of_token
from headgate.connectors.mailto.mail import Mail
from headgate.connectors.mailto.service_account import GRANT, ServiceAccount, parse_key
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.connectors.redaction import Redaction
from headgate.connectors.web_client import FAILURES, WebAnswer, WebClient
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Commit, Outcome, Scope, TryAgain

_RENEW = 300.0
"""Seconds before its end at which a token is replaced."""
_LONGEST = 86400.0
"""Seconds for which a token is kept, whatever is said."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    end: float
    """By the monotonic clock."""


class GmailWay:
    """The way out through Gmail. Raises ConnectorError when made with a key or authorities that cannot be used."""

    def __init__(self, name: str, settings: MailtoSettings) -> None:
        self._account, self._secrets = _account(name, settings)
        self._user = settings.gmail_user or settings.from_address
        self._url = f"{settings.gmail_url.rstrip('/')}/gmail/v1/users/me/messages/send"
        self._timeout = settings.timeout
        self._client = WebClient(
            timeout=settings.timeout,
            connections=settings.concurrency + 1,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            keepalive=settings.idle_timeout,
        )
        self._token: _Token | None = None
        self._asking = asyncio.Lock()

    async def deliver(self, mail: Mail, commit: Commit) -> Outcome:
        """Send one mail. ``commit`` is awaited when there is a token, right before the mail is handed over."""
        try:
            token = await self._current_token()
        except FAILURES as error:
            return _for_all(outcome_of_error(error, Redaction(self._secrets)))
        if isinstance(token, TryAgain):
            return token
        hide = Redaction([*self._secrets, token.text])
        content = json.dumps({"raw": base64.urlsafe_b64encode(mail.content).decode()}).encode()
        headers = {"Authorization": f"Bearer {token.text}", "Content-Type": "application/json"}
        await commit()
        try:
            answer = await self._post(self._url, content, headers)
        except FAILURES as error:
            return outcome_of_error(error, hide)
        if answer.status == httpx2.codes.UNAUTHORIZED and self._token is token:
            self._token = None
        return outcome_of_answer(answer.status, answer.text, after=answer.after, now=time.time(), hide=hide)

    async def aclose(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def _current_token(self) -> _Token | TryAgain:
        """Return the token that is kept, or a new one; whoever comes meanwhile waits for the one who asks."""
        async with self._asking:
            if self._token is None or self._token.end - _RENEW < time.monotonic():
                found = await self._new_token()
                if isinstance(found, TryAgain):
                    return found
                self._token = found
            return self._token

    async def _new_token(self) -> _Token | TryAgain:
        claim = self._account.claim(self._user, time.time())
        content = str(httpx2.QueryParams({"grant_type": GRANT, "assertion": claim})).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._post(self._account.token_url, content, headers)
        hide = Redaction([*self._secrets, claim])
        if answer.status != httpx2.codes.OK:
            return refusal_of_token(answer.status, answer.text, after=answer.after, hide=hide)
        token = _token_of(answer.json())
        if token is None:
            return TryAgain(Reason.BAD_ANSWER, "asking for a token: an answer without one", scope=Scope.CONNECTOR)
        return token

    async def _post(self, url: str, content: bytes, headers: dict[str, str]) -> WebAnswer:
        """Post, and read the answer to its end or its bound. Raises one of ``FAILURES``."""
        async with asyncio.timeout(self._timeout):
            answer = await self._client.exchange("POST", url, content=content, headers=headers)
        if answer.failure is not None:
            raise answer.failure
        return answer


def _token_of(given: Any) -> _Token | None:
    """Read the token endpoint's answer; None if there is no token in it."""
    try:
        text, lifetime = given["access_token"], float(given["expires_in"])
    except (ValueError, LookupError, TypeError):
        return None
    if not isinstance(text, str) or not text or not text.isascii() or not text.isprintable() or " " in text:
        return None
    return _Token(text, time.monotonic() + min(max(lifetime, 0.0), _LONGEST))


def _for_all(outcome: Outcome) -> Outcome:
    """Make a failure one of all mails: without a token none gets out."""
    if isinstance(outcome, TryAgain):
        return TryAgain(outcome.reason, f"asking for a token: {outcome.detail}", outcome.after, Scope.CONNECTOR)
    return outcome


def _account(name: str, settings: MailtoSettings) -> tuple[ServiceAccount, list[str]]:
    """Return the account, and what of its key must not be shown."""
    key = settings.gmail_key.get_secret_value() if settings.gmail_key is not None else ""
    try:
        account = parse_key(key)
    except ValueError as error:
        raise ConnectorError(f"connector {name}: gmail_key {error}") from error
    info = json.loads(key)
    lines = [line for line in info["private_key"].splitlines() if line and not line.startswith("---")]
    return account, [info["private_key"], info["private_key_id"], *lines]
