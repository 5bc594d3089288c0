"""What users read about real jobs: all jobs are submitted first, then each test waits for the mails of some."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from tests.real.site import SLEEP, Mail, Site, until

pytestmark = [pytest.mark.slurm, pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

WORK = (
    "#!/bin/sh\n"
    'exec python3 -c \'import time; data = bytearray(b"x") * (80 << 20)\n'
    "while time.process_time() < 3: pass'\n"
)
"""Uses 80 MB of memory, and one CPU until it has had three seconds of it."""
TWICE = '#!/bin/sh\n[ "$SLURM_RESTART_COUNT" = 1 ] && exit 0\nexec sleep 600\n'
"""Sleeps, and succeeds at once after it was requeued."""
LONG = "long" * 50
HOSTILE = {
    "Began": "Began",
    "x|y": "x|y",
    "first\nsecond": "first second",
    "<b>bold</b>&amp;": "<b>bold</b>&amp;",
    "forged, Run time 00:00:01, FAILED": "forged, Run time 00:00:01, FAILED",
    "Größe 名前 🚀": "Größe 名前 🚀",
    "=?utf-8?q?=41?=": "=?utf-8?q?=41?=",
    LONG: LONG[:59] + "…",
}
"""A job's name -> how a subject shows it."""


@dataclass(frozen=True, slots=True)
class Play:
    """A site and the jobs that were submitted to it: what is special about a job -> its id."""

    site: Site
    jobs: dict[str, int]

    async def told(self, which: str, *outcomes: str) -> list[Mail]:
        """Wait until the mails about a job have exactly these outcomes, and return them."""
        return await self.site.told(self.jobs[which], *outcomes)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Play]:
    directory = tmp_path_factory.mktemp(f"mails-{slurm_cluster.slurm}")
    async with Site(slurm_cluster, directory) as site:
        jobs = await submitted(site)
        yield Play(site, jobs)
        await site.slurm("scancel", *(str(job) for job in jobs.values()))


async def submitted(site: Site) -> dict[str, int]:
    """Submit all jobs, and do to them what happens to jobs."""
    submit = site.submit
    jobs = {
        "late": await submit("ada", SLEEP, "--time=1", "--job-name=late"),
        "requeued": await submit("ada", TWICE, "--requeue"),
        "interrupted": await submit("ada", SLEEP),
        "forgotten": await submit("ada", SLEEP, "--hold"),
        "fine": await submit("ada", "#!/bin/sh\nsleep 2\n", "--job-name=fine", "--mail-user="),
        "failed": await submit("ada", "#!/bin/sh\nsleep 1\nexit 3\n", "--job-name=broken"),
        "killed": await submit("ben", "#!/bin/sh\nsleep 1\nkill -9 $$\n"),
        "greedy": await submit("ben", WORK, "--partition=gpu", "--gres=gpu:2", "--mem=200M", "-c2"),
        "array": await submit(
            "ben", "#!/bin/sh\ncase $SLURM_ARRAY_TASK_ID in 2|4) exit 7 ;; esac\n", "--array=1-5", "--job-name=sweep"
        ),
        "tasks": await submit(
            "ben", "#!/bin/sh\n[ $SLURM_ARRAY_TASK_ID != 2 ]\n", "--array=1-3", mail="END,FAIL,ARRAY_TASKS"
        ),
        "het": await submit("ben", "#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n2\nsleep 1\n"),
        "shared": await submit(
            "ada", "#!/bin/sh\n", "--mail-user= carol@a.example ,mailto:dave,,carol@a.example,pigeon:coop", mail="END"
        ),
    }
    jobs["doomed"] = await submit(
        "ada", "#!/bin/sh\n", f"--dependency=afterok:{jobs['failed']}", "--kill-on-invalid-dep=no"
    )
    for name in HOSTILE:
        jobs[name] = await submit("ada", "#!/bin/sh\n", f"--job-name={name}", mail="END")
    for which in ("late", "requeued", "interrupted"):
        await site.event(jobs[which], "job.started")
    await asyncio.to_thread(site.cluster.expire, jobs["late"])
    await site.as_user("ada", "scancel", str(jobs["interrupted"]), str(jobs["forgotten"]))
    await site.slurm("scontrol", "requeue", str(jobs["requeued"]))
    await site.in_state(jobs["requeued"], "PENDING")
    # Slurm would let it wait for two minutes; at once, its slurmd has not cleared the first attempt away, and it fails.
    await site.slurm("scontrol", "update", f"JobId={jobs['requeued']}", "StartTime=now+5")
    return jobs


