"""Messages that a card has to show, and cards made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from headgate.connectors import samples
from headgate.connectors.msteams.rendering import octets_of, payload_of
from headgate.model.message import Bar, Fact, JobIdentity, Message, Outcome
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message

STARTED = Message(
    title='Started: job 17 "hello"',
    outcome=Outcome.STARTED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="17", name="hello", user="ada"),
    facts=(Fact(label="Nodes", value="node01"),),
)
ARRAY = Message(
    title='2 of 20 tasks failed: array 1051492 "sweep_%a"',
    outcome=Outcome.MIXED,
    time=1_795_000_000.0,
    job=JobIdentity(cluster="dev", job_id="1051492_*", name="sweep_%a", user="ada"),
    summary="18 tasks completed, 2 failed: 4, 11.",
    facts=(Fact(label="Failed", value="4 (exit code 1), 11 (out of memory)"),),
    bars=(Bar(label="CPU", fraction=0.004, text="1 min of 4 h"),),
)
MESSAGES = {
    **samples.SAMPLES,
    "started": STARTED,
    "array": ARRAY,
    **{
        outcome.name.lower(): samples.FAILED.model_copy(update={"outcome": outcome, "title": f"About {outcome.value}"})
        for outcome in Outcome
        if outcome.name.lower() not in samples.SAMPLES
    },
    "crowded": crowded_message(),
    **{f"hostile {name}": hostile_message(text) for name, text in HOSTILE.items()},
}


def card_of(message: Message, **options: str) -> dict[str, Any]:
    """Return the card as it goes over the wire."""
    card: dict[str, Any] = json.loads(octets_of(payload_of(message, **options)))["attachments"][0]["content"]
    return card


def elements(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a card, from the outside in."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for member in node:
            yield from elements(member)


def texts(card: dict[str, Any]) -> list[str]:
    """Return what a card's text blocks say, one after the other, each in one piece."""
    told = []
    for element in elements(card["body"]):
        if element.get("type") == "RichTextBlock":
            told.append("".join(run if isinstance(run, str) else run["text"] for run in element["inlines"]))
        elif element.get("type") == "TextBlock":
            told.append(element["text"])
    return told
