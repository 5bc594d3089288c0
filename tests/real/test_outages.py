"""Parts of Slurm, of the hand-off or of Headgate are away for a while: nothing is lost, nobody is told twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources import gaps, watcher
from headgate.events.sources.watcher import Watcher, WatcherSettings
from headgate.notify.message import INCOMPLETE_FIGURES, NO_FIGURES
from headgate.service.watchers import Slurm
from headgate.slurm.client import SlurmClient
from headgate.store import journal
from headgate.store.journal import EventFilter
from headgate.store.migrate import migrate
from headgate.store.store import Store
from tests.real.site import SLEEP, Site, until

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

TRUE, FALSE = "#!/bin/sh\n", "#!/bin/sh\nexit 3\n"


@contextmanager
def misbehaving(site: Site, command: str, mode: str) -> Iterator[None]:
    """Make one of Slurm's commands misbehave for a while."""
    site.commands.make(command, mode)
    try:
        yield
    finally:
        site.commands.make(command)


def words(text: str) -> str:
    """Return a text with every stretch of white space made one blank: mails are wrapped."""
    return " ".join(text.split())


async def lost(site: Site, count: int) -> None:
    await until(lambda: site.post.lost >= count, lambda: f"{site.post.lost} mails were lost")


def mark(site: Site) -> int:
    """Return how many lines Headgate's log has by now."""
    return len(site.headgate.lines())


async def told_once(site: Site, job: int, *outcomes: str) -> None:
    """Wait until a job's owner was told, and Headgate has looked whether something is missing: it is not."""
    await site.told(job, *outcomes)
    await site.audited(job)
    await site.told(job, *outcomes)


async def written_down(site: Site) -> None:
    """Wait until slurmctld has saved what it knows of jobs by now; what it has not, it would forget when killed."""
    asked = time.time()
    saved = site.cluster.layout.state / "job_state"
    # Every change makes it save all jobs within seconds.
    await site.slurm("scontrol", "hold", str(await site.submit("ada", TRUE, "--hold", mail="NONE")))
    await until(lambda: saved.exists() and saved.stat().st_mtime > asked, lambda: f"{saved} is not written")


async def test_mails_that_the_hand_off_cannot_take_are_found_and_told_once(fragile: Site) -> None:
    away = fragile.spool.with_name(f"{fragile.spool.name}-away")
    fragile.spool.rename(away)
    good = await fragile.submit("ada", TRUE, "--job-name=good")
    bad = await fragile.submit("ben", FALSE, "--job-name=bad")
    array = await fragile.submit("ada", "#!/bin/sh\n[ $SLURM_ARRAY_TASK_ID != 2 ]\n", "--array=1-3", mail="END,FAIL")
    mute = await fragile.submit("ada", FALSE, mail="END")
    never = await fragile.submit("ben", SLEEP, "--hold", mail="END")
    for job in (good, bad, array, mute):
        await fragile.in_state(job, "COMPLETED", "FAILED")
    await fragile.as_user("ben", "scancel", str(never))
    refusals = fragile.cluster.logs["slurmctld"]
    await until(lambda: refusals.read_text().count("cannot write") >= 5, lambda: refusals.read_text()[-3000:])
    away.rename(fragile.spool)
    await fragile.told(good, "started", "succeeded")
    _, mail = await fragile.told(bad, "started", "failed")
    assert mail.subject == f'Failed (exit code 3): job {bad} "bad"'
    [summary] = await fragile.told(array, "mixed")
    assert summary.subject.endswith("2 of 3 tasks completed, 1 failed")
    await fragile.told(never, "cancelled")
    for job, outcomes in ((good, ("started", "succeeded")), (bad, ("started", "failed")), (array, ("mixed",))):
        await told_once(fragile, job, *outcomes)
    requests = await fragile.events(good, kind="mail.requested")
    assert [list(event["witnesses"]) for event in requests] == [["watcher"], ["watcher"]]


