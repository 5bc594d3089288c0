"""People who subscribed are told of their jobs, once, and as they wish."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from headgate.events.journal import Journal
from headgate.events.mail_events import attempt_key, mail_event
from headgate.model.delivery import DeliveryState, Priority, Reason
from headgate.model.event import Event, EventKind, Source
from headgate.model.job import ArrayPlace, Attempt, ExitStatus, Figures
from headgate.model.mail import MailKind
from headgate.model.message import Message, Outcome
from headgate.model.person import Preferences, QuietHours, SubscriptionFilter
from headgate.model.states import JobState
from headgate.notify.compose import Composer, ComposeSettings
from headgate.notify.material import Material
from headgate.notify.recipients import Recipients
from headgate.notify.subscriptions import Subscribers
from headgate.store import claims, deliveries, outcomes, people, tables
from headgate.store.claims import Limits
from headgate.store.deliveries import Delivery, DeliveryFilter
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.notify.jobs import COMPLETED, ENDED
from tests.notify.jobs import message as built
from tests.notify.people import link

CONNECTORS = {"chat": ScriptedConnector(name="chat"), "mailto": ScriptedConnector()}
ALL = SubscriptionFilter()
FAILURES = SubscriptionFilter(failures=True)
NOW = time.time()


def journal_of() -> Journal:
    subscribers = Subscribers(CONNECTORS, delay=0.0, oldest=1e10)
    return Journal([Recipients(CONNECTORS, "mailto", first_look=0.0), subscribers])


def ended(number: int = 123, state: str = "COMPLETED", *, user: str = "ada", array: int | None = None) -> Event:
    label = f"{array}_{number - array}" if array is not None else str(number)
    return Event(
        key=attempt_key(EventKind.JOB_ENDED, Attempt("alpha", number, int(NOW) - 7200)),
        kind=EventKind.JOB_ENDED,
        time=NOW,
        subject=f"job {label}",
        source=Source.WATCHER,
        cluster="alpha",
        job_id=number,
        array_id=array,
        user=user,
        data={"label": label, "name": "align", "partition": "batch", "state": state, "exit_code": 0, "signal": 0},
    )


def of(event: Event, elapsed: int = 3600) -> Figures:
    """Return accounting's figures for an event."""
    state = JobState[str(event.data["state"])]
    number = event.job_id or 0
    place = ArrayPlace(event.array_id, number - event.array_id) if event.array_id is not None else None
    return replace(
        COMPLETED,
        attempt=Attempt("alpha", number, int(NOW) - 7200),
        label=str(event.data["label"]),
        state=state,
        exit=ExitStatus(1 if state is JobState.FAILED else 0),
        elapsed=elapsed,
        array=place,
        ended=NOW,
        started=NOW - elapsed,
    )


async def make(material: Material) -> Message:
    return built(material.request, material.figures, tasks=material.tasks, figures_missing=material.missing)


async def tell(store: Store, *events: Event, elapsed: int = 3600) -> list[Delivery]:
    """Journal events and make the messages they lead to; return every delivery there is."""
    journal = journal_of()
    await store.write(lambda c: journal.append(c, events))
    known = [of(event, elapsed) for event in events if event.kind is EventKind.JOB_ENDED]
    known = known or [of(ended())]

    async def accounting(_: str, ids: Sequence[int], since: float) -> list[Figures]:
        del ids, since
        return known

    settings = ComposeSettings(wait=0.0, gap=0.0, poll=0.01, gather=0.001)
    await Composer(store, journal, accounting, make, settings).look()
    return await owed(store)


async def owed(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=50_000))


async def subscribe(store: Store, wanted: SubscriptionFilter = ALL, connector: str = "chat", user: str = "ada") -> None:
    await store.write(lambda c: people.subscribe(c, user, connector, wanted))


async def prefer(store: Store, **wishes: Any) -> None:
    await store.write(lambda c: people.prefer(c, "ada", Preferences(**wishes)))


async def test_a_subscriber_is_told_of_an_end_without_any_mail(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store)
    [item] = await tell(store, ended())
    assert (item.connector, item.target, item.state) == ("chat", "11", DeliveryState.READY)
    assert item.message is not None
    assert Message.model_validate_json(item.message).title == 'Completed: job 123 "align"'


async def test_nobody_is_told_of_others_jobs(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store)
    assert await tell(store, ended(user="ben")) == []


async def test_subscribing_twice_is_one_subscription(store: Store) -> None:
    await subscribe(store)
    await subscribe(store)
    assert len(await store.read(lambda c: people.subscriptions_of(c, ["ada"]))) == 1


