"""Each command is done, or refused, and answered."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from headgate.model.build import BuildJob, JobPhase, RequestState
from headgate.model.event import EventKind
from headgate.model.pull_request import Reaction
from headgate.store import audit, builds
from headgate.store.store import Store
from tests.builds.bench import BUILD, Bench, table
from tests.builds.made_up_cluster import RESULT


def exported_of(job: BuildJob) -> str:
    """Return the variables that a command set for a job."""
    return Path(job.directory, ".headgate/put/cfg/export_vars.sh").read_text()


async def test_somebody_cancels_their_own_job_and_nobody_elses(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.place.comment("bot: cancel jobid:4711", by="ben")
    await bench.go()
    assert bench.slurm.jobs[4711].cancelled == 0
    assert "NO permission to cancel job `4711`" in bench.place.bodies()[-1]
    await bench.place.comment("bot: cancel jobid:4711")
    await bench.go()
    assert bench.slurm.jobs[4711].cancelled == 1
    await bench.through(4711, "CANCELLED", result=None, test=None)
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert told.endswith("|finished|job id `4711` was cancelled|")


async def test_retry_builds_what_failed_at_the_same_commit(bench: Bench) -> None:
    head = bench.place.pull_request()
    await bench.place.comment("bot: build all confirmed")
    await bench.go()
    jobs = await bench.place.jobs()
    assert len(jobs) == 3
    for job in jobs:
        failed = job.repo_id == "other.org"
        await bench.through(
            job.job_id or 0, "FAILED" if failed else "COMPLETED", **({"result": None} if failed else {})
        )
    bench.place.pull_request(files={"newer": "commit\n"})
    await bench.place.comment("bot: retry")
    await bench.go(60)
    again = (await bench.place.jobs())[3:]
    assert [(job.repo_id, job.commit, job.phase) for job in again] == [("other.org", head, JobPhase.QUEUED)]


async def test_retry_leaves_alone_what_failed_with_other_arguments(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, job_arguments=[{"name": "LEVEL", "value": "[0-9]"}])
    bench.place.pull_request()
    for number, command in ((4711, BUILD), (4712, f"{BUILD.replace('x86_64/amd/zen2', 'a64fx')} jobargs:LEVEL=1")):
        await bench.place.comment(command)
        await bench.go()
        await bench.through(number, "FAILED", result=None, test=None)
    await bench.place.comment("bot: retry")
    await bench.go(60)
    [again] = (await bench.place.jobs())[2:]
    assert again.target == "a64fx"
    assert "LEVEL" in exported_of(again)
    assert "`zen2` for `site.org-2026` failed with other arguments" in bench.place.bodies()[-2]


async def test_retry_makes_no_more_jobs_than_any_command_may(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, jobs={"max_jobs": 1})
    bench.place.pull_request()
    for command in (BUILD, BUILD.replace("x86_64/amd/zen2", "a64fx")):
        await bench.place.comment(command)
        await bench.go()
    for number in (4711, 4712):
        await bench.through(number, "FAILED", result=None, test=None)
    await bench.place.comment("bot: retry")
    await bench.go()
    assert "this would make 2 jobs, and one command may make 1" in bench.place.bodies()[-1]
    await bench.place.comment("bot: retry arch:zen2")
    await bench.go(60)
    assert [job.target for job in await bench.place.jobs()] == ["zen2", "a64fx", "zen2"]


async def test_what_was_built_with_other_arguments_is_another_build(store: Store, tmp_path: Path) -> None:
    bench = Bench(store, tmp_path, job_arguments=[{"name": "SKIP_TESTS", "value": "yes"}])
    bench.place.pull_request()
    for number, command in ((4711, f"{BUILD} jobargs:SKIP_TESTS=yes"), (4712, BUILD)):
        await bench.place.comment(command)
        await bench.go()
        await bench.through(number)
    assert "built it already" not in "".join(bench.place.bodies())
    assert len(await bench.place.jobs()) == 2


async def test_what_was_built_at_this_commit_is_not_built_again_unless_asked_to(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.through(4711)
    await bench.place.comment(BUILD)
    await bench.go()
    assert "built it already" in bench.place.bodies()[-1]
    assert len(await bench.place.jobs()) == 1
    await bench.place.comment(BUILD.replace("build", "rebuild", 1))
    await bench.go()
    assert len(await bench.place.jobs()) == 2


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("bot: help", "How to have things built"),
        ("bot: show_config", "Instance `test-bot` is configured to build on:"),
        ("bot: status", "This is the status of all the `bot: build` commands:"),
        ("bot: biuld for:arch=zen2", "did you mean"),
        ("bot: build", "argument is required, so not submitting"),
        ("bot: build for:arch=zen3", "no target here has architecture"),
        ("bot: build all", "this would make 3 jobs"),
        ("bot: cancel", "there is no job to cancel"),
        ("bot: retry", "nothing failed"),
    ],
)
async def test_every_command_is_answered(bench: Bench, command: str, words: str) -> None:
    bench.place.pull_request()
    said = await bench.place.comment(command)
    await bench.go()
    [answer] = bench.place.bodies()
    assert words in answer
    assert (said.id, Reaction.SEEN) in bench.place.forge.reactions
    assert len(bench.place.forge.reactions) == 2


@pytest.mark.parametrize(
    ("who", "words"), [("mallory", "NO permission to send commands"), ("ben", "NO permission to submit")]
)
async def test_who_may_not_is_told_so(bench: Bench, who: str, words: str) -> None:
    bench.place.pull_request()
    said = await bench.place.comment(BUILD, by=who)
    await bench.go()
    assert words in bench.place.bodies()[0]
    assert bench.place.forge.reactions[-1] == (said.id, Reaction.REFUSED)
    assert await bench.place.jobs() == []


async def test_status_tells_of_every_job(bench: Bench) -> None:
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    await bench.through(4711)
    await bench.place.comment("bot: status last_build")
    await bench.go()
    answer = bench.place.bodies()[-1]
    assert "|`amd-zen2`|`x86_64/amd/zen2`|`site.org-2026`|SUCCESS|" in answer


async def test_what_was_built_is_deployed_once_by_who_may(store: Store, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    deploy = {
        "policy": "all",
        "kind": "directory",
        "directory": str(tmp_path / "out"),
        "spool": str(tmp_path / "spool"),
    }
    bench = Bench(store, tmp_path, deploy=deploy)
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    with tarfile.open(bench.slurm.jobs[4711].directory / "a.tar.gz", "w:gz"):
        pass
    await bench.through(4711)
    await bench.place.comment("bot: deploy", by="ben")
    await bench.go()
    assert "NO permission to deploy" in bench.place.bodies()[-1]
    await bench.place.event(EventKind.PULL_REQUEST_LABELED, "labeled:1", label="bot:deploy")
    await bench.go()
    assert [path.name for path in (tmp_path / "out").rglob("a.tar.gz")] == ["a.tar.gz"]
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told)[-1] == "uploaded"
    entries = await store.read(lambda c: audit.find(c, audit.AuditFilter(), limit=100))
    assert "build deploy sent" in {one.action for one in entries}


async def test_a_deploy_that_was_done_and_not_answered_is_answered_and_not_done_again(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    to = {"kind": "directory", "directory": str(tmp_path / "out"), "spool": str(tmp_path / "spool")}
    bench = Bench(store, tmp_path, deploy={"policy": "once", **to})
    bench.place.pull_request()
    await bench.place.comment(BUILD)
    await bench.go()
    with tarfile.open(bench.slurm.jobs[4711].directory / "a-1.tar.gz", "w:gz"):
        pass
    await bench.through(4711, result=RESULT.replace("a.tar.gz", "a-1.tar.gz"))
    await bench.place.comment("bot: deploy")
    await bench.go()
    answer = bench.place.bodies()[-1]
    assert "`a-1.tar.gz` of job `4711`: uploaded" in answer
    # The process ended between the two writes: that of the rows, and that of what came of the line.
    *_, asked = await bench.place.requests()
    forgotten = {name: value for name, value in asked.progress.items() if name not in ("lines", "answered")}
    values = {"state": RequestState.OPEN, "progress": forgotten, "finished_at": None}
    await store.write(lambda c: builds.change_request(c, asked.id, values))
    bench.restart()
    await bench.go()
    assert bench.place.bodies()[-1] == answer
    [told] = [body for body in bench.place.bodies() if body.startswith("New job")]
    assert table(told).count("uploaded") == 1
    entries = await store.read(lambda c: audit.find(c, audit.AuditFilter(), limit=100))
    assert [one.action for one in entries].count("build deploy copied") == 1