async def test_mails_that_go_down_with_slurmctld_are_found_and_told_once(fragile: Site) -> None:
    running = await fragile.submit("ada", SLEEP, "--job-name=survivor", mail="END")
    before = mark(fragile)
    await fragile.in_state(running, "RUNNING")
    fragile.post.do("hold")
    job = await fragile.submit("ben", FALSE, "--job-name=bad")
    await fragile.in_state(job, "FAILED")
    await fragile.event(job, "job.ended")
    await written_down(fragile)
    await asyncio.to_thread(fragile.cluster.kill, "slurmctld")
    try:
        fragile.post.do("lose")
        await fragile.logged("watcher.failed", after=before)
    finally:
        await asyncio.to_thread(fragile.cluster.start, "slurmctld")
    fragile.post.do("pass")
    await fragile.logged("watcher.answered_again", after=before)
    await told_once(fragile, job, "started", "failed")
    await fragile.as_user("ada", "scancel", str(running))
    await told_once(fragile, running, "cancelled")
    counted = Counter(event["kind"] for event in await fragile.events(running, kind="job.*"))
    assert counted == {"job.submitted": 1, "job.started": 1, "job.ended": 1}


async def test_a_mail_that_comes_after_it_counted_as_lost_is_not_told_again(fragile: Site) -> None:
    fragile.post.do("hold")
    job = await fragile.submit("ben", FALSE, mail="END,FAIL")
    await fragile.told(job, "failed")
    fragile.post.do("pass")
    await fragile.event(job, "mail.requested", lambda event: "mail" in event["witnesses"])
    found: list[str] = []
    async with asyncio.timeout(60):
        while "waiting" in found or len(found) < 2:
            found = [item["state"] for item in await fragile.deliveries(job)]
    assert found == ["delivered", "dropped"]
    assert (await fragile.deliveries(job))[-1]["reason"] == "duplicate"
    await told_once(fragile, job, "failed")


async def test_without_slurmdbd_mails_say_that_figures_are_missing_and_later_ones_have_them(fragile: Site) -> None:
    before = mark(fragile)
    end = fragile.cluster.shared / "end-of-the-late-one"
    late = await fragile.submit("ada", f"#!/bin/sh\nwhile [ ! -e {end} ]; do sleep 0.2; done\n", mail="END")
    await fragile.in_state(late, "RUNNING")
    await asyncio.to_thread(fragile.cluster.stop, "slurmdbd")
    try:
        early = await fragile.submit("ben", FALSE)
        _, mail = await fragile.told(early, "started", "failed")
        assert NO_FIGURES in words(mail.plain)
        assert mail.fact("Exit code") == "3"
        assert mail.fact("Memory") == mail.fact("CPU time") == ""
        end.touch()
        await fragile.in_state(late, "COMPLETED")
        await fragile.event(late, "job.ended")
    finally:
        await asyncio.to_thread(fragile.cluster.start, "slurmdbd")
        end.touch()  # also when something before has failed: the job must not hold its place for the tests to come
    await fragile.logged("accounting.answers_again", after=before)
    [mail] = await fragile.told(late, "succeeded")
    assert mail.fact("Memory") or INCOMPLETE_FIGURES in words(mail.plain) or NO_FIGURES in words(mail.plain)
    after = await fragile.submit("ben", "#!/bin/sh\nsleep 2\n", mail="END")
    [mail] = await fragile.told(after, "succeeded")
    assert mail.fact("Memory")
    assert "Note:" not in mail.plain


