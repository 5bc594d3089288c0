"""Every receiver of a mail request becomes one delivery, and none is dropped silently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from headgate.errors import RecipientError
from headgate.events.journal import Journal
from headgate.events.mail_events import mail_event
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, HetPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.notify.recipients import Recipients
from headgate.store import deliveries, journal
from headgate.store.deliveries import DeliveryFilter, NewDelivery
from headgate.store.journal import EventFilter
from headgate.store.signals import Topic
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.notify.jobs import ENDED, SUMMARY


class Domain(ScriptedConnector):
    """Completes bare names, as mail connectors do."""

    def check_target(self, target: str) -> str:
        if target.startswith("-"):
            raise RecipientError("a target may not begin with -")
        return target if "@" in target else f"{target}@example.org"


RECIPIENTS = Recipients({"mailto": Domain(), "hook": ScriptedConnector(name="hook")}, "mailto", first_look=2.0)


def owed(receivers: str, request: MailRequest = ENDED, **changes: Any) -> list[NewDelivery]:
    asked = replace(request, receivers=receivers, **changes)
    return RECIPIENTS.of(1, mail_event(asked, cluster="c"), asked, 100.0)


def addressed(receivers: str) -> list[str]:
    return [f"{item.connector}:{item.target}" for item in owed(receivers)]


@pytest.mark.parametrize(
    ("receivers", "recipients"),
    [
        ("", ["mailto:ada@example.org"]),
        (" , ,", ["mailto:ada@example.org"]),
        ("ben", ["mailto:ben@example.org"]),
        ("hook:ops, ben ,mailto:cyd@x", ["hook:ops", "mailto:ben@example.org", "mailto:cyd@x"]),
        ("ben,ben@example.org, mailto:ben", ["mailto:ben@example.org"]),
        ("hook:a:b", ["hook:a:b"]),
    ],
)
def test_each_receiver_is_one_delivery_in_the_order_given(receivers: str, recipients: list[str]) -> None:
    assert addressed(receivers) == recipients


def test_a_job_without_a_known_owner_is_addressed_to_unknown() -> None:
    [item] = owed("", user="")
    assert item.target == "unknown@example.org"


@pytest.mark.parametrize(
    ("receivers", "reason", "detail"),
    [
        ("slack:ada", Reason.UNKNOWN_CONNECTOR, "no connector is called 'slack' (there are: hook, mailto)"),
        ("hook:refused", Reason.TARGET_REFUSED, "refused is not a target"),
        ("-oQueue", Reason.TARGET_REFUSED, "a target may not begin with -"),
        ("none:", Reason.BAD_RECEIVER, "no target after the colon"),
        ("ada\x07", Reason.BAD_RECEIVER, "the target holds a control character"),
    ],
)
def test_who_cannot_be_reached_is_dead_from_the_start_with_the_reason_and_the_others_get_theirs(
    receivers: str, reason: Reason, detail: str
) -> None:
    bad, good = sorted(owed(f"{receivers},ben"), key=lambda item: item.reason is None)
    assert (bad.reason, bad.detail, bad.message) == (reason, detail, None)
    assert (good.target, good.reason) == ("ben@example.org", None)


def test_no_connector_at_all_is_said_so() -> None:
    [item] = Recipients({}, "mailto").of(1, mail_event(ENDED, cluster="c"), ENDED, 1.0)
    assert item.detail == "no connector is called 'mailto' (there are: none)"


def test_the_key_is_the_same_for_the_same_receiver_of_the_same_mail_only() -> None:
    first, again = owed("ada,ben"), owed("ada,ben")
    assert [item.key for item in first] == [item.key for item in again]
    keys = [item.key for item in [*first, *owed("ada,ben", record_id="r2"), *owed("hook:,slack:x,-x")]]
    assert len(set(keys)) == len(keys) == 7
    assert all(key.isalnum() and len(key) <= 64 for key in keys)


def test_messages_about_one_job_to_one_recipient_are_in_one_lane() -> None:
    lanes = {item.lane for kind in MailKind for item in owed("ada", kind=kind)}
    assert len(lanes) == 1
    other = [owed("ben"), owed("ada", job_id=124), owed("ada", cluster="beta")]
    assert len(lanes | {item.lane for items in other for item in items}) == 4


def test_a_summary_is_ordered_by_its_array_and_a_het_job_by_its_leader() -> None:
    assert {owed("ada", SUMMARY, job_id=number)[0].lane for number in (200, 203)} == {
        "mailto:ada@example.org|alpha/200"
    }
    assert owed("ada", het=HetPlace(120, 1), job_id=121)[0].lane.endswith("/120")


def test_tasks_told_singly_are_ordered_singly() -> None:
    task = replace(ENDED, scope=MailScope.ARRAY_TASK, job_id=203, array=ArrayPlace(200, 3))
    assert owed("ada", task)[0].lane.endswith("/203")


def test_accounting_is_given_a_moment_and_less_for_a_start() -> None:
    assert owed("ada")[0].not_before == 102.0
    assert owed("ada", kind=MailKind.BEGAN)[0].not_before == 100.5


async def test_deliveries_are_owed_with_the_event_and_wait_for_their_message(store: Store) -> None:
    bell = store.bell(Topic.WAITING)
    events = Journal([RECIPIENTS])
    mail = mail_event(replace(ENDED, receivers="ada,slack:x"), cluster="c")
    await store.write(lambda c: events.append(c, [mail]))
    await store.write(lambda c: events.append(c, [mail]))
    found = await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10))
    assert {(item.target, item.state, item.reason) for item in found} == {
        ("ada@example.org", DeliveryState.WAITING, None),
        ("x", DeliveryState.DEAD, Reason.UNKNOWN_CONNECTOR),
    }
    assert await bell.wait(10)


async def test_without_its_deliveries_a_mail_is_not_in_the_journal(store: Store) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await store.write(lambda c: Journal([RECIPIENTS, fail]).append(c, [mail_event(ENDED, cluster="c")]))
    assert await store.read(lambda c: journal.find(c, EventFilter(), limit=10)) == []
    assert await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10)) == []


async def test_nobody_is_told_of_other_events(store: Store) -> None:
    other = Event("k", EventKind.JOB_ENDED, 1.0, "job 1", Source.WATCHER, user="ada")
    await store.write(lambda c: Journal([RECIPIENTS]).append(c, [other]))
    assert await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10)) == []
