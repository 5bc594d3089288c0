"""From a directory that is whole to a job that may start."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from headgate.model.build import JobPhase
from headgate.model.pull_request import Reaction
from headgate.store import builds, tables
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench, table
from tests.builds.build_place import TARGETS


async def test_what_sbatch_refuses_is_said_and_other_jobs_go_on(store: Store, tmp_path: Path) -> None:
    targets = {
        **TARGETS,
        "full": {"architecture": "x86_64/amd/zen2", "repositories": ["site.org-2026"], "slurm_options": ["-p", "gone"]},
    }
    bench = Bench(store, tmp_path, targets=targets)
    bench.slurm.refusals["gone"] = "sbatch: error: invalid partition specified: gone"
    bench.place.pull_request()
    said = await bench.place.comment(BUILD)
    await bench.go()
    by_target = {job.target: job for job in await bench.place.jobs()}
    assert by_target["zen2"].phase is JobPhase.QUEUED
    assert by_target["full"].phase is JobPhase.REFUSED
    [answer] = [body for body in bench.place.bodies() if "received bot command" in body]
    assert "submitted job `4711`" in answer
    assert "invalid partition specified: gone" in answer
    assert bench.place.forge.reactions[-1] == (said.id, Reaction.FAILED)


async def test_two_kinds_of_node_that_match_have_directories_of_their_own(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, targets={**TARGETS, "zen2-big": TARGETS["zen2"]})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    one, other = await bench.place.jobs()
    assert (one.phase, other.phase) == (JobPhase.QUEUED, JobPhase.QUEUED)
    assert other.path == f"{one.path}.zen2-big"


async def test_a_lost_answer_of_sbatch_is_found_and_not_submitted_again(bench: Bench) -> None:
    bench.slurm.lose_submit = 1
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.go(60)
    assert list(bench.slurm.jobs) == [4711]
    [job] = await bench.place.jobs()
    assert (job.phase, job.job_id) == (JobPhase.QUEUED, 4711)


async def test_jobs_may_begin_later_in_place_of_being_held(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, jobs={"handover": "delayed_begin", "begin_delay": 90})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    made = bench.slurm.jobs[4711]
    assert (made.options["begin"], "hold" in made.options, made.released) == ("now+90", False, 0)
    await bench.through(4711)
    told = bench.place.bodies()[-1]
    assert table(told) == ["submitted", "received", "running", "finished", "test result"]
    assert "will be eligible to start in about 90 seconds" in told
    assert "(eligible to start from " in told


@pytest.mark.parametrize("ended", [False, True])
async def test_a_release_whose_writing_down_was_lost_is_told_before_the_start(bench: Bench, *, ended: bool) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    [job] = await bench.place.jobs()

    def lost(connection: Connection) -> None:
        """Leave what a process left that was killed between the release and writing that down."""
        builds.change_job(connection, job, {"phase": JobPhase.HELD})
        connection.execute(delete(tables.build_rows).where(tables.build_rows.c.key == "released"))

    await bench.store.write(lost)
    bench.slurm.down = True
    await bench.slurm.starts(bench.store, 4711)
    await bench.go()
    if ended:
        await bench.slurm.ends(bench.store, 4711)
        await bench.go()
    bench.slurm.down = False
    await bench.go(400)
    if not ended:
        await bench.slurm.ends(bench.store, 4711)
    await bench.go(60)
    await bench.go(60)
    expected = ["submitted", "released", "running", "finished", "test result"]
    assert await bench.statuses(4711) == expected
