from __future__ import annotations

import re
from pathlib import Path

import pytest

from headgate.model.event import EventKind
from headgate.model.states import JobState
from headgate.store import audit, jobs, journal, tables
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs_seen import ARRAY, FAILED, OTHER, RUNS, event, figures, jobs_place, stored
from tests.web.pages.pages_place import PEOPLE, PagesPlace

OWN = ("jobs", f"jobs/alpha/{RUNS}", f"jobs/alpha/{FAILED}", f"jobs/alpha/array/{ARRAY}", f"jobs/alpha/{ARRAY + 1}")


def listed(text: str) -> list[str]:
    """Return which jobs a list shows."""
    return re.findall(r'<td data-label="Job" class="mono"><a href="[^"]+">([^<]+)</a>', text)


async def test_a_stranger_is_shown_no_job(place: PagesPlace) -> None:
    async with place.client(None) as stranger:
        for path in (*OWN, f"jobs/alpha/{RUNS}/output", f"jobs/alpha/{RUNS}/files"):
            assert (await stranger.get(f"/{path}")).status_code == 303
        assert (await stranger.http.post("/ui/jobs/orders/run", data={"job": "alpha/101"})).status_code == 401


async def test_who_has_no_role_sees_their_own_and_nothing_of_others(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        assert sorted(listed((await uma.get("/jobs")).text)) == ["101", "102", "103", "300_*"]
        assert listed((await uma.get("/jobs", user="bob")).text) == listed((await uma.get("/jobs")).text)
        assert listed((await uma.get("/jobs", q=str(OTHER))).text) == []
        other = await uma.get(f"/jobs/alpha/{OTHER}")
        nothing = await uma.get("/jobs/alpha/999")
    assert (other.status_code, nothing.status_code) == (404, 404)
    assert other.text.replace(str(OTHER), "N") == nothing.text.replace("999", "N")


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_who_has_a_role_sees_everybodys_jobs_but_nobodys_output_or_files(place: PagesPlace, role: str) -> None:
    async with place.client(role) as person:
        assert str(OTHER) in listed((await person.get("/jobs")).text)
        assert listed((await person.get("/jobs", user="bob")).text) == [str(OTHER)]
        page = await person.get(f"/jobs/alpha/{RUNS}")
        assert page.status_code == 200
        assert "/output" not in page.text
        for hidden in ("output", "output/more", "files", "files/download"):
            answer = await person.get(f"/jobs/alpha/{RUNS}/{hidden}", path="x")
            assert answer.status_code == 404


@pytest.mark.parametrize("role", PEOPLE)
async def test_hostile_names_and_reasons_are_text(place: PagesPlace, role: str) -> None:
    async with place.client(role) as person:
        for path in OWN:
            answer = await person.get(f"/{path}")
            assert answer.status_code == 200
            assert "<script>alert" not in answer.text
            assert "\x1b" not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in (await person.get("/jobs")).text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "open"}, ["300_*", "102", "101"]),
        ({"state": "failed"}, ["300_*", "103"]),
        ({"state": "COMPLETED", "user": "bob"}, ["201"]),
        ({"q": "300_2"}, ["300_*"]),
        ({"q": "cfd"}, ["201"]),
        ({"sort": "job"}, ["101", "102", "103", "201", "300_*"]),
        ({"sort": "-user"}, ["300_*", "103", "102", "101", "201"]),
        ({"since": "2100-01-01"}, []),
        ({"changed": "hour", "state": "failed"}, ["300_*", "103"]),
        ({"page": "2"}, []),
        ({"state": "nonsense", "since": "tomorrow", "page": "-1", "sort": "x", "user": "\0"}, None),
    ],
)
async def test_a_list_is_narrowed_sorted_and_searched(
    place: PagesPlace, query: dict[str, str], expected: list[str] | None
) -> None:
    async with place.client("viewer") as person:
        answer = await person.get("/jobs", **query)
    assert answer.status_code == 200
    found = listed(answer.text)
    assert found == expected if expected is not None else len(found) == 5


