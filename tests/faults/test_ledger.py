"""What is lost is called lost, and what comes twice doubled: the suite cannot pass by looking away."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from faults.ledger import Fact, Ledger, Result
from faults.slurm_jobs import Record, SlurmJobs
from headgate.store import app_events
from headgate.store.store import Store
from tests.gateway.made import begun, submission

TOKEN = "hgf-kills-1"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "taken"
    path.touch()
    return path


def took(file: Path, target: str, key: str = "k", *, token: str = TOKEN, sure: bool = True, at: float = 13.0) -> None:
    with file.open("a") as opened:
        opened.write(json.dumps([at, token, target, key, sure]) + "\n")


async def result(store: Store, ledger: Ledger, *records: Record, synchronised: bool = True) -> Result:
    url = store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False)
    names = {record.name for record in records}
    jobs = SlurmJobs({name: [one for one in records if one.name == name] for name in names}, synchronised)
    return await asyncio.to_thread(ledger.result, "kills", url, jobs)


def record(number: int = 7, *, submitted: int = 4, queued: bool = False, over: bool = True) -> Record:
    state = "COMPLETED" if over else "RUNNING"
    return Record(number, submitted, TOKEN, state, queued, over, f"{number}|{state}")


async def test_what_nobody_took_is_lost(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("mailto:ada", "hook:ada")))
    ledger.accept(Fact("hgf-other-1", 10.0, ("mailto:ada",)))
    took(file, "mailto:ada")
    assert ledger.untold("kills") == 1
    found = await result(store, ledger)
    assert (found.facts_in, found.facts_out, found.lost) == (2, 1, [f"{TOKEN} to hook:ada was never told"])
    assert (found.longest, found.latest) == (3.0, f"{TOKEN} to mailto:ada")


async def test_a_mail_that_came_twice_is_doubled_unless_its_server_did_not_say_that_it_took_it(
    store: Store, file: Path
) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("mailto:ada",)))
    took(file, "mailto:ada", sure=False)
    took(file, "mailto:ada")
    found = await result(store, ledger)
    assert (found.doubled, found.unsure) == (0, 1)
    took(file, "mailto:ada")
    found = await result(store, ledger)
    assert (found.doubled, found.unsure) == (1, 1)


async def test_a_webhook_is_doubled_when_it_comes_under_another_key(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("hook:ada",)))
    took(file, "hook:ada")
    took(file, "hook:ada")
    found = await result(store, ledger)
    assert (found.doubled, found.repeated) == (0, 1)
    took(file, "hook:ada", "another")
    assert (await result(store, ledger)).doubled == 1


@pytest.mark.parametrize(("handed_over", "counted"), [(1, (1, 0)), (2, (0, 1)), (3, (0, 1))])
async def test_a_mail_that_slurm_handed_over_twice_may_come_twice(
    store: Store, file: Path, handed_over: int, counted: tuple[int, int]
) -> None:
    token = "hgf-kills-s1x0"
    ledger = Ledger(file)
    ledger.accept(Fact(token, 10.0, ("mailto:ada", "hook:ada"), job=True))
    for target in ("mailto:ada", "hook:ada"):
        took(file, target, token=token)
    took(file, "mailto:ada", "another", token=token)
    await end(store, 1, 7, name=token)
    for number in range(handed_over):
        await request(store, 10 + number, token, f"{number}.mail")
    await request(store, 20, token, "")
    found = await result(store, ledger, replace(record(), name=token))
    assert (found.doubled, found.asked_again, found.lost) == (*counted, [])


async def test_what_goes_to_nobody_has_to_be_dead(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("hook:nobody",)))
    assert ledger.untold("kills") == 0
    assert (await result(store, ledger)).lost == [f"{TOKEN} to hook:nobody is neither told nor dead"]


@pytest.fixture
def ledger(file: Path) -> Ledger:
    """Return a ledger that knows of one job."""
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("mailto:ada",), job=True))
    took(file, "mailto:ada")
    return ledger


async def test_a_job_has_one_end(store: Store, ledger: Ledger) -> None:
    assert list((await result(store, ledger)).forgotten) == [TOKEN]
    await end(store, 1, 7)
    found = await result(store, ledger, record())
    assert (found.facts_in, found.facts_out, found.doubled, found.longest_end) == (2, 2, 0, 2.0)
    await end(store, 2, 7, submitted=5)
    assert (await result(store, ledger, record())).doubled == 1
    assert (await result(store, ledger, record(), record(8, over=False))).doubled == 1


async def test_the_app_that_submitted_a_job_has_to_be_told_of_its_end(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, job=True, app=True))
    await end(store, 1, 7)
    found = await result(store, ledger, record())
    why = f"the end of {TOKEN} is in the journal, and its app was not told"
    assert (found.facts_in, found.facts_out, found.lost) == (2, 1, [why])
    own = await begun(store, submission(name=TOKEN), job_id=7)
    await store.write(lambda c: app_events.add(c, [(own.app_id, own.user, own.id, 1)]))
    found = await result(store, ledger, record())
    assert (found.facts_in, found.facts_out, found.lost) == (2, 2, [])


async def test_a_job_that_was_put_back_into_the_queue_ends_once(store: Store, ledger: Ledger) -> None:
    await end(store, 2, 7, submitted=5)
    found = await result(store, ledger, record(), record(submitted=5))
    assert (found.facts_out, found.doubled, found.lost) == (2, 0, [])


@pytest.mark.parametrize("queued", [True, False])
async def test_an_end_that_slurm_knows_and_the_journal_does_not_is_lost(
    store: Store, ledger: Ledger, queued: bool
) -> None:
    why = f"the end of job 7 ({TOKEN}) is not in the journal, and Slurm knows it: 7|COMPLETED"
    found = await result(store, ledger, record(queued=queued))
    assert (found.facts_in, found.facts_out, found.lost, found.lost_ends) == (2, 1, [why], [TOKEN])
    await end(store, 1, 7, submitted=3)
    found = await result(store, ledger, record(queued=queued))
    assert found.lost == [why], "the end of another attempt is not this one's"


async def test_an_end_is_known_by_its_number_where_slurmdbd_had_no_name_yet(store: Store, ledger: Ledger) -> None:
    await end(store, 1, 7, name="")
    found = await result(store, ledger, record())
    assert (found.facts_out, found.lost) == (2, [])


async def test_an_end_is_missed_also_where_slurmdbd_was_never_told_the_name(store: Store, ledger: Ledger) -> None:
    await end(store, 1, 7)
    nameless = replace(record(8), name="allocation")
    requeued = replace(record(9), name="allocation", state="NODE_FAIL")
    why = "the end of job 8 (allocation) is not in the journal, and Slurm knows it: 8|COMPLETED"
    assert (await result(store, ledger, record(), nameless, requeued)).lost == [why]
    await end(store, 2, 8, name="")
    assert (await result(store, ledger, record(), nameless, requeued)).lost == []


async def test_an_end_that_the_journal_has_counts_though_slurm_has_nothing_of_the_job(
    store: Store, ledger: Ledger
) -> None:
    await end(store, 1, 7)
    found = await result(store, ledger)
    assert (found.facts_in, found.facts_out, found.doubled, found.forgotten) == (2, 2, 0, {})


async def test_a_job_whose_record_never_ends_and_that_is_not_in_the_queue_was_forgotten_by_slurm(
    store: Store, ledger: Ledger
) -> None:
    ledger.accept(Fact(TOKEN, 10.0, ("mailto:ben",), job=True))
    found = await result(store, ledger, record(over=False))
    assert (found.facts_in, found.lost, found.forgotten) == (0, [], {TOKEN: "7|RUNNING"})
    assert (ledger.untold("kills"), ledger.untold("kills", found.forgotten)) == (1, 0)


async def test_a_job_in_the_queue_has_not_been_forgotten(store: Store, ledger: Ledger) -> None:
    found = await result(store, ledger, record(over=False), record(queued=True, over=False))
    assert (found.lost, found.forgotten) == ([f"job 7 ({TOKEN}) has not ended: Slurm has it as 7|RUNNING"], {})


async def test_nothing_is_forgotten_while_slurmctld_has_something_to_tell_slurmdbd(
    store: Store, ledger: Ledger
) -> None:
    found = await result(store, ledger, record(over=False), synchronised=False)
    assert (len(found.lost), found.forgotten) == (1, {})


async def test_an_end_that_was_told_before_slurm_forgot_it_is_a_fact(store: Store, ledger: Ledger) -> None:
    await end(store, 1, 7)
    found = await result(store, ledger, record(over=False))
    assert (found.facts_out, found.lost, found.forgotten) == (2, [], {})


@pytest.mark.parametrize(
    ("phase", "counted"), [("submitting", (1, 0, 0)), ("refused", (0, 1, 0)), ("active", (0, 0, 1))]
)
async def test_a_job_that_the_gateway_took_and_slurm_does_not_have_may_not_stay_in_doubt(
    store: Store, file: Path, phase: str, counted: tuple[int, int, int]
) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, job=True))
    own = await begun(store, submission(name=TOKEN))
    change = text("UPDATE submissions SET phase = :phase WHERE number = :number")
    await store.write(lambda c: c.execute(change, {"phase": phase, "number": own.number}) and None)
    found = await result(store, ledger)
    assert (len(found.lost), found.not_submitted, len(found.forgotten)) == counted


async def request(store: Store, number: int, name: str, record_id: str) -> None:
    row = text(
        'INSERT INTO events (id, key, kind, time, recorded_at, subject, cluster, job_id, "user", data) '
        "VALUES (:id, :key, 'mail.requested', 5, 7, '', '', 7, '', :data)"
    )
    data = json.dumps({"name": name, "record_id": record_id}, separators=(",", ":"))
    await store.write(lambda c: c.execute(row, {"id": number, "key": f"mail/c/{number}", "data": data}) and None)


async def end(store: Store, number: int, job: int, *, submitted: int = 4, name: str = TOKEN) -> None:
    row = text(
        'INSERT INTO events (id, key, kind, time, recorded_at, subject, cluster, job_id, "user", data) '
        "VALUES (:id, :key, 'job.ended', 5, 7, '', '', :job, '', :data)"
    )
    key = f"job.ended/c{number}/{job}/{submitted}"
    given = {"id": number, "key": key, "job": job, "data": json.dumps({"name": name})}
    await store.write(lambda c: c.execute(row, given) and None)