async def test_a_success_is_told_to_its_owner_when_nobody_else_is_named(play: Play) -> None:
    started, ended = await play.told("fine", "started", "succeeded")
    job = play.jobs["fine"]
    assert started.subject == f'Started: job {job} "fine"'
    assert ended.subject == f'Completed: job {job} "fine"'
    assert started.to == ended.to == ("ada@example.org",)
    assert ended.fact("User") == "ada"
    assert ended.fact("Account") == "physics"
    assert ended.fact("Exit code") == "0"
    assert re.fullmatch(r"\d s of 1 h", ended.fact("Ran"))


async def test_a_failure_is_told_with_its_exit_code(play: Play) -> None:
    _, ended = await play.told("failed", "started", "failed")
    assert ended.subject == f'Failed (exit code 3): job {play.jobs["failed"]} "broken"'
    assert ended.fact("Exit code") == "3"
    assert "exit code 3" in ended.html


async def test_a_job_that_a_signal_ended_is_told_with_the_signal(play: Play) -> None:
    _, ended = await play.told("killed", "started", "failed")
    assert ended.subject.startswith(f"Failed (SIGKILL): job {play.jobs['killed']}")
    assert ended.fact("Signal") == "9 (SIGKILL)"


async def test_a_cancellation_is_told_with_who_did_it_and_whether_the_job_had_started(play: Play) -> None:
    [forgotten] = await play.told("forgotten", "cancelled")
    assert forgotten.subject.startswith(f"Cancelled by ada before it started: job {play.jobs['forgotten']}")
    assert "It never started." in forgotten.plain
    assert forgotten.fact("Started") == forgotten.fact("Nodes") == forgotten.fact("Exit code") == ""
    _, interrupted = await play.told("interrupted", "started", "cancelled")
    assert re.match(rf"Cancelled by ada after \d+ s: job {play.jobs['interrupted']}\b", interrupted.subject)
    assert interrupted.fact("Nodes").startswith("n")


async def test_memory_processors_and_gpus_are_told_as_they_were_used(play: Play) -> None:
    _, ended = await play.told("greedy", "started", "succeeded")
    used, asked = ended.fact("Memory").split(" of ")
    assert asked == "200 MiB"
    assert 80 <= float(used.removesuffix(" MiB")) <= 120
    busy, given = (float(text.removesuffix(" s")) for text in ended.fact("CPU time").split(" of "))
    assert given == 2 * float(ended.fact("Ran").partition(" s")[0])
    assert 2.5 <= busy <= 5
    assert ended.fact("CPUs") == ended.fact("GPUs") == "2"


async def test_an_array_is_told_once_with_the_tasks_that_failed(play: Play) -> None:
    started, ended = await play.told("array", "started", "mixed")
    job = play.jobs["array"]
    assert started.label == ended.label == f"{job}_*"
    assert ended.subject == f'Array {job} "sweep": 3 of 5 tasks completed, 2 failed'
    assert ended.fact("Tasks") == "5"
    assert ended.fact("Failed") == "2 (2,4)"
    assert "2 (2,4)" in ended.html


async def test_the_tasks_of_an_array_are_told_one_by_one_to_those_who_asked_for_it(play: Play) -> None:
    job = play.jobs["tasks"]
    await until(lambda: len(play.site.mails(job)) >= 3, lambda: play.site.state(job, ["3 tasks"]))
    told = {mail.label: mail.outcome for mail in play.site.mails(job)}
    assert told == {f"{job}_1": "succeeded", f"{job}_2": "failed", f"{job}_3": "succeeded"}


async def test_a_requeued_job_is_told_at_each_turn_and_keeps_its_attempts_apart(play: Play) -> None:
    job = play.jobs["requeued"]
    await until(lambda: len(play.site.mails(job)) >= 4, lambda: play.site.state(job, ["4 mails"]))
    turns = [mail.outcome for mail in play.site.mails(job)]
    if requeues_silently(play.site):
        turns.remove("requeued")
        assert turns == ["started", "started", "succeeded"]
    else:
        assert turns == ["started", "requeued", "started", "succeeded"], await asked(play.site, job)
    await play.site.event(job, "job.ended")
    started = await play.site.events(job, kind="job.started")
    requeued = await play.site.events(job, kind="job.requeued")
    assert len({event["key"] for event in started}) == len(started) == 2
    assert len(requeued) == 1
    assert requeued[0]["data"]["restarts"] == 1
    assert requeued[0]["data"]["previous"] < requeued[0]["data"]["submitted"]


