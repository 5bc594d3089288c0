"""Builds by REST: which there are, how each stands, and who ends and makes again."""

from __future__ import annotations

import pytest

from headgate.store import audit, builds
from headgate.store.audit import AuditFilter
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from tests.web.api.asked import ALL, asking, entries, pages_of
from tests.web.pages.builds.seeded import HOSTILE, seed

FAILED, RUNS, DONE, REFUSED = 1, 2, 3, 4


@pytest.fixture
async def seeded(store: Store) -> Store:
    """A store with a run of four jobs."""
    await seed(store)
    return store


async def test_builds_are_listed_newest_first_and_filtered(seeded: Store) -> None:
    await seed(seeded, name="2", number=8)
    async with asking(seeded, "viewer") as client:
        found = (await client.get("/builds")).json()
        assert [one["id"] for one in found] == [8, 7, 6, 5, REFUSED, DONE, RUNS, FAILED]
        runs = found[6]
        assert (runs["forge"], runs["repository"], runs["pull_request"], runs["run"]) == ("hub", "org/a", 7, 1)
        assert (runs["target"], runs["phase"], runs["state"], runs["job_id"]) == ("icelake", "running", "running", 4712)
        assert (found[4]["state"], found[4]["problem"]) == ("refused", f"sbatch: error: {HOSTILE}")
        assert runs["comment_url"] == ""  # no address of the web
        for query, expected in {
            "pull_request=7": [REFUSED, DONE, RUNS, FAILED],
            "run=2": [8, 7, 6, 5],
            "phase=running": [6, RUNS],
            "open=true&pull_request=7": [RUNS],
            "repository=org/b": [],
            "since=99999999999": [],
            f"before={RUNS}": [FAILED],
        }.items():
            assert [one["id"] for one in (await client.get(f"/builds?{query}")).json()] == expected, query
        for query in ("phase=odd", "limit=0", "limit=1001", "before=0", "repository=%00", "since=inf"):
            assert (await client.get(f"/builds?{query}")).status_code == 400


async def test_pages_follow_each_other_to_the_end(seeded: Store) -> None:
    async with asking(seeded, "viewer") as client:
        seen = [[one["id"] for one in found] for found in await pages_of(client, "/builds?limit=3")]
    assert seen == [[REFUSED, DONE, RUNS], [FAILED]]


async def test_one_is_shown_with_its_rows(seeded: Store) -> None:
    async with asking(seeded, "viewer") as client:
        shown = (await client.get(f"/builds/{FAILED}")).json()
        assert (shown["state"], shown["result"]) == ("FAILURE", {"status": "FAILURE"})
        assert shown["directory"].endswith("/run_000/a64fx")
        assert [one["status"] for one in shown["rows"]] == ["running", "finished"]
        assert "make: *** Error 2" in shown["rows"][1]["text"]
        assert (await client.get("/builds/77")).status_code == 404
        assert (await client.get("/builds/0")).status_code == 400


@pytest.mark.parametrize("name", ALL)
async def test_viewers_look_and_operators_change(seeded: Store, name: str) -> None:
    async with asking(seeded, name) as client:
        looks = 403 if name == "stranger" else 200
        assert (await client.get("/builds")).status_code == looks
        assert (await client.get(f"/builds/{RUNS}")).status_code == looks
        changes = 200 if name in ("operator", "admin", "administrator") else 403
        assert (await client.post(f"/builds/{RUNS}/cancel")).status_code == changes
        assert (await client.post(f"/builds/{FAILED}/retry")).status_code == changes
    jobs = await seeded.read(lambda c: builds.find_jobs(c, JobFilter(), limit=99))
    assert len(jobs) == (5 if changes == 200 else 4)
    assert bool(jobs[1].cancelled_by) == (changes == 200)


async def test_operators_end_and_make_again_and_it_is_written_down(seeded: Store) -> None:
    async with asking(seeded, "operator") as client:
        ended = (await client.post(f"/builds/{RUNS}/cancel", json={"why": "not needed"})).json()
        assert (ended["id"], ended["state"], ended["cancelled_by"]) == (RUNS, "being cancelled", "operator")
        again = (await client.post(f"/builds/{FAILED}/retry")).json()
        assert (again["id"], again["phase"], again["commit"], again["requester"]) == (
            5,
            "planned",
            (await client.get(f"/builds/{FAILED}")).json()["commit"],
            "operator",
        )
        late, early = await client.post(f"/builds/{DONE}/cancel"), await client.post(f"/builds/{RUNS}/retry")
        assert (late.status_code, late.json()["detail"]) == (409, f"build job {DONE} is over already")
        assert (early.status_code, "cancel it first" in early.json()["detail"]) == (409, True)
        for verb in ("cancel", "retry"):
            assert (await client.post(f"/builds/77/{verb}")).status_code == 404
            assert (await client.post(f"/builds/{RUNS}/{verb}", json={"why": "a\0b"})).status_code == 400
    assert await entries(seeded) == [
        ("api operator", "build cancel", f"build job {RUNS}", "done"),
        ("api operator", "build retry", f"build job {FAILED}", "done"),
    ]
    [first, _] = await seeded.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (first.user, first.detail.partition(";")[0]) == ("", "why: not needed")
