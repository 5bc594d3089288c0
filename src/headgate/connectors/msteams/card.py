"""From a bounded message to an Adaptive Card. Pure.

Version 1.4 (adaptivecards.io, schema 1.4): Teams fails to show cards of 1.5 that come by a workflow. All text that may
come from a job stands in ``RichTextBlock``, which has no Markdown; see ``markup.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headgate.connectors.msteams.markup import plain, spaced, web_address
from headgate.connectors.style import STYLES
from headgate.model.message import Bar, DigestLine, Fact, LogTail, Message, Outcome

Element = dict[str, object]
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.4"
_BANDS = {
    Outcome.STARTED: "accent",
    Outcome.SUCCEEDED: "good",
    Outcome.FAILED: "attention",
    Outcome.CANCELLED: "emphasis",
    Outcome.TIMED_OUT: "warning",
    Outcome.OUT_OF_MEMORY: "attention",
    Outcome.REQUEUED: "accent",
    Outcome.WARNING: "warning",
    Outcome.MIXED: "warning",
    Outcome.NEUTRAL: "emphasis",
}
"""The container style behind the header; Teams has these and no other colours."""
_INKS = {"attention": "Attention", "good": "Good", "warning": "Warning", "accent": "Accent"}
URGENCY = (
    Outcome.FAILED,
    Outcome.OUT_OF_MEMORY,
    Outcome.TIMED_OUT,
    Outcome.MIXED,
    Outcome.WARNING,
    Outcome.CANCELLED,
    Outcome.REQUEUED,
    Outcome.SUCCEEDED,
    Outcome.STARTED,
    Outcome.NEUTRAL,
)
"""In which outcomes are told in a digest."""
_CELLS = 20
"""Characters of a bar."""
_FULL, _EMPTY = "\N{FULL BLOCK}", "\N{LIGHT SHADE}"
_MOST_ACTIONS = 6
"""Buttons that Teams shows on a card ("Cards reference", Adaptive Card, maximum number of primary actions)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """The person a flow forwards a card to. ``name``: what stands between ``<at>`` and ``</at>``."""

    principal: str
    name: str
    mail_type: str
    """What Slurm calls the event in its mails (``Began``, ``Failed``)."""

    @property
    def text(self) -> str:
        """The mention as it stands in the card, and in the list of its entities."""
        return f"<at>{self.name}</at>"


def card_of(message: Message, *, body: str | None = None, mention: Mention | None = None) -> Element:
    """Return the card. ``body``: Markdown that takes the place of everything between the header and the buttons."""
    middle = _body(message) if body is None else [{"type": "TextBlock", "text": body, "wrap": True}]
    card: Element = {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "fallbackText": plain(message.title),
        "msteams": {"width": "Full", **({"entities": [_entity(mention)]} if mention else {})},
        "body": [_header(message), *middle, *([_internal(mention)] if mention else [])],
    }
    if actions := _actions(message):
        card["actions"] = actions
    return card


def _header(message: Message) -> Element:
    style = STYLES[message.outcome]
    band = _BANDS[message.outcome]
    told: list[Element] = [
        _text(
            {"type": "TextRun", "text": f"{style.sign} {style.word}", "weight": "Bolder", **_ink(band)},
        ),
        _text({"type": "TextRun", "text": plain(message.title), "weight": "Bolder", "size": "Large"}, spacing="Small"),
        _text(
            {"type": "TextRun", "text": _where(message), "isSubtle": True, "size": "Small"},
            spacing="None",
        ),
    ]
    return {"type": "Container", "style": band, "bleed": True, "items": told}


def _body(message: Message) -> list[Element]:
    elements: list[Element] = []
    if message.summary:
        elements.append(_text(plain(message.summary), spacing="Medium"))
    elements += _facts(message.facts)
    elements += [_bar(bar, first=number == 0) for number, bar in enumerate(message.bars)]
    elements += _told(message.digest)
    elements += _remarks(message)
    return [*elements, *_log(message.log)]


def _facts(facts: Sequence[Fact]) -> list[Element]:
    return [
        {
            "type": "ColumnSet",
            "spacing": "Medium" if number == 0 else "Small",
            "columns": [
                {"type": "Column", "width": "130px", "items": [_text(_subtle(fact.label))]},
                {"type": "Column", "width": "stretch", "items": [_text(plain(fact.value))]},
            ],
        }
        for number, fact in enumerate(facts)
    ]