async def test_empty_lists_say_what_would_be_there(store: Store, place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        assert "No job is like that" in (await anna.get("/jobs", q="nothing")).text
    await store.write(lambda c: c.execute(tables.jobs.delete()))
    async with place.client("admin") as anna, place.client("user") as uma:
        assert "Headgate has seen no job yet" in (await anna.get("/jobs")).text
        assert "Submit one with sbatch" in (await uma.get("/jobs")).text


async def test_a_job_that_is_over_shows_what_it_used_and_everything_that_was_said_of_it(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        text = (await uma.get(f"/jobs/alpha/{FAILED}")).text
    for shown in (
        'aria-label="CPU: 25 %"',
        'width="25.0%"',
        "4 GiB of 64 GiB",
        "1 h of 4 h",
        "exit code 1",
        "Message to mailto:uma@example.org",
        "Message to mailto:boss@example.org",
        "Job 103 failed &lt;b&gt;; unreachable; no such host; 3 failed attempts",
        "GPUs",
    ):
        assert shown in text
    assert text.index("Message to mailto:boss") < text.index("Message to mailto:uma") < text.index("Submitted</strong>")


async def test_advice_is_that_of_messages(store: Store, place: PagesPlace, fake: FakeSlurm) -> None:
    well = stored(500, "COMPLETED")
    told = event(EventKind.JOB_ENDED, well, 30, state="COMPLETED", exit_code=0, signal=0)
    fake.has_accounts([figures(well, JobState.COMPLETED)])
    await store.write(lambda c: jobs.keep(c, [well], 1.0))
    await store.write(lambda c: journal.append(c, [told]))
    async with place.client("user") as uma:
        text = (await uma.get("/jobs/alpha/500")).text
    assert text.count("Advice:") == 3
    assert "8 CPU" in text or "8 cores" in text.lower() or "asked for 8" in text


async def test_a_page_does_not_wait_for_an_accounting_that_hangs(
    place: PagesPlace, fake: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place.site.accounts, "patience", 0.05)
    fake.hangs("sacct")
    async with place.client("user") as uma:
        answer = await uma.get(f"/jobs/alpha/{FAILED}")
        assert answer.status_code == 200
        assert "accounting did not answer in time" in answer.text
        assert "Ended" in answer.text


async def test_accounting_is_not_asked_again_for_a_job_that_is_over(place: PagesPlace, fake: FakeSlurm) -> None:
    async with place.client("user") as uma:
        for _ in range(3):
            await uma.get(f"/jobs/alpha/{FAILED}")
    assert len(fake.calls("sacct")) == 1


async def test_others_messages_are_not_shown_with_a_number_that_was_used_again(store: Store, place: PagesPlace) -> None:
    again = stored(OTHER, "COMPLETED", submitted=5_000)
    await store.write(lambda c: jobs.keep(c, [again], 1.0))
    async with place.client("user") as uma:
        text = (await uma.get(f"/jobs/alpha/{OTHER}")).text
    assert "bob" not in text


async def test_an_array_opens_into_its_tasks_by_state(place: PagesPlace) -> None:
    async with place.client("user") as uma:
        text = (await uma.get(f"/jobs/alpha/array/{ARRAY}")).text
        task = await uma.get(f"/jobs/alpha/{ARRAY + 5}")
        rest = await uma.get(f"/jobs/alpha/{ARRAY}")
    assert re.findall(r'data-label="Task" class="mono"><a href="[^"]+">([^<]+)<', text) == [
        f"{ARRAY}_*", *(f"{ARRAY}_{place}" for place in range(6))
    ]  # fmt: skip
    assert f'href="/ui/jobs/alpha/array/{ARRAY}"' in task.text
    assert "all tasks of the array that still wait" in rest.text


async def test_what_an_array_used_together_is_shown_when_it_is_over(store: Store, place: PagesPlace) -> None:
    over = [stored(ARRAY + n, "COMPLETED", array=ARRAY, label=f"{ARRAY}_{n}") for n in (5, 6)]
    gone = [stored(ARRAY, "COMPLETED", array=ARRAY, label=f"{ARRAY}_7")]
    await store.write(lambda c: jobs.keep(c, [*over, *gone], 1.0))
    async with place.client("user") as uma:
        text = (await uma.get(f"/jobs/alpha/array/{ARRAY}")).text
    assert 'aria-label="CPU: 25 %"' in text


async def test_a_number_that_nobody_knows_is_not_there(place: PagesPlace) -> None:
    async with place.client("admin") as anna:
        for path in ("jobs/alpha/999", "jobs/beta/101", "jobs/alpha/array/999", "jobs/alpha/0", f"jobs/alpha/{2**40}"):
            assert (await anna.get(f"/{path}")).status_code in (400, 404)


async def test_a_site_may_let_a_role_see_output_and_looking_is_written_down(store: Store, tmp_path: Path) -> None:
    async with (
        jobs_place(store, tmp_path, pages={"outputs": "operator"}) as place,
        place.client("operator") as oscar,
        place.client("viewer") as vera,
    ):
        answer = await oscar.get(f"/jobs/alpha/{RUNS}/output")
        assert answer.status_code == 200
        assert "no executor here" in answer.text
        assert (await vera.get(f"/jobs/alpha/{RUNS}/output")).status_code == 404
        assert (await oscar.get(f"/jobs/alpha/{RUNS}/files")).status_code == 404
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=5))
    assert (entry.user, entry.action, entry.subject) == ("oscar", "output", f"job {RUNS}")
