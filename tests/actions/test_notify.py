from __future__ import annotations

import pytest

from headgate.actions.context import Context
from headgate.actions.refusals import ParametersError
from headgate.actions.registry import Actions
from headgate.events.journal import Journal
from headgate.model.delivery import DeliveryState
from headgate.model.event import JSON, EventKind
from headgate.model.message import Message
from headgate.notify.addresses import Addressing
from headgate.notify.connector import Connector
from headgate.notify.lookup.found import Found
from headgate.notify.notices import Notices
from headgate.notify.resolver import Lookup, Resolver, ResolverSettings
from headgate.store import deliveries, journal
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.journal import EventFilter
from headgate.store.store import Store
from tests.actions.made import painter
from tests.notify.connectors import ScriptedConnector
from tests.notify.test_resolver import Names

CONNECTORS: dict[str, Connector] = {name: ScriptedConnector(name=name) for name in ("slack", "mailto", "chat", "own")}
NOTICES = Notices(CONNECTORS, {"chat": Addressing(lookup=True), "own": Addressing(linked_only=True)})


def actions(store: Store) -> Actions:
    return Actions(Context(store, Journal([NOTICES]), NOTICES))


async def owed(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=100))


async def test_whoever_is_named_is_owed_the_message(store: Store) -> None:
    asked: dict[str, JSON] = {
        "to": ["slack:#ops", "mailto:ada@example.org", "slack:#ops"],
        "title": "n4 is\ndown",
        "text": "since noon",
        "severity": "bad",
        "facts": {"Reason": "dust"},
        "about": "node n4",
    }
    result = await actions(store).run("notify.send", asked, painter())
    assert result.ok
    found = await owed(store)
    assert [(one.connector, one.target, one.state) for one in found] == [
        ("slack", "#ops", DeliveryState.READY),
        ("mailto", "ada@example.org", DeliveryState.READY),
    ]
    message = Message.model_validate_json(found[0].message or "")
    assert (message.title, message.summary, message.outcome.value) == ("n4 is down", "since noon", "failed")
    assert [(fact.label, fact.value) for fact in message.facts] == [("Reason", "dust")]
    [event] = await store.read(lambda c: journal.find(c, EventFilter(kind="notice.*"), limit=9))
    assert (event.event.kind, event.event.subject) == (EventKind.NOTICE_REQUESTED, "node n4")
    assert result.result == {"event": event.event.key, "new": True}


async def test_the_same_call_tells_nobody_twice(store: Store) -> None:
    asked: dict[str, JSON] = {"to": ["slack:#ops"], "title": "n4 is down"}
    first = await actions(store).run("notify.send", asked, painter(), key="execution 7 step 1")
    again = await actions(store).run("notify.send", asked, painter(), key="execution 7 step 1")
    assert isinstance(first.result, dict)
    assert again.result == {**first.result, "new": False}
    assert len(await owed(store)) == 1


async def test_a_dry_run_tells_nobody(store: Store) -> None:
    result = await actions(store).run("notify.send", {"to": ["slack:#ops"], "title": "x"}, painter(), dry_run=True)
    assert (result.ok, await owed(store)) == (True, [])


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("teams:ops", "no connector is called 'teams'"),
        ("slack:refused", "refused is not a target"),
        ("ops", "connector:target"),
        ("slack:a,mailto:b", "connector:target"),
        ("slack:", "no target"),
        ("own:ada", "only of their own jobs"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_nobody_is_told_if_one_cannot_be(store: Store, to: str, said: str, *, dry_run: bool) -> None:
    asked: dict[str, JSON] = {"to": ["slack:#ops", to], "title": "x"}
    with pytest.raises(ParametersError, match=said):
        await actions(store).run("notify.send", asked, painter(), dry_run=dry_run)
    assert await owed(store) == []


async def test_a_name_is_looked_up_and_then_told_at_once(store: Store) -> None:
    await actions(store).run("notify.send", {"to": ["chat:ben"], "title": "x"}, painter())
    assert [one.state for one in await owed(store)] == [DeliveryState.WAITING]
    directory = Names(ben=Found("22", "ldap"))
    resolver = Resolver(store, CONNECTORS, {"chat": Lookup(directory, passes=False)}, ResolverSettings())
    assert await resolver.look() == 1
    assert [(one.target, one.state) for one in await owed(store)] == [("22", DeliveryState.READY)]
