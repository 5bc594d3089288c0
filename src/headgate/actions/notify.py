"""``notify.send``: tell people something, by the connectors there are."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from headgate.actions.action import Answer, Call, Parameters, action
from headgate.actions.refusals import ParametersError
from headgate.model.message import Fact, Message, Outcome
from headgate.model.recipient import MAX_RECEIVERS, MAX_TARGET
from headgate.model.role import Role
from headgate.model.text import one_line
from headgate.notify.notices import Notice
from headgate.telemetry.context import current

_OUTCOMES: Final = {
    "info": Outcome.NEUTRAL,
    "good": Outcome.SUCCEEDED,
    "warning": Outcome.WARNING,
    "bad": Outcome.FAILED,
}
_TITLE: Final = 200
_FACT: Final = 500
_Recipient = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TARGET)]


class Send(Parameters):
    """Parameters of ``notify.send``."""

    to: Annotated[tuple[_Recipient, ...], Field(min_length=1, max_length=MAX_RECEIVERS)] = Field(
        description="Who is told: `connector:target` each, such as `slack:#ops` or `mailto:ada@example.org`."
    )
    title: str = Field(min_length=1, max_length=1000, description="What it says, in one line.")
    text: str = Field("", max_length=4000, description="More about it: a few sentences of plain text.")
    severity: Literal["info", "good", "warning", "bad"] = Field("info", description="How it is.")
    facts: dict[str, str] = Field(
        default_factory=dict, max_length=50, description="Names and values that are shown beside it."
    )
    about: str = Field(
        "", max_length=200, description="What it is about, such as a node: what is about the same comes in order."
    )
    fold: bool = Field(False, description="Whether it goes out in a digest with all else that is due there.")


class Sent(Answer):
    """What became of a notice."""

    event: str
    """The key of its event in the journal."""
    new: bool
    """Whether it is new; not if the same call had asked for it before."""


@action("notify.send", role=Role.OPERATOR, mutating=True)
async def send(asked: Send, call: Call) -> Sent:
    """Tell people something.

    The message is written into the journal and the queue, and goes out like every message: retried, throttled, folded
    where there are many. Nobody is told if one of the recipients cannot be.
    """
    store, notices = call.context.store, call.context.notices
    refusals = await store.read(lambda connection: notices.refusals(connection, asked.to))
    if refusals:
        raise ParametersError("; ".join(one_line(one, _FACT) for one in refusals))
    notice = Notice(call.key or str(uuid.uuid4()), asked.to, _message(asked), asked.about, asked.fold, call.caller.user)
    event = notice.event().traced(current())
    if call.dry_run:
        return Sent(event=event.key, new=False)

    def work(connection: Connection) -> bool:
        return bool(call.context.journal.append(connection, [event]))

    return Sent(event=event.key, new=await store.write(work))


def _message(asked: Send) -> Message:
    facts = (
        Fact(label=one_line(name, _FACT), value=one_line(value, _FACT)) for name, value in asked.facts.items() if name
    )
    return Message(
        title=one_line(asked.title, _TITLE),
        outcome=_OUTCOMES[asked.severity],
        time=time.time(),
        summary=asked.text,
        facts=tuple(facts),
    )


ACTIONS: Final = (send,)
