"""Comments grow, each row once, whatever happens to them and to the forge."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.builds.forge.interface import CommitState
from headgate.model.pull_request import Comment, Repository
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench, table
from tests.builds.build_place import REPOSITORY
from tests.builds.made_up_cluster import run_on


async def test_a_deleted_comment_is_made_anew_with_all_rows(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    [job] = await bench.place.jobs()
    assert job.comment_id is not None
    bench.place.forge.delete(REPOSITORY, 7, job.comment_id)
    await bench.through(4711)
    told = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert [table(body) for body in told] == [["submitted", "released", "running", "finished", "test result"]]


async def test_rows_of_other_programs_stay(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    [job] = await bench.place.jobs()
    forge = bench.place.forge
    own = await forge.comment(REPOSITORY, 7, job.comment_id or 0)
    foreign = "|Nov 20 23:58:08 UTC 2026|staged|https://hub.example/staging/1|"
    await forge.edit_comment(REPOSITORY, 7, own.id, f"{own.body}\n{foreign}")
    await bench.through(4711)
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told) == ["submitted", "released", "staged", "running", "finished", "test result"]


async def test_the_forge_may_be_down_when_a_job_ends(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    bench.place.forge.down = True
    await bench.through(4711)
    bench.restart()
    await bench.go(400)
    bench.place.forge.down = False
    await bench.go(400)
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told) == ["submitted", "released", "running", "finished", "test result"]


async def test_news_that_come_together_are_one_edit(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    bench.place.forge.down = True
    await bench.through(4711)
    bench.place.forge.down, bench.place.forge.calls = False, []
    await bench.go(400)
    assert bench.place.forge.calls.count("edit_comment") == 1


async def test_lost_answers_of_the_forge_make_nothing_twice(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    bench.place.forge.lose = 6
    for _ in range(8):
        await bench.go(60)
    await bench.through(4711)
    bodies = bench.place.bodies()
    assert len(bodies) == 2
    assert table(bodies[1]) == ["submitted", "released", "running", "finished", "test result"]


async def test_commit_states_follow_the_job(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, commit_states=True)
    head = bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.through(4711)
    name = "test-bot/zen2/site.org-2026"
    assert [(one[0], one[1], one[2]) for one in bench.place.forge.states] == [
        (head, name, CommitState.PENDING),
        (head, name, CommitState.SUCCESS),
    ]


async def test_states_that_may_not_be_shown_hold_nothing_up(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, commit_states=True)
    bench.place.forge.forbidden.add("states")
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.through(4711)
    assert table(bench.place.bodies()[-1])[-1] == "test result"
    calls = len(bench.place.forge.calls)
    await bench.go(60)
    assert len(bench.place.forge.calls) == calls


async def test_jobs_that_run_ask_the_forge_nothing(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment("bot: build all confirmed")
    await bench.go()
    for number in list(bench.slurm.jobs):
        await bench.slurm.starts(bench.store, number)
    await bench.go()
    bench.place.forge.calls = []
    for _ in range(5):
        await bench.go(720)
    assert bench.place.forge.calls == []


async def test_a_comment_that_is_deleted_while_it_is_written_is_made_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    forge, [job] = bench.place.forge, await bench.place.jobs()
    read = forge.comment

    async def read_and_lost(repository: Repository, number: int, comment_id: int) -> Comment:
        found = await read(repository, number, comment_id)
        forge.delete(repository, number, comment_id)
        return found

    monkeypatch.setattr(forge, "comment", read_and_lost)
    await bench.slurm.starts(bench.store, 4711)
    await run_on(bench.engine, rounds=1)
    monkeypatch.undo()
    await bench.go()
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told) == ["submitted", "released", "running"]
    [after] = await bench.place.jobs()
    assert after.comment_id not in (None, 0, job.comment_id)