@pytest.mark.parametrize(
    ("wanted", "state", "elapsed", "told"),
    [
        (FAILURES, "COMPLETED", 10, False),
        (FAILURES, "FAILED", 10, True),
        (FAILURES, "TIMEOUT", 10, True),
        (SubscriptionFilter(failures=True, longer_than=3600), "COMPLETED", 3599, False),
        (SubscriptionFilter(failures=True, longer_than=3600), "COMPLETED", 3600, True),
        (SubscriptionFilter(failures=True, longer_than=3600), "FAILED", 5, True),
        (SubscriptionFilter(partitions=("gpu",)), "COMPLETED", 10, False),
        (SubscriptionFilter(partitions=("batch",)), "COMPLETED", 10, True),
    ],
    ids=str,
)
async def test_a_subscription_tells_of_what_it_asks_for(
    store: Store, wanted: SubscriptionFilter, state: str, elapsed: int, told: bool
) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store, wanted)
    found = await tell(store, ended(state=state), elapsed=elapsed)
    assert [item.state for item in found if item.state is not DeliveryState.DROPPED] == [DeliveryState.READY] * told
    assert all(item.reason is Reason.NOT_WANTED for item in found if item.state is DeliveryState.DROPPED)


async def test_two_subscriptions_to_one_place_tell_once(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store, FAILURES)
    await subscribe(store, SubscriptionFilter(longer_than=60))
    found = await tell(store, ended(state="FAILED"))
    assert [item.state for item in found] == [DeliveryState.READY]


async def test_a_start_is_told_only_to_who_wants_starts(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store, FAILURES)
    started = replace(ended(), kind=EventKind.JOB_STARTED, key="started")
    assert await tell(store, started) == []
    await subscribe(store, SubscriptionFilter(starts=True, failures=True))
    [item] = await tell(store, replace(started, key="started again"))
    assert item.message is not None
    assert Message.model_validate_json(item.message).outcome is Outcome.STARTED


async def test_who_also_gets_a_mail_about_it_is_told_once(store: Store) -> None:
    await subscribe(store, connector="mailto")
    mail = mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha")
    found = await tell(store, mail, ended())
    assert sorted(item.state.value for item in found) == ["dropped", "ready"]
    [dropped] = [item for item in found if item.state is DeliveryState.DROPPED]
    assert (dropped.reason, dropped.detail) == (Reason.DUPLICATE, "a mail tells the same")


