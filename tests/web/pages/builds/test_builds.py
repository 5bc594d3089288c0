"""Builds on the pages: who sees them, what is shown of them, what operators do about them."""

from __future__ import annotations

import re

import pytest

from headgate.model.build import BuildJob, JobPhase
from headgate.store import audit, builds
from headgate.store.audit import AuditFilter
from headgate.store.builds import JobFilter
from headgate.store.store import Store
from tests.web.pages.builds.seeded import HOSTILE, seed
from tests.web.pages.pages_place import PagesPlace

_JOBS = JobFilter()


async def jobs_of(store: Store) -> list[BuildJob]:
    return await store.read(lambda c: builds.find_jobs(c, _JOBS, limit=100))


@pytest.mark.parametrize("path", ["/builds", "/builds/runs/1"])
async def test_builds_are_for_viewers(built: PagesPlace, path: str) -> None:
    await seed(built.store)
    for role, status in ((None, 303), ("user", 403), ("viewer", 200), ("operator", 200)):
        async with built.client(role) as person:
            assert (await person.get(path)).status_code == status


async def test_runs_are_rows_and_targets_columns(built: PagesPlace) -> None:
    await seed(built.store)
    async with built.client("viewer") as viewer:
        text = (await viewer.get("/builds")).text
    assert re.findall(r'<th scope="col">(\w+)<br>', text) == ["a64fx", "icelake", "zen2", "zen4"]
    assert re.findall(r'#job-\d"[^>]*><span class="badge (\w+)">([\w ]+)<', text) == [
        ("bad", "failure"),
        ("busy", "running"),
        ("good", "success"),
        ("bad", "refused"),
    ]
    assert 'href="https://forge.example.org/org/a/-/merge_requests/7"' in text


FOUND: list[tuple[dict[str, str], list[int]]] = [
    ({}, [8, 7]), ({"number": "#7"}, [7]), ({"repository": "org/a", "number": "8"}, [8]), ({"number": "x"}, [8, 7]),
    ({"repository": "org/b"}, []), ({"state": "open"}, [8, 7]), ({"before": "2"}, [7]),
]  # fmt: skip


async def test_runs_are_found_by(built: PagesPlace) -> None:
    await seed(built.store)
    await seed(built.store, name="2", number=8)
    async with built.client("viewer") as viewer:
        for query, found in FOUND:
            text = (await viewer.get("/builds", **query)).text
            shown = re.findall(r'href="/ui/builds/runs/\d+">org/a#(\d+)<', text)
            assert [int(number) for number in shown] == found, query


async def test_a_run_shows_rows_and_logs_as_text(built: PagesPlace) -> None:
    await seed(built.store)
    async with built.client("viewer") as viewer:
        text = (await viewer.get("/builds/runs/1")).text
        assert (await viewer.get("/builds/runs/9")).status_code == 404
        assert (await viewer.get("/builds/jobs/2")).headers["location"] == "/ui/builds/runs/1#job-2"
        assert (await viewer.get("/builds/jobs/9")).status_code == 404
    assert "<summary>last lines of the log</summary><pre>make: *** Error 2\n" in text
    assert "FAILURE<br>Slurm: FAILED (exit code 1)" in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2  # of the log, and of what sbatch said
    assert HOSTILE not in text
    assert "javascript:" not in text
    assert "/cancel" not in text  # a viewer is offered nothing


async def test_operators_cancel_retry_and_replay(built: PagesPlace) -> None:
    seeded = await seed(built.store)
    failed, running, *_ = await jobs_of(built.store)
    paths = (f"/builds/jobs/{running.id}/cancel", f"/builds/jobs/{failed.id}/retry", "/builds/runs/1/replay")
    for role in ("user", "viewer"):
        async with built.client(role) as person:
            for path in (*paths, "/builds/runs/1/deploy"):
                assert (await person.post(path)).status_code == 403
    async with built.client("operator") as oscar:
        assert (await oscar.http.post(f"/ui{paths[0]}")).status_code == 403  # without the form's token
        answers = [await oscar.post(path, {"why": "it hangs"}) for path in paths]
        assert [answer.headers["location"] for answer in answers] == [
            "/ui/builds/runs/1",
            "/ui/builds/runs/2",
            "/ui/builds/runs/1",
        ]
        assert "being cancelled" in (await oscar.get("/builds/runs/1")).text
        again = await oscar.post(f"/builds/jobs/{running.id}/retry")
        assert again.headers["location"] == f"/ui/builds/jobs/{running.id}"
        assert "is not over yet" in (await oscar.get("/builds/runs/1")).text
        assert (await oscar.post("/builds/runs/1/deploy", {"sure": "yes"})).status_code == 404  # the policy is none
    now = await jobs_of(built.store)
    assert now[1].cancelled_by == "oscar"
    assert (now[4].phase, now[4].target, now[4].requester) == (JobPhase.PLANNED, "a64fx", "oscar")
    requests = await built.store.read(lambda c: builds.find_requests(c, 10))
    assert [one.event_id for one in requests] == [seeded.event, seeded.event]
    found = await built.store.read(lambda c: audit.find(c, AuditFilter(via="page"), limit=10))
    assert [(one.user, one.action, one.subject) for one in found] == [
        ("oscar", "build cancel", "build job 2"),
        ("oscar", "build retry", "build job 1"),
        ("oscar", "build replay", f"event {seeded.event}"),
    ]
    assert all("why: it hangs" in one.detail for one in found)


async def test_a_site_without_builds_says_so(place: PagesPlace) -> None:
    async with place.client("viewer") as viewer:
        assert "Builds of pull requests are not configured here" in (await viewer.get("/builds")).text
