"""The fields of a message, as webhooks and ``headgate delivery show --json`` give them."""

from __future__ import annotations

from pydantic import BaseModel

from headgate.model.message import Bar, DigestLine, Fact, JobIdentity, Link, LogTail, Message, Outcome
from scripts.reference.markdown import code, doc, generated, member_notes, table
from scripts.reference.types import type_words

MODELS: tuple[type[BaseModel], ...] = (Message, JobIdentity, Fact, Bar, Link, LogTail, DigestLine)
INTRODUCTION = """
A message is what is to be said, as data. [Webhooks](../webhook.md) send it, and `headgate delivery show 1 --json` shows
it, in this form. Times are seconds since the epoch. Texts may come from a job: whoever shows them has to escape them.
"""


def page() -> str:
    """Return the page."""
    outcomes = member_notes(Outcome)
    return generated(
        "Messages",
        INTRODUCTION,
        *(_model(model) for model in MODELS),
        "## Outcome\n",
        f"{doc(Outcome)}\n",
        table(("Outcome", "Meaning"), [(code(one.value), outcomes.get(one.name, "")) for one in Outcome]),
    )


def _model(model: type[BaseModel]) -> str:
    notes = member_notes(model)
    rows = [
        (code(name), type_words(field.annotation), notes.get(name, "")) for name, field in model.model_fields.items()
    ]
    return f"## {model.__name__}\n\n{doc(model)}\n\n{table(('Field', 'Type', 'Meaning'), rows)}"