async def test_what_happened_while_headgate_was_away_is_told_when_it_is_back(fragile: Site) -> None:
    running = await fragile.submit("ada", SLEEP, mail="END")
    await fragile.in_state(running, "RUNNING")
    await fragile.event(running, "job.started")
    assert await fragile.headgate.stop() == 0
    collected = await fragile.submit("ben", FALSE, "--job-name=collected")
    await until(lambda: len(list(fragile.spool.glob("*.mail"))) == 2, lambda: str(list(fragile.spool.iterdir())))
    before = fragile.post.lost
    fragile.post.do("lose")
    unseen = await fragile.submit("ada", FALSE, "--job-name=unseen")
    await fragile.as_user("ada", "scancel", str(running))
    for job in (running, unseen):
        await fragile.in_state(job, "FAILED", "CANCELLED")
    await lost(fragile, before + 3)
    fragile.post.do("pass")
    await fragile.headgate.start()
    _, mail = await fragile.told(collected, "started", "failed")
    assert mail.subject == f'Failed (exit code 3): job {collected} "collected"'
    _, mail = await fragile.told(unseen, "started", "failed")
    assert mail.subject == f'Failed (exit code 3): job {unseen} "unseen"'
    for job, outcomes in (
        (running, ("cancelled",)),
        (collected, ("started", "failed")),
        (unseen, ("started", "failed")),
    ):
        await told_once(fragile, job, *outcomes)
        counted = Counter(event["kind"] for event in await fragile.events(job, kind="job.*"))
        assert counted == {"job.submitted": 1, "job.started": 1, "job.ended": 1}


@pytest.mark.parametrize("mode", ["fail", "hang"])
async def test_without_an_answer_of_sacct_mails_say_so_and_all_else_goes_on(fragile: Site, mode: str) -> None:
    before = mark(fragile)
    with misbehaving(fragile, "sacct", mode):
        job = await fragile.submit("ben", FALSE, "--job-name=bad")
        await fragile.event(job, "job.ended")
        started, ended = await fragile.told(job, "started", "failed")
        assert "Note:" not in started.plain
        assert NO_FIGURES in words(ended.plain)
        assert ended.subject == f'Failed (exit code 3): job {job} "bad"'
        assert (await fragile.headgate.get("/readyz")).status_code == 200
    [first, *_] = await fragile.logged("accounting.failed", after=before)
    assert (
        first["error"]
        == {
            "fail": "sacct failed (exit code 1): sacct: error: Unable to connect to the moon",
            "hang": "sacct did not answer within 3 s",
        }[mode]
    )
    again = await fragile.submit("ben", "#!/bin/sh\nsleep 2\n", mail="END")
    [mail] = await fragile.told(again, "succeeded")
    assert mail.fact("Memory")


async def test_warnings_of_slurms_commands_are_logged_once_and_change_nothing(fragile: Site) -> None:
    before = mark(fragile)
    with misbehaving(fragile, "sacct", "warn"), misbehaving(fragile, "squeue", "warn"):
        job = await fragile.submit("ben", "#!/bin/sh\nsleep 2\n", mail="END")
        [mail] = await fragile.told(job, "succeeded")
        assert mail.fact("Memory")
        await fragile.event(job, "job.ended", lambda event: "watcher" in event["witnesses"])
    told = [line["command"] for line in await fragile.logged("slurm.warning", 2, after=before)]
    assert sorted(told) == ["sacct", "squeue"]


async def test_a_squeue_that_hangs_pauses_the_watcher_aloud_and_nothing_else(fragile: Site) -> None:
    before = mark(fragile)
    with misbehaving(fragile, "squeue", "hang"):
        job = await fragile.submit("ben", "#!/bin/sh\nsleep 2\n", "--job-name=unwatched")
        _, mail = await fragile.told(job, "started", "succeeded")
        assert mail.fact("Memory")
        [failed, *_] = await fragile.logged("watcher.failed", after=before)
        assert failed["error"] == "squeue did not answer within 3 s"
    await fragile.logged("watcher.answered_again", after=before)
    event = await fragile.event(job, "job.ended", lambda event: len(event["witnesses"]) > 1)
    assert next(iter(event["witnesses"])) == "mail"
    await told_once(fragile, job, "started", "succeeded")


