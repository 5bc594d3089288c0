"""How jobs ended, as it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builds.bench import BUILD, Bench, table


@pytest.mark.parametrize("state", ["TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED", "FAILED"])
async def test_how_slurm_ended_a_job_is_told_with_advice_and_its_log(bench: Bench, state: str) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    log = "one\nERROR: cannot find token=abcdefgh12345678\n" + "more\n" * 100 + "last words | @everyone\n"
    await bench.through(4711, state, result=None, test=None, log=log)
    told = bench.place.bodies()[-1]
    assert f"**{state}**" in told
    assert "FAILURE" in told
    assert "<details><summary>" in told
    assert "first error in the log" in told
    assert "abcdefgh12345678" not in told
    assert "@everyone" not in told
    assert table(told) == ["submitted", "released", "running", "finished", "test result"]
    [job] = await bench.place.jobs()
    assert (job.result["status"], job.result["test"]) == ("FAILURE", None)


async def test_links_and_pipes_in_a_jobs_directory_are_not_followed(bench: Bench, tmp_path: Path) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    secret = tmp_path / "secret"
    secret.write_text("[RESULT]\ncomment_description = hidden\nstatus = SUCCESS\n")
    where = bench.slurm.jobs[4711].directory
    (where / "_bot_job4711.result").symlink_to(secret)
    await bench.through(4711, result=None)
    assert "hidden" not in bench.place.bodies()[-1]
    [job] = await bench.place.jobs()
    assert job.result["status"] == "UNKNOWN"
