"""Targets in several clusters: each job goes to its own, and is followed there, whatever its number."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from headgate.executor.refusal import RefusedError
from headgate.model.build import JobPhase
from headgate.store.store import Store
from tests.builds.bench import Bench, table
from tests.builds.build_place import TARGETS
from tests.builds.made_up_cluster import RESULT, MadeUpCluster

ALL = "bot: build all confirmed repo:site.org-2026"


class TwoClusters(Bench):
    """A bench whose target ``a64fx`` is in a cluster of its own, ``beta``."""

    def __init__(self, store: Store, directory: Path, **more: Any) -> None:
        targets = {**TARGETS, "a64fx": {**TARGETS["a64fx"], "cluster": "far"}}
        super().__init__(store, directory, targets=targets, **more)
        self.far = MadeUpCluster(self.slurm.root, clock=self.slurm.clock, name="beta")
        self.place.further = {"far": self.far.cluster()}
        self.restart()


async def test_jobs_with_one_number_on_two_clusters_are_two(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    deploy = {"policy": "all", "kind": "directory", "directory": str(out), "spool": str(tmp_path / "spool")}
    bench = TwoClusters(store, tmp_path, deploy=deploy)
    bench.place.pull_request()
    await bench.place.comment(ALL)
    await bench.go()
    assert list(bench.slurm.jobs) == list(bench.far.jobs) == [4711]
    assert (bench.slurm.jobs[4711].released, bench.far.jobs[4711].released) == (1, 1)
    assert {job.target: job.cluster for job in await bench.place.jobs()} == {"zen2": "alpha", "a64fx": "beta"}
    for cluster, name, state in ((bench.far, "far", "COMPLETED"), (bench.slurm, "near", "FAILED")):
        with tarfile.open(cluster.jobs[4711].directory / f"{name}.tar.gz", "w:gz"):
            pass
        await cluster.starts(store, 4711)
        await bench.go()
        await cluster.ends(store, 4711, state, result=RESULT.replace("a.tar.gz", f"{name}.tar.gz"))
        await bench.go()
        await bench.go(6)
        await bench.go(30)
    assert {job.target: job.state for job in await bench.place.jobs()} == {"zen2": "FAILED", "a64fx": "COMPLETED"}
    await bench.place.comment("bot: deploy")
    await bench.go()
    assert [path.name for path in out.rglob("*.tar.gz")] == ["far.tar.gz"]
    ends = {body.splitlines()[1]: table(body)[-1] for body in bench.place.bodies() if body.startswith("New job")}
    assert ends == {"Building on: `amd-zen2`": "test result", "Building on: `a64fx`": "uploaded"}


async def test_a_job_is_cancelled_on_its_own_cluster(store: Store, tmp_path: Path) -> None:
    bench = TwoClusters(store, tmp_path)
    bench.place.pull_request()
    await bench.place.comment(ALL)
    await bench.go()
    await bench.place.comment("bot: cancel arch:a64fx")
    await bench.go()
    assert (bench.slurm.jobs[4711].cancelled, bench.far.jobs[4711].cancelled) == (0, 1)


async def test_a_submission_whose_answer_was_lost_is_searched_for_on_its_own_cluster(
    store: Store, tmp_path: Path
) -> None:
    bench = TwoClusters(store, tmp_path)
    bench.far.lose_submit = 1
    bench.place.pull_request()
    await bench.place.comment(ALL)
    await bench.go()
    bench.restart()  # what the process before had asked for is searched for at once
    await bench.go()
    assert len(bench.far.jobs) == len(bench.slurm.jobs) == 1
    assert {job.phase for job in await bench.place.jobs()} == {JobPhase.QUEUED}


async def test_a_job_on_a_cluster_that_is_configured_no_more_touches_no_other(store: Store, tmp_path: Path) -> None:
    bench = TwoClusters(store, tmp_path)
    bench.place.pull_request()
    await bench.place.comment(ALL)
    await bench.go()
    bench.place.further = {}
    bench.restart()
    await bench.place.comment("bot: cancel arch:a64fx")
    await bench.go()
    assert (bench.slurm.jobs[4711].cancelled, bench.far.jobs[4711].cancelled) == (0, 0)
    [far] = [job for job in await bench.place.jobs() if job.cluster == "beta"]
    with pytest.raises(RefusedError, match="no cluster beta"):
        bench.place.workshop().cluster_of(far)
