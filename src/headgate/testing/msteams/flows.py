"""The played flows: a server that answers as a Workflows webhook does, and then posts the card, or fails to.

As the real one it answers 202 as soon as the request is well-formed; what is wrong with the card is found only in
``runs``, the flow's history. Rules and where they are from:

- address, ``api-version`` and ``sig``: webhook addresses as Power Automate gives them since 2025; a request without
  ``sig`` is answered ``DirectApiAuthorizationRequired``, one without ``api-version`` ``MissingApiVersionParameter``
  (answers quoted in caronc/apprise issue 1161);
- a flow that is switched off, or not there: ``WorkflowTriggerIsNotEnabled``, ``WorkflowNotFound``;
- size: 28,672 octets after the card has grown (MicrosoftDocs/msteams-docs issue 11274: 24,453 grew to 28,897);
- rate: four requests a second ("Create an Incoming Webhook", Microsoft's documentation), then 429.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from headgate.testing.http.request import ReceivedRequest
from headgate.testing.http.sink import Answer, Behaviour
from headgate.testing.msteams.card import faults_of
from headgate.testing.web import PlayedByAnswers

_CARD = "application/vnd.microsoft.card.adaptive"
_LIMIT = 28_672
_GROWTH = 28_897 / 24_453
_PATH = re.compile(r"/powerautomate/automations/direct/workflows/([0-9a-f]+)/triggers/manual/paths/invoke")
_RETRY_AFTER = 2


@dataclass(frozen=True)
class Run:
    """One run of a flow: the request it took. ``size``: octets of its body."""

    flow: str
    tracking_id: str
    body: Any
    size: int

    @property
    def card(self) -> Any:
        """The card, None if there is none where one should be."""
        return _card_of(self.body)[0]

    @functools.cached_property
    def faults(self) -> tuple[str, ...]:
        """What was wrong with it; nothing if the card was posted. Found when it is asked for: a flow answers first."""
        grown = round(self.size * _GROWTH)
        too_large = f"MessageSizeExceeded: {grown} bytes, whereas max allowed size is {_LIMIT} bytes"
        return (*([too_large] if grown > _LIMIT else []), *_card_of(self.body)[1]())


@dataclass(slots=True)
class Flow:
    """One flow: the key of its address, and whether it is switched on."""

    sig: str
    enabled: bool = True


class PlayedFlows(PlayedByAnswers):
    """Power Automate for tests; use it as an async context manager, after ``add``ing flows.

    ``per_second``: how many requests each flow takes in a second, if that is to be played.
    """

    def __init__(self, *, per_second: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.runs: list[Run] = []
        self.flows: dict[str, Flow] = {}
        self._script: deque[Behaviour] = deque()
        self._per_second, self._clock = per_second, clock
        self._taken: dict[str, deque[float]] = {}
        self._numbers = itertools.count(1)

    @property
    def posted(self) -> list[Run]:
        """The runs that posted their card."""
        return [run for run in self.runs if not run.faults]

    @property
    def requests(self) -> list[ReceivedRequest]:
        """Every request that came."""
        return self.sink.requests

    def add(self, flow: str, sig: str) -> None:
        """Add a flow: its name in the address, in hexadecimal, and its key."""
        self.flows[flow] = Flow(sig)

    def url(self, flow: str) -> str:
        """Return a flow's whole address, once the server runs."""
        path = f"/powerautomate/automations/direct/workflows/{flow}/triggers/manual/paths/invoke"
        query = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.flows[flow].sig}"
        return f"{self.sink.url}{path}?{query}"

    def script(self, *behaviours: Behaviour) -> None:
        """Queue what to answer next, in place of what a flow would."""
        self._script.extend(behaviours)

    def answer(self, request: ReceivedRequest) -> Behaviour:
        """Answer as Power Automate would, unless a script says otherwise."""
        if self._script:
            return self._script.popleft()
        parts = urlsplit(request.path)
        matched = _PATH.fullmatch(parts.path)
        if matched is None or (flow := self.flows.get(matched[1])) is None:
            return _refusal(404, "WorkflowNotFound", "The workflow could not be found.")
        query = parse_qs(parts.query)
        if refusal := _gate(flow, request.method, query):
            return refusal
        if self._is_too_many(matched[1]):
            return Answer(429, {"Retry-After": str(_RETRY_AFTER)}, b"")
        return self._run(matched[1], request)

    def _run(self, flow: str, request: ReceivedRequest) -> Behaviour:
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _refusal(415, "UnsupportedMediaType", "The body is not JSON.")
        try:
            body = json.loads(request.body.decode())
        except ValueError:
            return _refusal(400, "InvalidRequestContent", "The body is not JSON.")
        tracking = request.headers.get("x-ms-client-tracking-id", "")
        self.runs.append(Run(flow, tracking, body, len(request.body)))
        return Answer(202, {"x-ms-workflow-run-id": f"0858{next(self._numbers):016}CU00", "Content-Type": "text/plain"})

    def _is_too_many(self, flow: str) -> bool:
        if self._per_second is None:
            return False
        now = self._clock()
        taken = self._taken.setdefault(flow, deque())
        while taken and taken[0] <= now - 1:
            taken.popleft()
        taken.append(now)
        return len(taken) > self._per_second


def _gate(flow: Flow, method: str, query: dict[str, list[str]]) -> Answer | None:
    """Return why a request does not get to its flow, if it does not."""
    if "api-version" not in query:
        return _refusal(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
    if query.get("sig") != [flow.sig] or method != "POST":
        return _refusal(401, "DirectApiAuthorizationRequired", "The request needs a valid signature.")
    if not flow.enabled:
        return _refusal(400, "WorkflowTriggerIsNotEnabled", "The trigger is not enabled.")
    return None


def _card_of(body: Any) -> tuple[Any, Callable[[], list[str]]]:
    """Return the card of a posted message, and what finds out what is wrong with it."""
    match body:
        case {"type": "message", "attachments": [{"contentType": str(kind), "contentUrl": None, "content": card}]}:
            if kind != _CARD:
                return card, lambda: [f"contentType is {kind}"]
            return card, lambda: faults_of(card)
    return None, lambda: ["there is no card in `attachments`, or more than one"]


def _refusal(status: int, code: str, message: str) -> Answer:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Answer(status, {"Content-Type": "application/json; charset=utf-8"}, body)
