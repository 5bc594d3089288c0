"""What is built is the commit that was meant, and what cannot be got is said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from headgate.model.build import JobPhase
from headgate.model.event import EventKind
from headgate.model.pull_request import Reaction
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench, difference_of
from tests.builds.build_place import REPOSITORY


async def test_the_commit_at_the_time_of_the_command_is_what_is_built(bench: Bench) -> None:
    head = bench.place.pull_request()
    await bench.place.event(EventKind.PULL_REQUEST_OPENED, "opened:1", head=head, at=time.time() - 60)
    await bench.place.comment(BUILD)
    pushed = bench.place.pull_request(files={"evil": "rm -rf /"})  # the old head is no branch's any more
    await bench.place.event(EventKind.PULL_REQUEST_UPDATED, f"head:{pushed}", head=pushed, at=time.time() + 1)
    await bench.go()
    [job] = await bench.place.jobs()
    assert (job.phase, job.commit) == (JobPhase.QUEUED, head)
    assert "evil" not in difference_of(job)


async def test_a_command_whose_commit_nobody_knows_has_to_be_given_again(bench: Bench) -> None:
    bench.place.pull_request()
    said = await bench.place.comment(BUILD)
    pushed = bench.place.pull_request(files={"evil": "rm -rf /"})
    await bench.place.event(EventKind.PULL_REQUEST_UPDATED, f"head:{pushed}", head=pushed, at=time.time() + 1)
    await bench.go()
    assert await bench.place.jobs() == []
    assert "a newer commit was pushed after this was written" in bench.place.bodies()[0]
    assert bench.place.forge.reactions[-1] == (said.id, Reaction.REFUSED)


async def test_a_push_between_reading_and_fetching_changes_nothing(bench: Bench) -> None:
    head = bench.place.pull_request()
    await bench.place.comment(BUILD)
    bench.slurm.down = True  # the command is read; the directories cannot be written yet
    await bench.go()
    bench.place.pull_request(files={"evil": "rm -rf /"})
    bench.slurm.down = False
    await bench.go(60)
    [job] = await bench.place.jobs()
    assert (job.phase, job.commit) == (JobPhase.QUEUED, head)
    assert "evil" not in difference_of(job)


async def test_a_fetch_that_takes_its_time_delays_no_reaction_and_nobody_elses_answer(
    bench: Bench, tmp_path: Path
) -> None:
    go, slow = tmp_path / "go", tmp_path / "slow-git"
    slow.write_text(
        f'#!/bin/sh\ncase " $* " in *" fetch "*) while [ ! -e {go} ]; do sleep 0.05; done ;; esac\nexec git "$@"\n'
    )
    slow.chmod(0o755)
    bench.place.git = slow
    bench.restart()
    bench.place.pull_request()
    running = asyncio.create_task(bench.engine.run())
    try:
        built = await bench.place.comment(BUILD)
        await until(lambda: (built.id, Reaction.SEEN) in bench.place.forge.reactions)
        asked = await bench.place.comment("bot: help", by="ben")
        await until(lambda: (asked.id, Reaction.DONE) in bench.place.forge.reactions)
        [answer] = [body for body in bench.place.bodies() if "bot: help" in body]
        assert "show_config" in answer
        assert (built.id, Reaction.DONE) not in bench.place.forge.reactions
        go.touch()
        await until(lambda: (built.id, Reaction.DONE) in bench.place.forge.reactions)
        assert [job.phase for job in await bench.place.jobs()] == [JobPhase.QUEUED]
    finally:
        go.touch()
        bench.engine.stop()
        await running


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)


async def test_a_pull_request_that_does_not_apply_is_told_so(bench: Bench) -> None:
    bench.place.pull_request(files={"README": "mine\n"})
    origin = bench.place.origins[REPOSITORY]
    origin.commit({"README": "theirs\n"}, push="refs/heads/main", on=origin.base)
    await bench.place.comment(BUILD)
    await bench.go()
    [job] = await bench.place.jobs()
    assert job.phase is JobPhase.REFUSED
    [answer] = bench.place.bodies()
    assert "cannot be applied to its base branch" in answer
    assert "README" in answer


async def test_the_merge_of_both_may_be_built(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, jobs={"pinned": "merge"})
    bench.place.pull_request()
    origin = bench.place.origins[REPOSITORY]
    newer = origin.commit({"later": "x"}, push="refs/heads/main", on=origin.base)
    await bench.place.comment(BUILD)
    await bench.go()
    made = bench.slurm.jobs[4711]
    assert made.environment["HEADGATE_APPLY"] == "no"
    assert made.environment["HEADGATE_COMMIT"] not in (newer, origin.base)


async def test_what_a_job_may_be_reading_is_not_written_again(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment("bot: build all confirmed repo:site.org-2026")
    bench.slurm.refuse_below = "/aarch64/"  # of one job, the directory cannot be written yet
    await bench.go()
    first, second = sorted(await bench.place.jobs(), key=lambda job: job.target, reverse=True)
    assert (first.phase, second.phase) == (JobPhase.QUEUED, JobPhase.PLANNED)
    bundle = next(Path(first.root).rglob("source.bundle"))  # noqa: ASYNC240 - a small directory
    before = bundle.stat()
    bench.slurm.refuse_below = ""
    await bench.go(60)
    assert all(job.phase is JobPhase.QUEUED for job in await bench.place.jobs())
    after = bundle.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