async def asked(site: Site, job: int) -> str:
    """Return what Slurm asked to be told about a job, for the eyes of who reads a failure."""
    events = await site.events(job)
    return "\n".join(str(event["data"].get("subject", (event["kind"], event["data"]))) for event in events)


def requeues_silently(site: Site) -> bool:
    """Whether this Slurm hands over no mail when ``scontrol`` requeues: then Headgate finds it missing, and tells."""
    return site.cluster.slurm == "20.11"


async def test_a_het_job_is_told_once_by_its_leader(play: Play) -> None:
    mails = await play.told("het", "started", "succeeded")
    assert {mail.label for mail in mails} <= {f"{play.jobs['het']}+0", str(play.jobs["het"])}


async def test_a_dependency_that_cannot_be_met_is_told(play: Play) -> None:
    [mail] = await play.told("doomed", "warning")
    assert mail.subject.startswith(f"Invalid dependency: job {play.jobs['doomed']}")
    assert "It will not start" in mail.plain


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_changes_nothing_but_the_name(play: Play, name: str) -> None:
    [mail] = await play.told(name, "succeeded")
    assert mail.subject == f'Completed: job {play.jobs[name]} "{HOSTILE[name]}"'
    assert mail.fact("Exit code") == "0"
    assert "<b>bold" not in mail.html


async def test_markup_in_a_name_is_shown_and_not_obeyed(play: Play) -> None:
    [mail] = await play.told("<b>bold</b>&amp;", "succeeded")
    assert "&lt;b&gt;bold&lt;/b&gt;&amp;amp;" in mail.html


async def test_each_receiver_is_told_once_and_an_unknown_connector_is_a_dead_delivery(play: Play) -> None:
    job = play.jobs["shared"]
    mails = await play.told("shared", "succeeded", "succeeded")
    assert sorted(mail.to for mail in mails) == [("carol@a.example",), ("dave@example.org",)]
    deliveries = {(item["connector"], item["target"]): item for item in await play.site.deliveries(job)}
    assert {key: item["state"] for key, item in deliveries.items()} == {
        ("mailto", "carol@a.example"): "delivered",
        ("mailto", "dave@example.org"): "delivered",
        ("pigeon", "coop"): "dead",
    }
    assert deliveries["pigeon", "coop"]["reason"] == "unknown_connector"


async def test_start_and_end_are_one_event_each_with_two_witnesses(play: Play) -> None:
    job = play.jobs["fine"]
    await play.told("fine", "started", "succeeded")
    for kind in ("job.started", "job.ended"):
        event = await play.site.event(job, kind, lambda event: len(event["witnesses"]) >= 2)
        assert "mail" in event["witnesses"]
        assert {"watcher", "accounting"} & event["witnesses"].keys()
    counted = Counter(event["kind"] for event in await play.site.events(job))
    assert counted == {"job.submitted": 1, "job.started": 1, "job.ended": 1, "mail.requested": 2}


async def test_a_job_that_runs_out_of_time_is_told_so_with_advice(play: Play) -> None:
    _, ended = await play.told("late", "started", "timed-out")
    assert ended.subject.startswith("Timed out after")
    assert ended.fact("Ran").endswith(" of 1 min")
    assert "--time" in ended.plain.partition("What may help")[2]


async def test_in_the_end_nobody_was_told_anything_twice_and_no_mail_counts_as_lost(play: Play) -> None:
    site, jobs = play.site, play.jobs
    await play.told("late", "started", "timed-out")
    await site.audited(jobs["late"])
    lost = {line["subject"] for line in site.headgate.lines() if line.get("event") == "mail.lost"}
    assert lost == ({f"job {jobs['requeued']}"} if requeues_silently(site) else set())
    said = Counter((mail.to, mail.subject) for mail in site.mails(*jobs.values()))
    twice = [key for key, count in said.items() if count > 1 and f"job {jobs['requeued']} " not in key[1]]
    assert twice == []
    assert len(site.mails(jobs["requeued"])) == 4
    assert await site.ask("spool", "list", "--json") == []
