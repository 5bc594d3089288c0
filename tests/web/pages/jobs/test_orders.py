from __future__ import annotations

import re

import pytest

from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.testing.slurm import FakeSlurm
from tests.web.pages.jobs_seen import ARRAY, FAILED, OTHER, RUNS, WAITS
from tests.web.pages.pages_place import PEOPLE, PagesPlace


async def entries(place: PagesPlace) -> list[tuple[str, str, str, str]]:
    found = await place.store.read(lambda c: audit.find(c, AuditFilter(), limit=20))
    return [(one.user, one.via, one.action, one.outcome) for one in found]


def offered(text: str) -> list[str]:
    return re.findall(r'name="order" value="(\w+)"', text)


@pytest.mark.parametrize(
    ("role", "job", "expected"),
    [
        ("user", RUNS, ["cancel"]),
        ("user", WAITS, ["cancel"]),
        ("user", FAILED, []),
        ("viewer", RUNS, []),
        ("operator", RUNS, ["cancel", "requeue", "limit"]),
        ("operator", WAITS, ["cancel", "hold", "priority", "limit"]),
        ("admin", OTHER, ["requeue"]),
    ],
)
async def test_only_what_one_may_do_and_what_fits_is_offered(
    place: PagesPlace, role: str, job: int, expected: list[str]
) -> None:
    async with place.client(role) as person:
        assert offered((await person.get(f"/jobs/alpha/{job}")).text) == expected


@pytest.mark.parametrize(("role", "ticks"), [("user", 3), ("viewer", 0), ("operator", 3), ("admin", 3)])
async def test_only_jobs_that_one_may_change_can_be_ticked(place: PagesPlace, role: str, ticks: int) -> None:
    async with place.client(role) as person:
        text = (await person.get("/jobs")).text
    assert text.count('type="checkbox"') == ticks
    assert ("With the ticked" in text) == (ticks > 0)
    assert ('<option value="hold">' in text) == (role in ("operator", "admin"))


async def test_ones_own_job_is_ended_as_its_owner_after_it_was_shown_what_happens(
    place: PagesPlace, fake: FakeSlurm
) -> None:
    fake.says("scancel")
    given = {"job": f"alpha/{RUNS}", "order": "cancel"}
    async with place.client("user") as uma:
        asked = await uma.post("/jobs/orders", given)
        assert "Nothing has been done yet" in asked.text
        assert fake.calls("scancel") == []
        done = await uma.post("/jobs/orders/run", given)
        assert (done.status_code, done.headers["location"]) == (303, f"/ui/jobs/alpha/{RUNS}")
        assert "Cancel 101: Slurm is ending it" in (await uma.get(f"/jobs/alpha/{RUNS}")).text
    assert fake.calls("scancel") == [f"--user=uma {RUNS}"]
    assert await entries(place) == [("uma", "page", "cancel", "done")]


async def test_what_slurm_refuses_is_told_in_its_words(place: PagesPlace, fake: FakeSlurm) -> None:
    fake.says("scancel", stderr="scancel: error: Kill job error on job id 101: Invalid job id specified", code=1)
    async with place.client("user") as uma:
        await uma.post("/jobs/orders/run", {"job": f"alpha/{RUNS}", "order": "cancel"})
        assert "Slurm has no such job in its queue any more" in (await uma.get("/jobs")).text
    assert await entries(place) == [("uma", "page", "cancel", "refused")]


async def test_many_are_ended_with_a_result_each(place: PagesPlace, fake: FakeSlurm) -> None:
    fake.says("scancel")
    ticked = [f"alpha/{RUNS}", f"alpha/{WAITS}", f"alpha/array/{ARRAY}", f"alpha/{OTHER}", "alpha/x", "../1"]
    async with place.client("user") as uma:
        asked = await uma.post("/jobs/orders", {"job": [*ticked, f"alpha/{FAILED}"], "order": "cancel"})
        assert "3 of 4 jobs" in asked.text
        done = await uma.post("/jobs/orders/run", {"job": ticked, "order": "cancel"})
    assert "3 of 3 done" in done.text
    assert sorted(fake.calls("scancel")) == [f"--user=uma {number}" for number in (RUNS, WAITS, ARRAY)]


@pytest.mark.parametrize("role", ["user", "viewer"])
async def test_others_jobs_are_changed_by_nobody_without_the_role(
    place: PagesPlace, fake: FakeSlurm, role: str
) -> None:
    for name in ("scancel", "scontrol"):
        fake.says(name)
    for order in ("cancel", "hold", "requeue"):
        async with place.client(role) as person:
            answer = await person.post("/jobs/orders/run", {"job": f"alpha/{OTHER}", "order": order})
        assert answer.status_code == (404 if role == "user" else 403)
    assert fake.calls("scancel") == []
    assert fake.calls("scontrol") == []


async def test_where_headgate_does_not_act_as_users_owners_end_their_jobs_and_no_more(
    place: PagesPlace, fake: FakeSlurm
) -> None:
    fake.says("scontrol")
    async with place.client("user") as uma:
        answer = await uma.post("/jobs/orders/run", {"job": f"alpha/{WAITS}", "order": "hold"})
        assert answer.status_code == 403
    assert fake.calls("scontrol") == []


async def test_operators_act_by_the_action_and_jobs_that_slurm_forgot_are_told_one_by_one(
    place: PagesPlace, fake: FakeSlurm
) -> None:
    fake.says("scontrol")
    given = {"job": [f"alpha/{RUNS}", f"alpha/{OTHER}"], "order": "requeue", "why": "the node was bad"}
    async with place.client("operator") as oscar:
        asked = await oscar.post("/jobs/orders", given)
        assert "Nothing can be done here" in asked.text
        done = await oscar.post("/jobs/orders/run", given)
    assert "0 of 2 done" in done.text
    assert done.text.count("Slurm has no job") == 2
    assert set(await entries(place)) == {("oscar", "page", "slurm.job.requeue", "failed")}
    assert fake.calls("scontrol") == []


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize(
    "given",
    [
        {"order": "cancel"},
        {"job": f"alpha/{RUNS}", "order": "destroy"},
        {"job": f"alpha/{RUNS}"},
        {"job": f"alpha/{RUNS}", "order": "priority", "value": "-1"},
        {"job": f"alpha/{RUNS}", "order": "limit", "value": "5; reboot"},
        {"job": "alpha/x", "order": "cancel"},
    ],
)
async def test_forms_that_make_no_sense_are_refused(place: PagesPlace, role: str, given: dict[str, str]) -> None:
    async with place.client(role) as person:
        for path in ("/jobs/orders", "/jobs/orders/run"):
            assert (await person.post(path, given)).status_code == 400
    assert await entries(place) == []


async def test_a_form_without_the_token_does_nothing(place: PagesPlace, fake: FakeSlurm) -> None:
    fake.says("scancel")
    async with place.client("user") as uma:
        answer = await uma.http.post("/ui/jobs/orders/run", data={"job": f"alpha/{RUNS}", "order": "cancel"})
    assert answer.status_code == 403
    assert fake.calls("scancel") == []
