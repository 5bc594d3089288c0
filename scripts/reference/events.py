"""Kinds of event, who sees them, and what a mail request holds."""

from __future__ import annotations

import dataclasses

from headgate.model.event import Event, EventKind, Source
from headgate.model.mail import MailKind, MailRequest, MailScope
from scripts.reference.markdown import code, doc, generated, member_notes, table
from scripts.reference.types import type_words

INTRODUCTION = """
An event is a fact, written once in the journal. What its `data` hold depends on its kind: see
[the journal](../journal.md).
"""
REQUESTED = """
The `data` of a `mail.requested` event are what could be read of Slurm's call of the
[hand-off](../hand-off-record.md). Fields that Slurm said nothing about are left out.
"""


def page() -> str:
    """Return the page."""
    return generated(
        "Events",
        INTRODUCTION,
        "## Kinds\n",
        _enum(EventKind),
        "## Witnesses\n",
        "Who saw an event. One event may have several.\n",
        _enum(Source),
        "## Fields of an event\n",
        f"{doc(Event)}\n",
        "## Fields of a mail request\n",
        REQUESTED,
        fields(MailRequest),
        "### Kinds of mail\n",
        _enum(MailKind),
        "### What a mail stands for\n",
        _enum(MailScope),
    )


def fields(cls: type) -> str:
    """Return a table of a dataclass's fields."""
    notes = member_notes(cls)
    rows = [(code(field.name), type_words(field.type), notes.get(field.name, "")) for field in dataclasses.fields(cls)]
    return table(("Field", "Type", "Meaning"), rows)


def _enum(kinds: type[EventKind | Source | MailKind | MailScope]) -> str:
    notes = member_notes(kinds)
    return table(("Name", "Meaning"), [(code(kind.value), notes.get(kind.name, "")) for kind in kinds])
