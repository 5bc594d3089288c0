"""What a real Slurm hands over, read: the same on every version."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.events.sources.mail.install import program_text
from headgate.events.sources.mail.reading import read_request
from headgate.events.sources.mail.record import parse_record
from headgate.events.sources.mail.spool import MailSpool
from headgate.model.job import ArrayPlace
from headgate.model.mail import MailKind, MailRequest, MailScope
from headgate.model.states import JobState
from headgate.testing.cluster import Cluster
from headgate.testing.cluster.configuration import SLURM_USER

pytestmark = [pytest.mark.slurm, pytest.mark.contract]

NAME = "x Began | <b>\n, Ended, Run time 00:00:01, FAILED, ExitCode 9"
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
QUIET = ("--output=/dev/null", "--chdir=/tmp")


@dataclass(frozen=True)
class Mails:
    """The jobs by what was done to them, and the mails Slurm asked for."""

    jobs: dict[str, int]
    requests: list[MailRequest]
    environment: bool
    """Whether this Slurm gives the environment; from 21.08 on."""

    def of(self, job: str, *kinds: MailKind) -> list[MailRequest]:
        """Return the mails about a job or array, of some kinds or of all."""
        number = self.jobs[job]
        return [
            one
            for one in self.requests
            if (one.array.array_id if one.array else one.job_id) == number and (not kinds or one.kind in kinds)
        ]


@pytest.fixture(scope="session")
def mails(slurm_cluster: Cluster) -> Iterator[Mails]:
    """Submit the jobs and wait until all mails about their ends are there."""
    spool = slurm_cluster.shared / "mail-spool"
    spool.mkdir(mode=0o770)
    shutil.chown(spool, SLURM_USER)
    source = slurm_cluster.shared / "headgate-mailprog"
    source.write_text(program_text(spool))
    slurm_cluster.install_mailprog(source)
    try:
        jobs = submit(slurm_cluster)
        yield Mails(jobs, wait_for_ends(spool, jobs), environment=slurm_cluster.slurm != "20.11")
    finally:
        slurm_cluster.configure(mail_prog=Path("/bin/true"))


def submit(cluster: Cluster) -> dict[str, int]:
    mailed = (*QUIET, "--mail-type=ALL")
    jobs = {
        "odd": cluster.submit("ada", "#!/bin/sh\n", *mailed, f"--job-name={NAME}", "--mail-user=a:b, c"),
        "failed": cluster.submit("ben", "#!/bin/sh\nexit 200\n", *mailed, "--job-name=f", "--comment=why|not"),
        "killed": cluster.submit("ada", "#!/bin/sh\nkill -9 $$\n", *mailed),
        "cancelled": cluster.submit("ada", SLEEP, *mailed),
        "waiting": cluster.submit("ada", SLEEP, *mailed, "--hold"),
        "array": cluster.submit("ben", "#!/bin/sh\nexit $SLURM_ARRAY_TASK_ID\n", *mailed, "--array=0-2"),
        "tasks": cluster.submit(
            "ben", "#!/bin/sh\n", *QUIET, "--mail-type=END,ARRAY_TASKS", "--array=4,6", "--job-name=t"
        ),
        "het": cluster.submit("ada", "#!/bin/sh\n", *mailed, "-n1", ":", "-n1"),
    }
    cluster.wait_for_job(jobs["cancelled"], ("RUNNING",))
    for job in ("cancelled", "waiting"):
        cluster.command("scancel", str(jobs[job]))
    return jobs


def wait_for_ends(spool: Path, jobs: dict[str, int]) -> list[MailRequest]:
    """Return all mails, once there is one about the end of each job, and two for the two tasks."""
    deadline = time.monotonic() + 120
    while True:
        read = [read_request(parse_record(one.data, name=one.name)) for one in MailSpool(spool).pending(1000)]
        ends = [one for one in read if one.kind.final]
        over = {one.array.array_id if one.array else one.job_id for one in ends}
        tasks = [one for one in ends if one.scope is MailScope.ARRAY_TASK]
        if over >= set(jobs.values()) and len(tasks) >= 2:
            return read
        assert time.monotonic() < deadline, f"still no mail about {set(jobs.values()) - over}"
        time.sleep(0.2)


def test_a_name_made_to_deceive_changes_nothing(mails: Mails) -> None:
    (began,) = mails.of("odd", MailKind.BEGAN)
    (ended,) = mails.of("odd", MailKind.ENDED)
    assert [one.name for one in (began, ended)] == [NAME, NAME]
    assert (ended.state, ended.exit_code, ended.scope) == (JobState.COMPLETED, 0, MailScope.JOB)
    assert ended.run_time is not None
    assert ended.run_time < 60
    assert began.queued_time is not None
    assert ended.receivers == "a:b, c"


def test_an_exit_code_above_127_is_told_whole(mails: Mails) -> None:
    (failed,) = mails.of("failed", MailKind.FAILED)
    assert (failed.state, failed.exit_code, failed.signal) == (JobState.FAILED, 200, 0)


def test_without_receivers_slurm_names_the_owner(mails: Mails) -> None:
    assert {one.receivers for one in mails.of("failed")} == {"ben"}


def test_what_only_the_environment_says_is_read(mails: Mails) -> None:
    if not mails.environment:
        pytest.skip("this Slurm gives no environment")
    (failed,) = mails.of("failed", MailKind.FAILED)
    assert (failed.user, failed.account, failed.work_dir) == ("ben", "chemistry", "/tmp")  # noqa: S108
    assert failed.uid
    assert failed.uid >= 1000
    assert failed.partition
    assert failed.nodes
    (killed,) = mails.of("killed", MailKind.FAILED)
    assert killed.signal == 9


def test_a_cancelled_job(mails: Mails) -> None:
    (ended,) = mails.of("cancelled", MailKind.ENDED, MailKind.FAILED)
    assert ended.state is JobState.CANCELLED


def test_a_job_that_never_started(mails: Mails) -> None:
    (ended,) = mails.of("waiting")
    assert (ended.kind, ended.state) == (MailKind.ENDED, JobState.CANCELLED)


def test_an_array_has_one_mail_about_its_end_with_least_and_most_exit_codes(mails: Mails) -> None:
    (over,) = mails.of("array", MailKind.ENDED, MailKind.FAILED)
    assert (over.scope, over.array) == (MailScope.ARRAY_SUMMARY, ArrayPlace(mails.jobs["array"], None))
    assert (over.mixed, over.exit_code_min, over.exit_code) == (True, 0, 2)


def test_array_tasks_have_mails_of_their_own(mails: Mails) -> None:
    tasks = mails.of("tasks", MailKind.ENDED)
    places = [one.array.task for one in tasks if one.array]
    assert sorted(task for task in places if task is not None) == [4, 6]
    assert {one.scope for one in tasks} == {MailScope.ARRAY_TASK}
    assert {one.name for one in tasks} == {"t"}
    assert len({one.job_id for one in tasks}) == 2


def test_of_a_het_job_only_the_leader_mails(mails: Mails) -> None:
    (ended,) = mails.of("het", MailKind.ENDED)
    if mails.environment:
        assert ended.het is not None
        assert (ended.het.leader_id, ended.het.offset) == (mails.jobs["het"], 0)


def test_the_cluster_is_named(mails: Mails, slurm_cluster: Cluster) -> None:
    assert {one.cluster for one in mails.requests} == {slurm_cluster.name}