async def test_a_mail_that_comes_after_the_subscription_told_is_not_told_again(store: Store) -> None:
    await subscribe(store, connector="mailto")
    await tell(store, ended())
    found = await tell(store, mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha"))
    assert [item.state for item in found] == [DeliveryState.READY, DeliveryState.DROPPED]
    assert found[1].detail == "a subscription has told the same"


async def test_a_mail_about_an_earlier_attempt_of_a_requeued_job_is_another_matter(store: Store) -> None:
    await subscribe(store, connector="mailto")
    earlier = replace(ENDED, received=NOW - 7200, receivers="ada", kind=MailKind.FAILED, state=JobState.FAILED)
    await tell(store, mail_event(earlier, cluster="alpha"))
    found = await tell(store, ended())
    assert [item.state for item in found] == [DeliveryState.READY] * 2


async def test_a_subscription_that_told_of_an_earlier_attempt_is_another_matter(store: Store) -> None:
    await subscribe(store, connector="mailto")
    await tell(store, replace(ended(), time=NOW - 7200))
    found = await tell(store, mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha"))
    assert [item.state for item in found] == [DeliveryState.READY] * 2


async def test_a_mail_about_the_start_is_another_matter(store: Store) -> None:
    await subscribe(store, connector="mailto")
    began = replace(ENDED, received=NOW, receivers="ada", kind=MailKind.BEGAN, state=JobState.RUNNING)
    found = await tell(store, mail_event(began, cluster="alpha"), ended())
    assert [item.state for item in found] == [DeliveryState.READY] * 2


async def test_who_unlinked_is_told_no_more(store: Store) -> None:
    class Numbers(ScriptedConnector):
        def check_target(self, target: str) -> str:
            return str(int(target)) if target.isdigit() else super().check_target("refused")

    await subscribe(store)
    follow = Subscribers({"chat": Numbers(name="chat")}, delay=0.0)
    journal = Journal([follow])
    await store.write(lambda c: journal.append(c, [ended()]))
    assert await owed(store) == []


async def test_the_tasks_of_an_array_are_told_in_one_digest_the_failed_ones_first(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store)
    events = [ended(1000 + task, "FAILED" if task % 100 == 7 else "COMPLETED", array=1000) for task in range(1, 801)]
    found = await tell(store, *events)
    assert {item.state for item in found} == {DeliveryState.READY}
    limits = Limits(digest_size=5000)
    later = time.time() + 1
    [bundle] = await store.write(lambda c: claims.claim(c, "chat", limits, owner="w", now=later, lease=60, most=100))
    assert len(bundle.deliveries) == 800
    first = Message.model_validate_json(bundle.deliveries[0].message)
    assert first.job is not None
    assert first.job.job_id == "1000_7"


async def test_failures_go_before_ends_and_ends_before_starts(store: Store) -> None:
    for user, number in (("ada", 1), ("ben", 2), ("cyd", 3)):
        await link(store, "chat", user, str(number))
        await subscribe(store, SubscriptionFilter(starts=True), user=user)
    await tell(store, replace(ended(1), kind=EventKind.JOB_STARTED, key="s"))
    await tell(store, ended(2, user="ben"))
    await tell(store, ended(3, "FAILED", user="cyd"))
    limits = Limits(rate=1.0, burst=1)
    order = []
    for second in range(3):
        claim = partial(claims.claim, connector="chat", limits=limits, owner="w", lease=60, most=9)
        bundles = await store.write(partial(claim, now=time.time() + 10 + second))
        order += [bundle.target for bundle in bundles]
    assert order == ["3", "2", "1"]
    assert [priority.name for priority in Priority] == ["FAILURE", "END", "START"]


async def test_what_comes_in_quiet_hours_is_held_and_told_in_one(store: Store) -> None:
    await link(store, "chat", "ada", "11")
    await subscribe(store)
    minute = time.localtime().tm_hour * 60 + time.localtime().tm_min
    await prefer(store, quiet=QuietHours(start=minute, end=(minute + 60) % 1440))
    found = await tell(store, ended(1), ended(2), ended(3))
    assert all(item.not_before > time.time() for item in found)
    late = time.time() + 2 * 3600
    [bundle] = await store.write(lambda c: claims.claim(c, "chat", Limits(), owner="w", now=late, lease=60, most=100))
    assert len(bundle.deliveries) == 3


async def test_outcomes_that_are_not_wanted_are_left_out_with_the_reason(store: Store) -> None:
    await prefer(store, outcomes=frozenset({Outcome.FAILED}))
    [item] = await tell(store, mail_event(replace(ENDED, received=NOW, receivers=""), cluster="alpha"))
    assert (item.state, item.reason) == (DeliveryState.DROPPED, Reason.NOT_WANTED)


@pytest.mark.parametrize("receivers", ["", "ada"], ids=["none", "the-owners-name-that-slurm-puts"])
async def test_a_job_that_names_nobody_goes_where_its_owner_prefers(store: Store, receivers: str) -> None:
    await link(store, "chat", "ada", "11")
    await prefer(store, connector="chat")
    [item] = await tell(store, mail_event(replace(ENDED, received=NOW, receivers=receivers), cluster="alpha"))
    assert (item.connector, item.target) == ("chat", "11")


async def test_who_is_no_longer_linked_where_they_prefer_it_is_told_by_default(store: Store) -> None:
    class Numbers(ScriptedConnector):
        def check_target(self, target: str) -> str:
            return target if target.isdigit() else super().check_target("refused")

    await prefer(store, connector="chat")
    journal = Journal([Recipients({**CONNECTORS, "chat": Numbers(name="chat")}, "mailto")])
    mail = mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha")
    await store.write(lambda c: journal.append(c, [mail]))
    [item] = await owed(store)
    assert (item.connector, item.target, item.state) == ("mailto", "ada", DeliveryState.WAITING)


@pytest.mark.parametrize(
    ("wishes", "until"),
    [({}, 0.0), ({"muted_until": NOW + 900}, 900.0), ({"quiet": QuietHours(start=0, end=1)}, 3600.0)],
    ids=["no-more", "for-less-long", "still-with-quiet-hours"],
)
async def test_what_a_mute_holds_goes_out_when_it_is_ended_early(
    store: Store, wishes: dict[str, Any], until: float
) -> None:
    await prefer(store, muted_until=NOW + 3600)
    await tell(store, mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha"))
    await prefer(store, **wishes)
    [item] = await owed(store)
    if until:
        assert item.not_before == pytest.approx(NOW + until, abs=300)
    else:
        assert NOW <= item.not_before <= time.time()


async def test_what_a_service_has_put_off_is_not_hurried_by_wishes(store: Store) -> None:
    await prefer(store, muted_until=time.time() + 0.001)
    [item] = await tell(store, mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha"))
    late = time.time() + 7200
    [bundle] = await store.write(lambda c: claims.claim(c, "mailto", Limits(), owner="w", now=late, lease=60, most=1))
    again = Settled((item.id,), DeliveryState.READY, Reason.RATE_LIMITED, "slow", not_before=late)
    await store.write(lambda c: outcomes.record(c, [again], owner="w", now=NOW))
    await prefer(store)
    [item] = await owed(store)
    assert (item.id, item.not_before) == (bundle.deliveries[0].id, late)


async def test_wishes_of_another_headgate_are_in_nobodys_way(store: Store) -> None:
    def write(connection: Connection) -> None:
        connection.execute(tables.preferences.insert().values(user="ada", data='{"outcomes": ["unheard of"]}'))
        new = {"user": "ada", "connector": "mailto", "data": '{"nodes": []}', "created_at": 1.0}
        connection.execute(tables.subscriptions.insert().values(**new))

    await store.write(write)
    found = await tell(store, ended(), mail_event(replace(ENDED, received=NOW, receivers=""), cluster="alpha"))
    assert [item.state for item in found] == [DeliveryState.READY]


async def test_while_muted_nothing_goes_out(store: Store) -> None:
    await prefer(store, muted_until=time.time() + 3600)
    [item] = await tell(store, mail_event(replace(ENDED, received=NOW, receivers="ada"), cluster="alpha"))
    assert item.not_before == pytest.approx(time.time() + 3600, abs=60)
