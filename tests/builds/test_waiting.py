"""Why a job waits."""

from __future__ import annotations

import time

from headgate.model.job import Attempt
from headgate.store import jobs
from headgate.store.jobs import StoredJob
from tests.builds.bench import BUILD, Bench
from tests.builds.made_up_cluster import NAME


async def test_a_job_that_waits_long_says_why_once(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await _seen(bench, "Resources")
    await bench.go(100)
    assert "pending" not in await bench.statuses(4711)
    await bench.go(3700)
    await bench.go(3700)
    assert (await bench.statuses(4711)).count("pending") == 1
    assert "it waits for nodes to become free" in bench.place.bodies()[-1]


async def _seen(bench: Bench, reason: str) -> None:
    attempt = Attempt(NAME, 4711, bench.slurm.jobs[4711].submitted)
    seen = StoredJob(attempt, open=True, data={"state": "PENDING", "reason": reason, "user": "builder"})
    await bench.store.write(lambda c: jobs.keep(c, [seen], time.time()))
