"""What follows from closing, pushing, and the same number elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headgate.builds.forge.interface import ForgeError
from headgate.model.event import EventKind
from headgate.model.pull_request import Comment, Repository
from headgate.store import audit
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench
from tests.builds.build_place import REPOSITORY


async def test_the_same_number_in_two_repositories_is_two_pull_requests(bench: Bench) -> None:
    other = Repository("hub", "org/other")
    bench.place.pull_request()
    bench.place.pull_request(repository=other)
    await bench.place.comment(BUILD)
    await bench.place.comment(BUILD, repository=other)
    await bench.go()
    paths = sorted(job.path for job in await bench.place.jobs())
    assert ["/org/other/pr_7/" in path for path in paths] == [True, False]
    await bench.place.comment("bot: cancel", repository=other)
    await bench.go()
    cancelled = {"/org/other/pr_7/" in str(job.directory): job.cancelled for job in bench.slurm.jobs.values()}
    assert cancelled == {True: 1, False: 0}


async def test_jobs_of_a_closed_pull_request_and_of_a_replaced_commit_are_cancelled_if_set(
    store: Store, tmp_path: Path
) -> None:
    bench = Bench(store, tmp_path, jobs={"cancel_on_close": True, "cancel_superseded": True})
    head = bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.place.event(EventKind.PULL_REQUEST_UPDATED, f"head:{head}", head=head, at=1.0)
    await bench.go()
    assert bench.slurm.jobs[4711].cancelled == 0
    pushed = bench.place.pull_request(files={"more": "x"})
    await bench.place.event(EventKind.PULL_REQUEST_UPDATED, f"head:{pushed}", head=pushed)
    await bench.go()
    assert bench.slurm.jobs[4711].cancelled == 1
    await bench.through(4711, "CANCELLED", result=None, test=None)
    await bench.place.comment(BUILD, at=time.time() + 5)
    await bench.go()
    bench.place.forge.close(REPOSITORY, 7)
    await bench.place.event(EventKind.PULL_REQUEST_CLOSED, "closed:1", state="closed", merged=False)
    await bench.go()
    assert bench.slurm.jobs[4712].cancelled == 1
    await bench.place.comment(BUILD, at=time.time() + 6)
    await bench.go()
    assert "the pull request is closed" in bench.place.bodies()[-1]


async def test_an_old_push_that_is_found_afterwards_cancels_nothing(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, jobs={"cancel_superseded": True, "cancel_on_close": True})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.place.event(EventKind.PULL_REQUEST_UPDATED, "head:old", head="e" * 40, at=1.0)
    await bench.place.event(EventKind.PULL_REQUEST_CLOSED, "closed:old", state="closed", merged=False, at=1.0)
    await bench.go()
    assert bench.slurm.jobs[4711].cancelled == 0


async def test_job_directories_go_to_the_trash_when_no_job_needs_them_any_more(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, chat="chatty", jobs={"trash": str(tmp_path / "jobs/trash")})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    where = bench.slurm.jobs[4711].directory
    bench.place.forge.close(REPOSITORY, 7)
    await bench.place.event(EventKind.PULL_REQUEST_CLOSED, "closed:1", state="closed", merged=True)
    await bench.go()
    assert where.is_dir()
    await bench.through(4711)
    await bench.go(60)
    assert not where.exists()
    assert "PR closed! Moved `" in bench.place.bodies()[-1]


async def test_what_was_moved_is_told_when_the_forge_takes_comments_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(store, tmp_path, chat="chatty", jobs={"trash": str(tmp_path / "jobs/trash")})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.through(4711)
    bench.place.forge.close(REPOSITORY, 7)
    await bench.place.event(EventKind.PULL_REQUEST_CLOSED, "closed:1", state="closed", merged=True)
    told = len(bench.place.bodies())

    async def refuse(*_: object) -> Comment:
        raise ForgeError("it is away", retry_after=1.0)

    with monkeypatch.context() as away:
        away.setattr(bench.place.forge, "add_comment", refuse)
        await bench.go()
    assert len(bench.place.bodies()) == told
    bench.restart()
    await bench.go(60)
    assert "PR closed! Moved `" in bench.place.bodies()[-1]
    entries = await store.read(lambda c: audit.find(c, audit.AuditFilter(), limit=100))
    assert [one.action for one in entries].count("build clean up") == 1