async def test_jobs_that_left_the_queue_unseen_are_resolved_by_one_sacct(fragile: Site) -> None:
    await asyncio.to_thread(fragile.cluster.configure, MinJobAge="2")
    try:
        before = mark(fragile)
        jobs = [await fragile.submit("ada", SLEEP, mail="NONE") for _ in range(5)]
        for job in jobs:
            await fragile.event(job, "job.started")
        gone = {str(job) for job in jobs}
        with misbehaving(fragile, "squeue", "fail"):
            await fragile.as_user("ada", "scancel", *gone)
            async with asyncio.timeout(90):
                while gone & set((await fragile.slurm("squeue", "-h", "-t", "all", "-o", "%A")).split()):
                    await asyncio.sleep(0.5)
            await fragile.logged("watcher.failed", after=before)
        for job in jobs:
            ended = await fragile.event(job, "job.ended")
            assert list(ended["witnesses"]) == ["accounting"]
            assert ended["data"]["state"] == "CANCELLED"
    finally:
        await asyncio.to_thread(fragile.cluster.configure, MinJobAge="300")
    asked = [ids for call in fragile.commands.calls("sacct") if (ids := asked_for(call)) & gone]
    assert asked in ([gone], [])  # by their ids, all at once; or all at once by when they ended


@contextmanager
def forgetting(site: Site) -> Iterator[None]:
    """Have slurmctld end with what it has to tell slurmdbd, and go on from what it knew of jobs before the block."""
    kept = {path: path.read_bytes() for path in site.cluster.layout.state.glob("job_state*")}
    yield
    site.cluster.stop("slurmctld")
    for path, content in kept.items():
        path.write_bytes(content)
    site.cluster.start("slurmctld")


@pytest.mark.parametrize("away", [False, True], ids=["slurmdbd there", "slurmdbd away"])
async def test_a_job_that_slurmctld_forgot_before_anybody_saw_it_is_found_in_accounting(
    fragile: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    monkeypatch.setattr(gaps, "_CHECK_INTERVALS", 0)
    monkeypatch.setattr(gaps, "_AGAIN", 0.1)
    monkeypatch.setattr(watcher, "_AGAIN", 0.1)
    store = Store(f"sqlite:///{tmp_path}/store.db")
    try:
        await asyncio.to_thread(migrate, store)
        own = Slurm(SlurmClient(SlurmSettings(bin=fragile.cluster.bin)))
        watching = Watcher(store, Journal(), own, WatcherSettings(interval=600.0, grace=None))
        await written_down(fragile)
        await watching.tick()
        with forgetting(fragile):
            if away:
                await asyncio.to_thread(fragile.cluster.stop, "slurmdbd")
            job = await fragile.submit("ada", TRUE, mail="NONE")
            await fragile.in_state(job, "COMPLETED")
            if not away:
                async with asyncio.timeout(60):
                    while "COMPLETED" not in await fragile.slurm("sacct", "-nPXj", str(job), "--format=State,End"):
                        await asyncio.sleep(0.1)
        assert str(job) not in (await fragile.slurm("squeue", "-h", "-t", "all", "-o", "%A")).split()
        if away:
            await watching.tick()
            await asyncio.to_thread(fragile.cluster.start, "slurmdbd")
        ended = EventFilter(kind="job.ended", job_id=job)
        async with asyncio.timeout(60):
            while not (found := await store.read(lambda c: journal.find(c, ended, limit=10))):
                await asyncio.sleep(0.1)
                await watching.tick()
        assert [(one.event.data["state"], list(one.witnesses)) for one in found] == [("COMPLETED", ["accounting"])]
    finally:
        await asyncio.to_thread(store.close)
        await asyncio.to_thread(fragile.cluster.up)


def asked_for(call: str) -> set[str]:
    """Return the job ids that a call of sacct asks for."""
    lists = (word.removeprefix("--jobs=") for word in call.split() if word.startswith("--jobs="))
    return {number for numbers in lists for number in numbers.split(",")}