def _bar(bar: Bar, *, first: bool) -> Element:
    ink = "Attention" if bar.fraction > 1 else "Accent"
    filled = _filled(bar.fraction)
    runs: list[object] = [
        {"type": "TextRun", "text": _FULL * filled, "fontType": "Monospace", "color": ink},
        {"type": "TextRun", "text": _EMPTY * (_CELLS - filled), "fontType": "Monospace", "isSubtle": True},
        {"type": "TextRun", "text": f"  {_percent(bar.fraction)}", "weight": "Bolder"},
    ]
    return {
        "type": "ColumnSet",
        "spacing": "Medium" if first else "Small",
        "columns": [
            {"type": "Column", "width": "130px", "items": [_text(_subtle(bar.label))]},
            {
                "type": "Column",
                "width": "stretch",
                "items": [
                    {"type": "RichTextBlock", "inlines": [run for run in runs if run["text"]]},  # type: ignore[index]
                    _text({**_subtle(bar.text), "size": "Small"}, spacing="None"),
                ],
            },
        ],
    }


def _told(lines: Sequence[DigestLine]) -> list[Element]:
    """Return a digest by outcome, worst first, each outcome under its name."""
    told: list[Element] = []
    for outcome in sorted({line.outcome for line in lines}, key=URGENCY.index):
        style = STYLES[outcome]
        name = {"type": "TextRun", "text": f"{style.sign} {style.word}", "weight": "Bolder", **_ink(_BANDS[outcome])}
        told.append(_text(name, spacing="Medium"))
        told += [_text(plain(line.text), spacing="None") for line in lines if line.outcome is outcome]
    return told


def _remarks(message: Message) -> list[Element]:
    hints = [_text({"type": "TextRun", "text": "Hint: ", "weight": "Bolder"}, plain(text)) for text in message.hints]
    notes = [_text({**_subtle(text), "size": "Small"}) for text in message.notes]
    return [{**element, "spacing": "Small" if number else "Medium"} for number, element in enumerate([*hints, *notes])]


def _log(log: LogTail | None) -> list[Element]:
    if log is None:
        return []
    lines = [
        _text({"type": "TextRun", "text": spaced(line), "fontType": "Monospace", "size": "Small"}, spacing="None")
        for line in log.lines
        if line
    ]
    if not lines:
        return []
    head = _text({**_subtle(f"End of {log.path}"), "size": "Small"}, spacing="Medium")
    return [head, {"type": "Container", "style": "emphasis", "spacing": "Small", "items": lines}]


def _actions(message: Message) -> list[Element]:
    actions: list[Element] = [
        {"type": "Action.OpenUrl", "title": link.label or "Open", "url": link.url}
        for link in message.links
        if web_address(link.url)
    ]
    return actions[:_MOST_ACTIONS]


def _internal(mention: Mention) -> Element:
    """Return what goslmailer's cards held, unseen, for the flow that forwards them: same names, same order."""
    facts = [{"title": "User", "value": mention.text}, {"title": "JobStatus", "value": mention.mail_type}]
    return {"type": "FactSet", "id": "InternalData", "isVisible": False, "facts": facts}


def _entity(mention: Mention) -> Element:
    person = {"id": mention.principal, "name": mention.name}
    return {"type": "mention", "text": mention.text, "mentioned": person}


def _text(*runs: Element | str, spacing: str | None = None) -> Element:
    block: Element = {"type": "RichTextBlock", "inlines": list(runs)}
    return block if spacing is None else {**block, "spacing": spacing}


def _subtle(text: str) -> Element:
    return {"type": "TextRun", "text": plain(text), "isSubtle": True}


def _ink(band: str) -> Element:
    return {"color": _INKS[band]} if band in _INKS else {}


def _where(message: Message) -> str:
    when = datetime.fromtimestamp(message.time).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    if message.job is None:
        return when
    return plain(f"{message.job.user} on {message.job.cluster} \N{MIDDLE DOT} {when}")


def _filled(fraction: float) -> int:
    """Return how many characters are full: what was used at all is never nothing, and only what is full is full."""
    if fraction <= 0:
        return 0
    return _CELLS if fraction >= 1 else min(max(round(fraction * _CELLS), 1), _CELLS - 1)


def _percent(fraction: float) -> str:
    percent = fraction * 100
    return f"{max(percent, 0.1):.1f} %" if 0 < percent < 1 else f"{percent:.0f} %"
