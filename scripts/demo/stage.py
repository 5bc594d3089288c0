"""Playing it: the jobs are submitted, two are cancelled by their owner, and the mails are waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from headgate.testing.cluster import Cluster, ClusterError
from scripts.demo import checks
from scripts.demo.installation import Headgate
from scripts.demo.mails import Mail, MailBox
from scripts.demo.play import IN_EVERY_CHAT, JOBS, LINKED, Job, sbatch_words
from scripts.demo.timeline import Event

WAIT_SECONDS = 180.0
"""For all mails, from the submission of the last job on. The slowest is that of the job which runs out of time."""
SETTLE_SECONDS = 15.0
"""For the journal and the deliveries to be complete, once all mails are there."""
_LOOK_EVERY = 0.25
_ASK_SLURM_EVERY = 2.0
_LEFT = "left the queue"


def submit(cluster: Cluster, job: Job) -> int:
    """Submit a job as its user; return its id."""
    return cluster.submit(job.user, job.script, "--output=/dev/null", *sbatch_words(job))


def cancel(cluster: Cluster, number: int, job: Job) -> None:
    """Cancel a job as its owner, once it is in the state the play says. Raises ClusterError."""
    cluster.wait_for_job(number, (job.cancel_when,))
    time.sleep(job.cancel_after)
    done = cluster.run_as(job.user, ["scancel", str(number)])
    if done.returncode:
        raise ClusterError(f"{job.user} cannot cancel job {number}: {done.stderr.strip()}")


def cancel_leftovers(cluster: Cluster) -> None:
    """Cancel what an interrupted run left in the queue: jobs of our names, by their owners."""
    for job in (*JOBS, IN_EVERY_CHAT, LINKED):
        cluster.command("scancel", f"--user={job.user}", f"--name={job.name}")


def wait_for_mails(
    cluster: Cluster,
    headgate: Headgate,
    box: MailBox,
    submitted: Mapping[int, Job],
    *,
    arrived: Callable[[Mail], None],
    waiting: Callable[[Mapping[int, int], Mapping[int, str]], None],
) -> list[Mail]:
    """Wait until every owner has got every mail, or the time is over; return all mails about these jobs.

    ``arrived`` is called with each mail; ``waiting`` now and then, with how many mails each job still owes and what
    state Slurm says it is in. Raises DemoError if Headgate or the mail server ends.
    """
    deadline, asked, seen = time.monotonic() + WAIT_SECONDS, 0.0, 0
    while True:
        mails = of_play(submitted, box)
        for mail in mails[seen:]:
            arrived(mail)
        seen = len(mails)
        owed = checks.missing(submitted, mails)
        if not owed or time.monotonic() > deadline:
            return mails
        headgate.check_alive()
        if time.monotonic() - asked > _ASK_SLURM_EVERY:
            asked = time.monotonic()
            waiting(owed, states(cluster, submitted))
        time.sleep(_LOOK_EVERY)


def of_play(submitted: Mapping[int, Job], box: MailBox) -> list[Mail]:
    """Return the mails so far, without those about jobs that an interrupted run had left."""
    first = min(submitted)
    return [mail for mail in box.mails() if mail.job is None or mail.job >= first]


def states(cluster: Cluster, numbers: Mapping[int, Job]) -> dict[int, str]:
    """Return the state of each job that Slurm still has in its queue; of an array, of one of its tasks."""
    shown = (line.partition(" ") for line in cluster.command("squeue", "-h", "-o", "%F %T").splitlines())
    known = {int(number): state for number, _, state in shown}
    return {number: known.get(number, _LEFT) for number in numbers}


def settle(
    headgate: Headgate, box: MailBox, submitted: Mapping[int, Job]
) -> tuple[list[Event], Sequence[checks.Delivery], list[str]]:
    """Return events, deliveries and what is wrong, as soon as nothing is or the time is over."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        events: list[Event] = list(headgate.ask_json("event", "list", "--limit=1000"))
        deliveries = headgate.ask_json("delivery", "list", "--limit=1000")
        first = min(submitted)
        ours = [item for item in deliveries if item["job_id"] is None or item["job_id"] >= first]
        faults = checks.faults(submitted, of_play(submitted, box), events, ours)
        if not faults or time.monotonic() > deadline:
            return events, ours, faults
        time.sleep(1)
