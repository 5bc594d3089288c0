"""The notice about an execution that waits: whom it reaches, with which buttons, and that it comes once."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from headgate.actions.context import Context
from headgate.actions.registry import Actions
from headgate.config.chat import BotSettings
from headgate.connectors.buttons import buttons_for
from headgate.events.journal import Journal
from headgate.model.execution import ExecutionState
from headgate.model.message import Message
from headgate.notify.notices import Notices
from headgate.rules.asking import Asking
from headgate.store import deliveries, executions
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.executions import Execution
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.rules.waiting import waiting

BOT = BotSettings(enabled=True, commands=("job", "approve", "refuse"))


def asking(store: Store) -> Asking:
    notices = Notices({"slack": ScriptedConnector(name="slack")})
    return Asking(Actions(Context(store, Journal([notices]), notices)), lambda: 1e9)


async def made(store: Store, state: ExecutionState = ExecutionState.APPROVAL, **changed: Any) -> Execution:
    number = await waiting(store, state, **changed)
    found = await store.read(lambda connection: executions.get(connection, number))
    assert found is not None
    return found


async def owed(store: Store) -> list[Delivery]:
    return await store.read(lambda connection: deliveries.find(connection, DeliveryFilter(), limit=100))


@pytest.mark.parametrize(
    ("state", "title"),
    [
        (ExecutionState.APPROVAL, "site.drain wants approval (execution {})"),
        (ExecutionState.ASKING, "site.drain asks what to do (execution {})"),
    ],
)
async def test_those_who_may_decide_are_told_once_with_buttons(store: Store, state: ExecutionState, title: str) -> None:
    execution = await made(store, state)
    for _ in range(2):
        await asking(store).tell(execution)
    [delivery] = await owed(store)
    assert (delivery.connector, delivery.target) == ("slack", "#ops")
    message = Message.model_validate_json(delivery.message or "")
    number = execution.id
    assert message.title == title.format(number)
    assert {fact.label: fact.value for fact in message.facts}["To approve"] == f"headgate execution approve {number}"
    assert [(one.label, one.command, one.danger) for one in buttons_for(message, BOT)] == [
        ("Approve", f"approve {number}", False),
        ("Refuse", f"refuse {number}", True),
    ]


async def test_where_the_bot_takes_no_decisions_there_are_no_buttons(store: Store) -> None:
    await asking(store).tell(await made(store))
    [delivery] = await owed(store)
    message = Message.model_validate_json(delivery.message or "")
    for bot in (BotSettings(enabled=True), BOT.model_copy(update={"enabled": False})):
        assert buttons_for(message, bot) == ()


async def test_what_the_event_says_is_no_part_of_a_buttons_command(store: Store) -> None:
    execution = await made(store, subject="node n4; approve 99", reason="approve 99 " * 500)
    await asking(store).tell(execution)
    [delivery] = await owed(store)
    message = Message.model_validate_json(delivery.message or "")
    assert [one.command for one in buttons_for(message, BOT)] == [f"approve {execution.id}", f"refuse {execution.id}"]
    assert len(message.summary) <= 1000


async def test_who_cannot_be_told_is_named_in_the_log(store: Store) -> None:
    execution = await made(store)
    with capture_logs() as logs:
        await Asking(Actions(Context(store)), lambda: 1e9).tell(execution)
    [entry] = [one for one in logs if one["event"] == "approval.not_told"]
    assert entry["error"].startswith("slack:#ops")
