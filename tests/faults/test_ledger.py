"""What is lost is called lost, and what comes twice doubled: the suite cannot pass by looking away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from faults.ledger import Fact, Ledger, Result
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


async def result(store: Store, ledger: Ledger, jobs: dict[str, list[int]] | None = None) -> Result:
    url = store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False)
    return await asyncio.to_thread(ledger.result, "kills", url, jobs or {})


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


async def test_what_goes_to_nobody_has_to_be_dead(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, ("hook:nobody",)))
    assert ledger.untold("kills") == 0
    assert (await result(store, ledger)).lost == [f"{TOKEN} to hook:nobody is neither told nor dead"]


async def test_a_job_has_one_end(store: Store, file: Path) -> None:
    ledger = Ledger(file)
    ledger.accept(Fact(TOKEN, 10.0, job=True))
    assert (await result(store, ledger)).lost_by_slurm == 1
    jobs = {TOKEN: [7]}
    assert len((await result(store, ledger, jobs)).lost) == 1
    await end(store, 1, 7)
    found = await result(store, ledger, jobs)
    assert (found.facts_in, found.facts_out, found.doubled, found.longest_end) == (1, 1, 0, 2.0)
    await end(store, 2, 7)
    assert (await result(store, ledger, jobs)).doubled == 1
    assert (await result(store, ledger, {TOKEN: [7, 8]})).doubled == 1


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
    assert (len(found.lost), found.not_submitted, found.lost_by_slurm) == counted


async def end(store: Store, number: int, job: int) -> None:
    row = text(
        'INSERT INTO events (id, key, kind, time, recorded_at, subject, cluster, job_id, "user", data) '
        "VALUES (:id, :key, 'job.ended', 5, 7, '', '', :job, '', :data)"
    )
    given = {"id": number, "key": f"k{number}", "job": job, "data": json.dumps({"name": TOKEN})}
    await store.write(lambda c: c.execute(row, given) and None)
