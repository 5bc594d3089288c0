from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.slurm.client import SlurmClient
from headgate.testing.cluster import Cluster

FORGERY = (
    "a|b\nJobId=1 JobName=x\n   UserId=root(0) GroupId=root(0) MCS_label=N/A\n   MailUser=root MailType=ALL,END\n\n"
    "JobId={victim} JobName=mailed\n   UserId=ada(1001) GroupId=ada(1001)\n   MailUser=mallory MailType=END\n   \n\n"
)
"""A job name that holds what scontrol would print for two other jobs; ``victim`` is the id of one that exists."""

SQUARES = ",".join(str(number * number) for number in range(2, 101))
"""An array that cannot be written shorter, and is longer than what squeue shows by default."""


@dataclass(frozen=True)
class Jobs:
    """The ids of jobs that every test of the contract may look at; none of them changes any more."""

    failed: int
    """Exit code 3; its name is FORGERY."""
    mailed: int
    """Succeeded; wants mail about ALL, and its mail user holds a line end and ``MailType=NONE``."""
    high_code: int
    """Exit code 255."""
    killed: int
    """Killed by signal 9; had two GPUs."""
    cancelled: int
    """Cancelled by its owner while it ran."""
    never_started: int
    """Cancelled by its owner while it waited."""
    array: int
    """Array 1-5%2, mail about END and ARRAY_TASKS: tasks 1 and 2 run, 3 to 5 wait."""
    held_array: int
    """Array of SQUARES, held."""
    het: int
    """Het job of two components, one CPU and two CPUs, running."""
    unlimited: int
    """Held; has no time limit; its name is no UTF-8."""
    requeued: int
    """Was requeued while it ran, and is held now."""
    two_tasks: int
    """A step of two tasks that used 50 MB and 150 MB of memory for three seconds."""
    started: float
    """When the first of them was submitted at the latest, seconds since the epoch."""


@pytest.fixture(scope="session")
def jobs(slurm_cluster: Cluster) -> Iterator[Jobs]:
    """Submit the jobs and wait until each is where it shall be; cancel afterwards what still runs or waits."""
    submit, cluster = slurm_cluster.submit, slurm_cluster
    started = time.time()
    quiet = ("--output=/dev/null", "--chdir=/tmp")
    sleep = "#!/bin/sh\nexec sleep 3000\n"
    mail_user = "x MailType=NONE\n"
    mailed = submit(
        "ada", "#!/bin/sh\nsleep 2\n", *quiet, "--job-name=mailed", "--mail-type=ALL", f"--mail-user={mail_user}",
        "--comment=hi|there\nMailUser=",
    )  # fmt: skip
    name = FORGERY.format(victim=mailed)
    failed = submit("ada", "#!/bin/sh\nexit 3\n", *quiet, f"--job-name={name}")
    high_code = submit("ben", "#!/bin/sh\nexit 255\n", *quiet)
    killed = submit("ben", "#!/bin/sh\nsleep 2\nkill -9 $$\n", *quiet, "--partition=gpu", "--gres=gpu:2", "--mem=500M")
    cancelled = submit("ada", sleep, *quiet)
    never_started = submit("ada", sleep, *quiet, "--hold")
    array = submit("ada", sleep, *quiet, "--array=1-5%2", "--mail-type=END,ARRAY_TASKS", "--time=1:00:00")
    held_array = submit("ada", sleep, *quiet, "--hold", f"--array={SQUARES}")
    het = submit("ben", sleep, *quiet, "-n1", "--mem=200M", ":", "-n2", "--mem=300M")
    unlimited = submit("ben", sleep, *quiet, "--hold", "--time=UNLIMITED", "--job-name=\udcff\udcfe\udce9")
    requeued = submit("ada", sleep, *quiet, "--requeue")
    program = "import sys,os,time; m=bytearray((50+100*int(os.environ['SLURM_PROCID']))<<20); time.sleep(3)"
    two_tasks = submit("ada", f'#!/bin/sh\nsrun -n2 python3 -c "{program}"\n', *quiet, "-n2", "--mem-per-cpu=300M")
    for job in (cancelled, requeued, het):
        cluster.wait_for_job(job, ("RUNNING",))
    wait_for_tasks(cluster, array, 2)
    cluster.run_as("ada", [str(cluster.bin / "scancel"), str(cancelled), str(never_started)])
    cluster.command("scontrol", "requeuehold", str(requeued))
    cluster.wait_for_job(requeued, ("PENDING",))
    for job in (mailed, failed, high_code, killed, cancelled, never_started, two_tasks):
        cluster.wait_for_job(job, ("COMPLETED", "FAILED", "CANCELLED"))
    yield Jobs(
        failed, mailed, high_code, killed, cancelled, never_started, array, held_array, het, unlimited, requeued,
        two_tasks, started,
    )  # fmt: skip
    cluster.command("scancel", *(str(job) for job in (array, held_array, het, unlimited, requeued)))


def wait_for_tasks(cluster: Cluster, array: int, count: int) -> None:
    """Wait until so many tasks of an array run."""
    deadline = time.monotonic() + 60
    while cluster.command("squeue", "-h", "-t", "R", "-o", "%F").split().count(str(array)) < count:
        assert time.monotonic() < deadline, f"array {array} does not start"
        time.sleep(0.1)


@pytest.fixture
def client(slurm_cluster: Cluster) -> SlurmClient:
    return SlurmClient(SlurmSettings(bin=slurm_cluster.bin, conf=slurm_cluster.slurm_conf))
