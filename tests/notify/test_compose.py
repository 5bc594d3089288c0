"""Messages are made from what accounting says by then; one call of it serves all that wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from headgate.errors import SlurmCommandError
from headgate.events.journal import Journal
from headgate.events.mail_events import attempt_key, lost_mail_key, mail_event
from headgate.model.delivery import DeliveryState, Reason
from headgate.model.event import EventKind, Source
from headgate.model.job import Attempt, Figures
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.message import Message
from headgate.model.states import JobState
from headgate.notify.compose import (
    Composer,
    ComposeSettings,
    decide,
    patience,
    sufficient,
    witnessed_event,
)
from headgate.notify.material import Material
from headgate.notify.recipients import Recipients
from headgate.store import claims, deliveries, journal, outcomes
from headgate.store.deliveries import Delivery, DeliveryFilter, Made
from headgate.store.journal import EventFilter
from headgate.store.outcomes import Settled
from headgate.store.store import Store
from tests.notify.connectors import ScriptedConnector
from tests.notify.jobs import COMPLETED, ENDED, START, SUMMARY, figures, task
from tests.notify.jobs import message as built

SETTINGS = ComposeSettings(wait=60.0, gap=2.0)
EAGER = ComposeSettings(wait=60.0, gap=0.01, poll=0.05)
BEGAN = replace(ENDED, kind=MailKind.BEGAN, state=JobState.RUNNING)
RUNNING = figures(JobState.RUNNING, ended=None, complete=False)
ACCOUNTING_IS_LATE = figures(complete=False)


# Decided without I/O.


@pytest.mark.parametrize("told", [{"mixed": True}, {"kind": MailKind.FAILED}, {"exit_code": 1}, {"signal": 9}])
def test_a_summary_that_tells_of_a_failure_waits_for_the_task_that_failed(told: dict[str, Any]) -> None:
    quiet: dict[str, Any] = {"kind": MailKind.ENDED, "mixed": False, "exit_code": 0, "signal": 0}
    request = replace(SUMMARY, **(quiet | told))
    early = decide({1: request}, [task(1), task(2)], {1: 100.0}, 110.0, SETTINGS)
    whole = decide({1: request}, [task(1), task(2), task(3, JobState.FAILED)], {1: 100.0}, 111.0, SETTINGS)
    never = decide({1: request}, [task(1), task(2)], {1: 100.0}, 160.0, SETTINGS)
    assert (list(early.later), list(whole.ready)) == ([1], [1])
    assert (never.ready[1].tasks, never.ready[1].missing) == ((), True)


@pytest.mark.parametrize("bones", [replace(COMPLETED, cpus=0), replace(COMPLETED, qos="Unknown")])
def test_the_bones_of_a_record_are_looked_at_again_but_not_for_ever(bones: Figures) -> None:
    early = decide({1: ENDED}, [bones], {1: 100.0}, 101.0, SETTINGS)
    late = decide({1: ENDED}, [bones], {1: 100.0}, 110.0, SETTINGS)
    assert (list(early.ready), list(early.later)) == ([], [1])
    assert not late.ready[1].missing


@pytest.mark.parametrize(
    ("request_", "known", "enough"),
    [
        (ENDED, COMPLETED, True),
        (ENDED, ACCOUNTING_IS_LATE, False),
        (ENDED, None, False),
        (BEGAN, RUNNING, True),
        (BEGAN, figures(JobState.PENDING, started=None, complete=False), False),
        (BEGAN, None, False),
        (replace(ENDED, kind=MailKind.TIME_LIMIT_80), RUNNING, True),
        (replace(ENDED, kind=MailKind.REQUEUED), ACCOUNTING_IS_LATE, True),
        (replace(ENDED, kind=MailKind.REQUEUED), None, False),
    ],
)
def test_what_is_enough_depends_on_what_the_mail_is_about(
    request_: MailRequest, known: Figures | None, enough: bool
) -> None:
    assert sufficient(Material(request_, known)) is enough


def test_a_summary_needs_every_task_whole() -> None:
    late = task(2, complete=False)
    assert sufficient(Material(SUMMARY, None, (task(1), task(2))))
    assert not sufficient(Material(SUMMARY, None, (task(1), late)))
    assert not sufficient(Material(SUMMARY, COMPLETED, ()))


def test_figures_of_a_job_that_goes_on_are_not_waited_for_as_long() -> None:
    assert [patience(one, SETTINGS) for one in (ENDED, BEGAN)] == [60.0, 10.0]
    assert patience(BEGAN, ComposeSettings(wait=3.0)) == 3.0


def test_what_is_enough_is_told_now_and_the_rest_is_looked_into_later() -> None:
    other = replace(ENDED, job_id=124)
    plan = decide({1: ENDED, 2: other}, [COMPLETED], {1: 100.0, 2: 100.0}, 101.0, SETTINGS)
    assert plan.ready == {1: Material(ENDED, COMPLETED)}
    assert plan.later == {2: 103.0}


def test_looks_are_less_and_less_often_and_the_last_is_at_the_limit() -> None:
    now, looks = 100.0, []
    while not (plan := decide({1: ENDED}, [], {1: 100.0}, now, SETTINGS)).ready:
        now = plan.later[1]
        looks.append(now - 100.0)
    assert looks == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert plan.ready[1] == Material(ENDED, None, missing=True)


def test_at_the_limit_what_there_is_is_told() -> None:
    plan = decide({1: ENDED}, [ACCOUNTING_IS_LATE], {1: 0.0}, 60.0, SETTINGS)
    assert plan.ready[1] == Material(ENDED, ACCOUNTING_IS_LATE, missing=True)


def test_an_accounting_that_does_not_answer_is_one_that_knows_nothing() -> None:
    assert decide({1: ENDED}, None, {1: 0.0}, 1.0, SETTINGS).ready == {}
    assert decide({1: ENDED}, None, {1: 0.0}, 60.0, SETTINGS).ready[1].missing


def test_a_summary_finds_its_tasks_though_they_have_ids_of_their_own() -> None:
    tasks = [task(index) for index in range(1, 4)]
    for number in (200, 203):
        request = replace(SUMMARY, job_id=number)
        plan = decide({1: request}, tasks, {1: 0.0}, 1.0, SETTINGS)
        assert sorted(one.label for one in plan.ready[1].tasks) == [one.label for one in tasks]


def test_a_mail_witnesses_the_event_of_the_attempt_it_is_about() -> None:
    event = witnessed_event(mail_event(ENDED, cluster="c"), Material(ENDED, figures(JobState.FAILED)))
    assert event is not None
    assert (event.key, event.source) == (attempt_key(EventKind.JOB_ENDED, COMPLETED.attempt), Source.MAIL)
    assert (event.time, event.data["state"]) == (COMPLETED.ended, "FAILED")
    began = witnessed_event(mail_event(BEGAN, cluster="c"), Material(BEGAN, RUNNING))
    assert began is not None
    assert (began.kind, began.time) == (EventKind.JOB_STARTED, COMPLETED.started)


@pytest.mark.parametrize(
    "material",
    [
        Material(ENDED, None),
        Material(ENDED, RUNNING),
        Material(SUMMARY, task(1), (task(1),)),
        Material(replace(ENDED, kind=MailKind.TIME_LIMIT_80), RUNNING),
        Material(replace(ENDED, kind=MailKind.REQUEUED), COMPLETED),
    ],
)
def test_a_mail_witnesses_nothing_that_is_not_certain(material: Material) -> None:
    assert witnessed_event(mail_event(material.request, cluster="c"), material) is None


# The composer at work.


class Accounts:
    """Accounting that says what it was told to, or fails."""

    def __init__(self, *known: Figures) -> None:
        self.known = list(known)
        self.calls: list[list[int]] = []
        self.failing = 0

    async def __call__(self, cluster: str, ids: Sequence[int], since: float) -> list[Figures]:
        del cluster, since
        self.calls.append(list(ids))
        if self.failing:
            self.failing -= 1
            raise SlurmCommandError("sacct: error: Problem talking to the database")
        return list(self.known)


async def make(material: Material) -> Message:
    return built(material.request, material.figures, tasks=material.tasks, figures_missing=material.missing)


def events_of() -> Journal:
    return Journal([Recipients({"mailto": ScriptedConnector()}, "mailto", first_look=0.0)])


def composer(store: Store, accounts: Accounts, settings: ComposeSettings = EAGER) -> Composer:
    return Composer(store, Journal(), accounts, make, settings)


async def ask(store: Store, *requests: MailRequest) -> None:
    """Have Slurm ask for mails."""
    events = events_of()
    for request in requests:
        await store.write(lambda c, one=request: events.append(c, [mail_event(one, cluster="alpha")]))  # type: ignore[misc]


async def all_owed(store: Store) -> list[Delivery]:
    return await store.read(lambda c: deliveries.find(c, DeliveryFilter(), limit=10_000))


def read(item: Delivery) -> Message:
    assert item.message is not None
    return Message.model_validate_json(item.message)


async def made(store: Store, count: int) -> list[Message]:
    """Wait until so many messages are made."""
    async with asyncio.timeout(30):
        while True:
            found = await all_owed(store)
            if len(found) >= count and all(item.state is not DeliveryState.WAITING for item in found):
                return [read(item) for item in found]
            await asyncio.sleep(0.01)


async def test_a_mail_becomes_a_message_with_figures(store: Store) -> None:
    await ask(store, replace(ENDED, receivers="ada,ben"))
    assert await composer(store, Accounts(COMPLETED)).look() == 1
    found = await all_owed(store)
    assert [(item.target, item.state) for item in found] == [
        ("ada", DeliveryState.READY), ("ben", DeliveryState.READY),
    ]  # fmt: skip
    assert [read(item).title for item in found] == ['Completed: job 123 "align"'] * 2
    assert read(found[0]).notes == ()


async def test_one_call_of_accounting_serves_a_thousand_mails(store: Store) -> None:
    requests = [replace(ENDED, record_id=f"r{number}", job_id=number) for number in range(1, 1001)]
    events = events_of()
    await store.write(lambda c: events.append(c, [mail_event(one, cluster="alpha") for one in requests]))
    accounts = Accounts(*(figures(attempt=Attempt("alpha", number, START - 60)) for number in range(1, 1001)))
    assert await composer(store, accounts).look() == 1000
    assert accounts.calls == [list(range(1, 1001))]


async def test_a_summary_asks_for_its_array_once_and_not_for_each_task(store: Store) -> None:
    await ask(store, replace(SUMMARY, job_id=203))
    accounts = Accounts(task(1), task(2))
    await composer(store, accounts).look()
    assert accounts.calls == [[200, 203]]
    [item] = await all_owed(store)
    assert item.state is DeliveryState.READY


async def test_a_summary_waits_for_all_tasks(store: Store) -> None:
    await ask(store, SUMMARY)
    accounts = Accounts(task(1), task(2, complete=False))
    composing = composer(store, accounts)
    assert await composing.look() == 0
    accounts.known[1] = task(2, JobState.FAILED)
    async with asyncio.timeout(30):
        while not await composing.look():
            await asyncio.sleep(0.01)
    [item] = await all_owed(store)
    assert "1 failed" in read(item).title.lower() + read(item).summary.lower()


async def test_nothing_due_asks_nothing(store: Store) -> None:
    accounts = Accounts()
    assert await composer(store, accounts).look() == 0
    assert accounts.calls == []


async def test_accounting_that_fails_is_asked_again_until_it_answers(store: Store) -> None:
    await ask(store, ENDED)
    accounts = Accounts(COMPLETED)
    accounts.failing = 3
    composing = composer(store, accounts)
    run = asyncio.create_task(composing.run())
    [message] = await made(store, 1)
    composing.stop()
    await asyncio.wait_for(run, 30)
    assert (len(accounts.calls), message.notes) == (4, ())


@pytest.mark.parametrize("known", [[], [ACCOUNTING_IS_LATE]])
async def test_when_accounting_never_tells_all_the_message_goes_out_and_says_so(
    store: Store, known: list[Figures]
) -> None:
    await ask(store, ENDED)
    assert await composer(store, Accounts(*known), ComposeSettings(wait=0.0)).look() == 1
    [item] = await all_owed(store)
    assert item.state is DeliveryState.READY
    assert any("figures" in note or "accounting" in note for note in read(item).notes)


async def test_an_accounting_that_fails_to_the_end_does_not_hold_the_message_back(store: Store) -> None:
    await ask(store, ENDED)
    accounts = Accounts()
    accounts.failing = 1000
    assert await composer(store, accounts, ComposeSettings(wait=0.0)).look() == 1
    [item] = await all_owed(store)
    assert read(item).title == 'Completed: job 123 "align"'


async def test_what_is_not_told_yet_is_looked_into_at_its_time_and_not_before(store: Store) -> None:
    await ask(store, ENDED)
    accounts = Accounts(ACCOUNTING_IS_LATE)
    composing = composer(store, accounts, ComposeSettings(wait=1000.0, gap=500.0))
    await composing.look()
    await composing.look()
    assert len(accounts.calls) == 1
    [item] = await all_owed(store)
    assert item.state is DeliveryState.WAITING
    assert item.not_before > time.time() + 400


async def test_the_mail_makes_the_start_and_the_end_known_in_the_journal(store: Store) -> None:
    await ask(store, replace(BEGAN, record_id="r0"), ENDED)
    await composer(store, Accounts(COMPLETED)).look()
    found = await store.read(lambda c: journal.find(c, EventFilter(kind="job.*"), limit=10))
    assert [(item.event.kind, list(item.witnesses)) for item in found] == [
        (EventKind.JOB_STARTED, [Source.MAIL]), (EventKind.JOB_ENDED, [Source.MAIL]),
    ]  # fmt: skip


async def test_a_mail_that_comes_after_the_watcher_told_is_dropped_as_a_duplicate(store: Store) -> None:
    key = lost_mail_key(COMPLETED.attempt, MailKind.ENDED, MailScope.JOB)
    events = events_of()
    lost = mail_event(replace(ENDED, record_id=""), cluster="alpha", source=Source.WATCHER, key=key)
    await store.write(lambda c: events.append(c, [lost]))
    accounts = Accounts(COMPLETED)
    await composer(store, accounts).look()
    await ask(store, ENDED)
    await composer(store, accounts).look()
    first, late = await all_owed(store)
    assert first.state is DeliveryState.READY
    assert (late.state, late.reason) == (DeliveryState.DROPPED, Reason.DUPLICATE)


async def test_a_summary_that_comes_late_is_dropped_too(store: Store) -> None:
    tasks = [task(1), task(2, attempt=Attempt("alpha", 202, START))]
    key = lost_mail_key(Attempt("alpha", 200, START - 60), MailKind.ENDED, MailScope.ARRAY_SUMMARY)
    lost = mail_event(replace(SUMMARY, record_id=""), cluster="alpha", source=Source.WATCHER, key=key)
    await store.write(lambda c: events_of().append(c, [lost]))
    await ask(store, replace(SUMMARY, job_id=201))
    await composer(store, Accounts(*tasks)).look()
    assert [item.state for item in await all_owed(store)] == [DeliveryState.READY, DeliveryState.DROPPED]


async def test_a_start_is_told_before_the_end_though_the_end_is_ready_first(store: Store) -> None:
    await ask(store, replace(BEGAN, record_id="r0"), ENDED)
    waiting = (await all_owed(store))[0]
    later = {waiting.event_id: time.time() + 1000}
    await store.write(lambda c: deliveries.look_again(c, later))
    await composer(store, Accounts(COMPLETED)).look()
    began, ended = await all_owed(store)
    assert (began.state, ended.state) == (DeliveryState.WAITING, DeliveryState.READY)

    async def claimed() -> list[int]:
        now = time.time() + 2000
        bundles = await store.write(
            lambda c: claims.claim(c, "mailto", claims.Limits(), owner="w", now=now, lease=1.0, most=10)
        )
        return [one.id for bundle in bundles for one in bundle.deliveries]

    assert await claimed() == []
    await store.write(lambda c: deliveries.give_messages(c, {began.event_id: Made(ended.message or "")}, time.time()))
    assert await claimed() == [began.id]
    done = [Settled((began.id,), DeliveryState.DELIVERED)]
    await store.write(lambda c: outcomes.record(c, done, owner="w", now=time.time()))
    assert await claimed() == [ended.id]


async def test_a_mail_that_comes_while_the_composer_rests_wakes_it(store: Store) -> None:
    composing = composer(store, Accounts(COMPLETED), ComposeSettings(gap=0.01, poll=3600.0))
    run = asyncio.create_task(composing.run())
    await asyncio.sleep(0.05)
    await ask(store, ENDED)
    await made(store, 1)
    composing.stop()
    await asyncio.wait_for(run, 30)
