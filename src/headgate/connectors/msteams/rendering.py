"""From a message to what is posted: a card small enough for Teams, in a message. Pure.

Teams refuses a message over 28 KB, counted after it has made the card longer (MicrosoftDocs/msteams-docs issue 11274:
24.4 KB sent, 28.9 KB counted), and says so to the flow, not to us. So what is sent stays under 20 KB, and a card that
would be larger is made again with less: the log first, then the long lists. What is left out is said in the card.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from headgate.connectors.bounds import Bounds, within
from headgate.connectors.msteams.card import URGENCY, Element, Mention, card_of
from headgate.connectors.msteams.markup import cut_markdown, plain
from headgate.model.message import Message, Outcome

MAX_OCTETS = 20_000
"""Of the whole payload as it is sent."""
_MAX_BODY = 12_000
"""Octets of a body made by a site's template."""
_CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_WIDE = Bounds(
    title=160, text=600, label=40, value=240, url=1000, facts=16, bars=6, remarks=8, links=6, log_line=200, digest=120
)
_NONE = 1
"""For the number of log lines, since ``within`` takes 0 for all; one line tells nothing, and is left out."""
_LEVELS = (
    *(replace(_WIDE, log_lines=lines) for lines in (30, 15, 6, _NONE)),
    replace(_WIDE, log_lines=_NONE, digest=60, facts=12, value=160, text=300),
    replace(
        _WIDE, title=120, text=150, label=20, value=80, url=200, facts=8, bars=4, remarks=4, log_lines=_NONE, digest=30
    ),
    Bounds(
        title=80, text=80, label=16, value=60, url=200, facts=3, bars=2, remarks=2, links=2, log_lines=_NONE, digest=5
    ),
)
"""How much a card may hold, from the most to the least; the first that fits is taken."""
_MAIL_TYPES = {
    Outcome.STARTED: "Began",
    Outcome.SUCCEEDED: "Ended",
    Outcome.CANCELLED: "Ended",
    Outcome.REQUEUED: "Requeued",
    Outcome.MIXED: "Failed",
    Outcome.FAILED: "Failed",
    Outcome.TIMED_OUT: "Failed",
    Outcome.OUT_OF_MEMORY: "Failed",
    Outcome.WARNING: "Warning",
    Outcome.NEUTRAL: "Note",
}
"""Slurm's words (slurmctld, ``_mail_type_str``), where the message does not hold the very one."""
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}")
_MAIL_TYPE = "SLURM_JOB_MAIL_TYPE"


def payload_of(message: Message, *, body: str | None = None, principal: str | None = None) -> Element:
    """Return what is posted. ``body``: a site's own, in Markdown; ``principal``: whom a flow forwards the card to."""
    urgent = sorted(message.digest, key=lambda line: URGENCY.index(line.outcome))
    message = message.model_copy(update={"digest": tuple(urgent)})
    payload: Element = {}
    for bounds in _LEVELS:
        bounded = _cleaned(message, bounds)
        card = card_of(
            bounded,
            body=None if body is None else cut_markdown(body, _MAX_BODY),
            mention=None if principal is None else _mention(bounded, principal),
        )
        attachment = {"contentType": _CARD_TYPE, "contentUrl": None, "content": card}
        payload = {"type": "message", "attachments": [attachment]}
        if len(octets_of(payload)) <= MAX_OCTETS:
            break
    return payload


def octets_of(payload: Element) -> bytes:
    """Return a payload as it is sent."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def bounded_for_template(message: Message) -> Message:
    """Return the message as a site's template gets it."""
    return within(message, _WIDE)


def _cleaned(message: Message, bounds: Bounds) -> Message:
    """Bound a message, and say how much of its log is left out."""
    bounded = within(message, bounds)
    if bounded.log is None or message.log is None:
        return bounded
    lines = () if bounds.log_lines == _NONE else bounded.log.lines
    left_out = len(message.log.lines) - len(lines)
    log = bounded.log.model_copy(update={"lines": lines})
    if not left_out:
        return bounded
    said = f"Teams takes small messages only: {left_out} more lines of {bounded.log.path} are left out."
    return bounded.model_copy(update={"log": log, "notes": (*bounded.notes, said)})


def _mention(message: Message, principal: str) -> Mention:
    user = message.job.user if message.job is not None else ""
    told = message.fields.get(_MAIL_TYPE)
    return Mention(
        principal=principal,
        name=user if _ACCOUNT.fullmatch(user) else principal.partition("@")[0],
        mail_type=plain(told) if isinstance(told, str) and told else _MAIL_TYPES[message.outcome],
    )
