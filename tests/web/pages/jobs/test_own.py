from __future__ import annotations

import pytest

from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs.owners import Owners
from tests.web.pages.jobs.test_orders import offered
from tests.web.pages.jobs_seen import ARRAY, FAILED, OTHER, RUNS, WAITS
from tests.web.pages.pages_place import PagesPlace

DENIED = "Access/permission denied for job 102\nscontrol: error: <b>no</b>\n"


async def entries(place: PagesPlace) -> list[tuple[str, str, str, str, str]]:
    found = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=20))
    return [(one.user, one.via, one.action, one.subject, one.outcome) for one in found]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (str(RUNS), ["cancel", "requeue"]),
        (str(WAITS), ["cancel", "hold"]),
        (str(FAILED), []),
        (f"array/{ARRAY}", ["cancel", "hold", "release", "requeue"]),
    ],
)
@pytest.mark.usefixtures("owners")
async def test_owners_are_offered_what_fits_their_job(place: PagesPlace, job: str, expected: list[str]) -> None:
    async with place.client("user") as uma:
        assert offered((await uma.get(f"/jobs/alpha/{job}")).text) == expected
        assert '<option value="hold">' in (await uma.get("/jobs")).text


@pytest.mark.parametrize(
    ("order", "job", "name", "words"),
    [
        ("hold", str(WAITS), str(WAITS), "it does not start until it is released"),
        ("release", str(WAITS), str(WAITS), "it may start"),
        ("requeue", str(RUNS), str(RUNS), "it is put back into the queue"),
        ("hold", f"array/{ARRAY}", str(ARRAY), "it does not start until it is released"),
        ("requeue", str(ARRAY + 6), f"{ARRAY}_5", "it is put back into the queue"),
    ],
)
async def test_it_is_done_as_the_owner_after_it_was_shown(  # noqa: PLR0917 - pytest's own way
    place: PagesPlace, owners: Owners, order: str, job: str, name: str, words: str
) -> None:
    given = {"job": f"alpha/{job}", "order": order}
    async with place.client("user") as uma:
        asked = await uma.post("/jobs/orders", given)
        assert "Nothing has been done yet. 1 of 1" in asked.text
        assert owners.asked == []
        await uma.post("/jobs/orders/run", given)
        assert words in (await uma.get("/jobs")).text
    assert owners.asked == [(order, "uma", name, "a")]
    assert await entries(place) == [("uma", "page", order, f"job {name}", "done")]


@pytest.mark.parametrize(
    ("error", "words", "outcome"),
    [
        (RefusedError("slurm", DENIED, code=1), "Access/permission denied for job 102", "refused"),
        (RefusedError("user", "this user is not served"), "this user is not served", "refused"),
        (ExecutorError("the executor is away"), "the executor is away", "failed"),
        (TimeoutError(), "look at the job before you try again", "failed"),
    ],
)
async def test_what_is_refused_is_told_in_its_words(
    place: PagesPlace, owners: Owners, error: Exception, words: str, outcome: str
) -> None:
    owners.error = error
    async with place.client("user") as uma:
        await uma.post("/jobs/orders/run", {"job": f"alpha/{WAITS}", "order": "hold"})
        text = (await uma.get("/jobs")).text
    assert words in text
    assert "<b>no</b>" not in text
    assert await entries(place) == [("uma", "page", "hold", f"job {WAITS}", outcome)]


async def test_many_are_done_with_a_result_each(place: PagesPlace, owners: Owners) -> None:
    ticked = [f"alpha/{WAITS}", f"alpha/{RUNS}", f"alpha/array/{ARRAY}", f"alpha/{OTHER}"]
    async with place.client("user") as uma:
        asked = await uma.post("/jobs/orders", {"job": ticked, "order": "hold"})
        assert "2 of 3 jobs" in asked.text
        assert "does not wait any more" in asked.text
        done = await uma.post("/jobs/orders/run", {"job": ticked, "order": "hold"})
    assert "3 of 3 done" in done.text
    assert [job for _, _, job, _ in owners.asked] == [str(WAITS), str(RUNS), str(ARRAY)]


@pytest.mark.usefixtures("owners")
async def test_a_job_that_slurm_has_forgotten_is_not_tried(place: PagesPlace, fake: FakeSlurm) -> None:
    fake.has_queue([])
    async with place.client("user") as uma:
        asked = await uma.post("/jobs/orders", {"job": f"alpha/{WAITS}", "order": "hold"})
    assert "Slurm has no such job in its queue any more" in asked.text
    assert "Nothing can be done here" in asked.text


@pytest.mark.parametrize("role", ["user", "viewer"])
@pytest.mark.parametrize("order", ["hold", "release", "requeue"])
async def test_nobody_acts_as_somebody_else(place: PagesPlace, owners: Owners, role: str, order: str) -> None:
    async with place.client(role) as person:
        for path in ("/jobs/orders", "/jobs/orders/run"):
            answer = await person.post(path, {"job": f"alpha/{OTHER}", "order": order})
            assert answer.status_code == (404 if role == "user" else 403)
    assert owners.asked == []


@pytest.mark.parametrize("order", ["priority", "limit"])
async def test_owners_set_no_priority_and_no_limit(place: PagesPlace, owners: Owners, order: str) -> None:
    async with place.client("user") as uma:
        answer = await uma.post("/jobs/orders/run", {"job": f"alpha/{WAITS}", "order": order, "value": "5"})
    assert answer.status_code == 403
    assert owners.asked == []
