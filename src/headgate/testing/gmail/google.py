"""The played Google: ``/token`` gives access tokens, ``/gmail/v1/users/me/messages/send`` takes mails.

Rules and where they are from:

- tokens: "Using OAuth 2.0 for Server to Server Applications"; see ``claims.py``;
- ``messages.send``: the Gmail API's reference (one field ``raw``, base64url of RFC 2822; 35 MB; the scope);
- unknown fields: "Invalid JSON payload received. Unknown name", as all Google APIs answer;
- errors: "Resolve errors" of the Gmail API's guides, in whose form all refusals are; ``Invalid To header`` and
  ``Recipient address required`` are what Gmail says of a mail that cannot be addressed.
"""

from __future__ import annotations

import base64
import email.utils
import itertools
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from urllib.parse import parse_qs

from headgate.testing.gmail.claims import PlayedAccount, RefusedError, check, new_account
from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour
from headgate.testing.web import PlayedByAnswers

SEND = "https://www.googleapis.com/auth/gmail.send"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LARGEST = 35 * 1024 * 1024
_LONGEST_LINE = 998


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that was taken, for the mailbox it was sent from."""

    user: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return BytesParser(EmailMessage, policy=modern).parsebytes(self.raw)


class PlayedGoogle(PlayedByAnswers):
    """Google for tests; use it as an async context manager.

    ``users``: mailboxes that the account may send from. ``lifetime``: seconds a token is good for.
    """

    def __init__(self, users: tuple[str, ...], *, lifetime: int = 3599, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.account: PlayedAccount = new_account(frozenset({SEND}), frozenset(users))
        self.mails: list[SentMail] = []
        self.tokens: dict[str, str] = {}
        """The tokens that are good, and the user of each."""
        self.lifetime = lifetime
        self._clock = clock
        self._scripts: dict[str, deque[Behaviour]] = {"/token": deque(), "/send": deque()}
        self._numbers = itertools.count(1)

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.sink.url

    @property
    def key_file(self) -> str:
        """The account's key, as JSON."""
        return self.account.key_file(f"{self.url}/token")

    @property
    def asked(self) -> int:
        """How often a token was asked for."""
        return sum(request.path == "/token" for request in self.sink.requests)

    def script(self, *behaviours: Behaviour) -> None:
        """Queue what to answer to the next mails."""
        self._scripts["/send"].extend(behaviours)

    def script_tokens(self, *behaviours: Behaviour) -> None:
        """Queue what to answer next to those who ask for a token."""
        self._scripts["/token"].extend(behaviours)

    def answer(self, request: ReceivedRequest) -> Behaviour:
        """Answer as Google would, unless a script says otherwise."""
        place = "/token" if request.path == "/token" else "/send"
        if self._scripts[place]:
            return self._scripts[place].popleft()
        if request.method != "POST" or request.path not in ("/token", "/gmail/v1/users/me/messages/send"):
            return fault(404, "notFound", "Not Found")
        return self._give_token(request) if place == "/token" else self._take(request)

    def _give_token(self, request: ReceivedRequest) -> Answer:
        form = parse_qs(request.body.decode(errors="replace"))
        if request.headers.get("content-type") != "application/x-www-form-urlencoded" or form.get("grant_type") != [
            _GRANT
        ]:
            return _json(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: "})
        try:
            claim = form.get("assertion", [""])[0]
            user = check(claim, self.account, self._clock())
        except RefusedError as error:
            status = 401 if error.code == "unauthorized_client" else 400
            return _json(status, {"error": error.code, "error_description": error.description})
        token = f"ya29.c.played-token-{next(self._numbers):04}-{'x' * 40}"
        self.tokens[token] = user
        return _json(200, {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"})

    def _take(self, request: ReceivedRequest) -> Answer:
        user = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None:
            return fault(401, "authError", "Invalid Credentials")
        if len(request.body) > _LARGEST:
            return fault(413, "uploadTooLarge", "Request entity too large")
        raw = _raw_of(request)
        if isinstance(raw, Answer):
            return raw
        mail = SentMail(user, raw)
        if wrong := _what_is_wrong(mail):
            return fault(400, "invalidArgument", wrong)
        self.mails.append(mail)
        name = f"{next(self._numbers):016x}"
        return _json(200, {"id": name, "threadId": name, "labelIds": ["SENT"]})


def fault(status: int, reason: str, message: str) -> Answer:
    """Return a refusal in the form of Google's APIs."""
    errors = [{"message": message, "domain": "global", "reason": reason}]
    return _json(status, {"error": {"code": status, "message": message, "errors": errors}})


def _json(status: int, body: object) -> Answer:
    return Answer(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(body).encode())


def _raw_of(request: ReceivedRequest) -> bytes | Answer:
    """Return the mail of a request, or why there is none."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return fault(400, "badRequest", "Media type is not supported.")
    try:
        body = json.loads(request.body)
    except ValueError:
        return fault(400, "parseError", "Invalid JSON payload received.")
    match body:
        case {"raw": str(raw), **more}:
            if more:
                return fault(400, "badRequest", f"Invalid JSON payload received. Unknown name {next(iter(more))!r}")
            try:
                return base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True)
            except ValueError:
                return fault(
                    400, "invalidArgument", "Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"
                )
    return fault(
        400, "invalidArgument", "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
    )


def _what_is_wrong(mail: SentMail) -> str:
    """Return what Gmail says of a mail it does not take; nothing if it takes it."""
    if any(len(line) > _LONGEST_LINE for line in mail.raw.split(b"\r\n")):
        return "Line too long"
    message = mail.message
    if message.defects:
        return "Invalid message"
    targets = message.get_all("To", [])
    if not targets:
        return "Recipient address required"
    for _, address in email.utils.getaddresses([str(target) for target in targets]):
        local, at, domain = address.rpartition("@")
        if not at or not local or "." not in domain or " " in address:
            return "Invalid To header"
    return "" if len(message.get_all("From", [])) == 1 else "Invalid From header"
