from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate.testing.cluster import Cluster, ClusterError, CommandError, DaemonError, temporary_cluster
from headgate.testing.cluster.process import Process, is_alive, spawn

pytestmark = pytest.mark.slurm

SLEEP = "#!/bin/sh\nsleep 600\n"
NO_OUTPUT = "--output=/dev/null"


def eventually(what: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def accounted(cluster: Cluster, job: int, field: str) -> str:
    return cluster.command("sacct", "-nPX", f"--jobs={job}", f"--format={field}").strip()


def processes_with(text: str) -> list[str]:
    lines = subprocess.run(
        ["/bin/ps", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line for line in lines if text in line]


def test_everything_runs_when_up_returns(cluster: Cluster) -> None:
    assert set(cluster.status()) == {"munged", "mariadb", "slurmdbd", "slurmctld", "n1", "n2", "slurmrestd"}
    assert set(cluster.status().values()) == {"running"}


def test_a_job_of_an_ordinary_user_runs_and_is_accounted_with_what_it_used(cluster: Cluster) -> None:
    # It grows to some 60 MB, and waits until slurmd has seen that.
    script = "#!/bin/sh\nx=$(head -c 60000000 /dev/zero | tr '\\0' x)\nsleep 2\n"
    job = cluster.submit("ada", script, "--gres=gpu:1", NO_OUTPUT)
    assert cluster.wait_for_job(job) == "COMPLETED"
    eventually(lambda: accounted(cluster, job, "State") == "COMPLETED")
    assert accounted(cluster, job, "User,Account,QOS") == "ada|physics|normal"
    assert "gres/gpu=1" in accounted(cluster, job, "AllocTRES")
    used = cluster.command("sacct", "-nP", f"--jobs={job}.batch", "--format=MaxRSS").strip()
    assert int(used.removesuffix("K")) > 40_000


def test_users_run_commands_as_themselves_and_see_each_other(cluster: Cluster) -> None:
    job = cluster.submit("ben", SLEEP, NO_OUTPUT)
    assert cluster.run_as("ada", ["squeue", "--noheader", "--format=%u", f"--job={job}"]).stdout == "ben\n"
    refused = cluster.run_as("ada", ["scancel", str(job)])
    assert "Access/permission denied" in refused.stderr
    assert cluster.run_as("ben", ["scancel", str(job)]).returncode == 0
    assert cluster.wait_for_job(job, ("CANCELLED",)) == "CANCELLED"


def test_a_job_that_slurm_refuses_is_an_error_that_says_why(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match="Invalid partition") as caught:
        cluster.submit("ada", SLEEP, "--partition=nowhere")
    assert caught.value.status == 1


def test_a_restarted_slurmctld_knows_its_jobs(cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, NO_OUTPUT)
    cluster.wait_for_job(job, ("RUNNING",))
    cluster.restart("slurmctld")
    assert cluster.job_state(job) == "RUNNING"
    cluster.command("scancel", str(job))


def test_jobs_that_end_while_slurmdbd_is_dead_are_accounted_later(cluster: Cluster) -> None:
    cluster.kill("slurmdbd")
    assert cluster.status()["slurmdbd"] == "stopped"
    with pytest.raises(CommandError):
        cluster.command("sacct")
    job = cluster.submit("ada", "#!/bin/sh\nexit 3\n", NO_OUTPUT)
    cluster.wait_for_job(job, ("FAILED",))
    cluster.start("slurmdbd")
    eventually(lambda: accounted(cluster, job, "State,ExitCode") == "FAILED|3:0")


@pytest.mark.parametrize("daemon", ["munged", "mariadb", "slurmctld", "n2", "slurmrestd"])
def test_any_daemon_can_be_killed_and_started(cluster: Cluster, daemon: str) -> None:
    cluster.kill(daemon)
    assert cluster.status()[daemon] == "stopped"
    cluster.start(daemon)
    cluster.wait_ready()
    assert set(cluster.status().values()) == {"running"}


def test_starting_what_runs_starts_nothing(cluster: Cluster) -> None:
    before = json.loads((cluster.directory / "cluster.json").read_text())["daemons"]
    cluster.start("slurmctld")
    cluster.up()
    assert json.loads((cluster.directory / "cluster.json").read_text())["daemons"] == before


def test_an_unknown_daemon_is_named_with_those_there_are(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match=r"no daemon slurmd in cluster .*: there are munged, mariadb"):
        cluster.kill("slurmd")


@pytest.mark.slow
def test_a_job_can_run_out_of_time_within_half_a_minute(cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, NO_OUTPUT, "--time=1:00:00")
    cluster.wait_for_job(job, ("RUNNING",))
    cluster.expire(job)
    assert cluster.wait_for_job(job, ("TIMEOUT",)) == "TIMEOUT"


def test_slurmrestd_answers_whom_slurm_gave_a_token(cluster: Cluster) -> None:
    headers = {"X-SLURM-USER-NAME": "ada", "X-SLURM-USER-TOKEN": cluster.token("ada")}
    request = urllib.request.Request(f"{cluster.rest_url}/slurm/v0.0.38/ping", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - it is http, and ours
        assert json.load(answer)["pings"][0]["ping"] == "UP"


def test_an_installed_mail_program_gets_what_slurmctld_says(cluster: Cluster, tmp_path: Path) -> None:
    box = cluster.shared / "mail"
    box.mkdir()
    box.chmod(0o777)
    program = tmp_path / "keep-mail"
    program.write_text(f'#!/bin/sh\necho "$2|$3|$SLURM_JOB_NAME" > {box}/mail.new && mv {box}/mail.new {box}/mail\n')
    installed = cluster.install_mailprog(program)
    assert cluster.host_path(installed) == installed
    cluster.submit("ada", "#!/bin/sh\n", NO_OUTPUT, "--job-name=letter", "--mail-type=END", "--mail-user=a@b.org")
    eventually((box / "mail").exists)
    subject, receiver, name = (box / "mail").read_text().strip().split("|")
    assert re.fullmatch(r"Slurm Job_id=\d+ Name=letter Ended, Run time 00:00:0\d, COMPLETED, ExitCode 0", subject)
    assert (receiver, name) == ("a@b.org", "letter")


def test_clusters_live_side_by_side_and_down_leaves_no_process_and_no_file(cluster: Cluster) -> None:
    script = "#!/bin/sh\n(setsid sh -c 'sleep 654321; true' &) \nsleep 654321\n"
    with temporary_cluster(nodes=1, extra_conf={"MinJobAge": "10"}) as other:
        assert not cluster.ports.all() & other.ports.all()
        assert "MinJobAge = 10 sec" in re.sub(" +", " ", other.command("scontrol", "show", "config"))
        job = other.submit("ada", script, NO_OUTPUT)
        other.wait_for_job(job, ("RUNNING",))
        eventually(lambda: len(processes_with("sleep 654321")) >= 3)
        eventually(lambda: accounted(other, job, "Cluster,User") == f"{other.name}|ada")
        assert other.name not in cluster.command("sacct", "-nP", "--allusers", "--format=Cluster")
        directory = other.directory
    assert processes_with("sleep 654321") == []
    assert processes_with(str(directory)) == []
    assert not directory.exists()
    assert set(cluster.status().values()) == {"running"}


def test_a_cluster_that_was_down_remembers_its_jobs(cluster: Cluster) -> None:
    job = cluster.submit("ada", "#!/bin/sh\nexit 4\n", NO_OUTPUT)
    cluster.wait_for_job(job, ("FAILED",))
    eventually(lambda: accounted(cluster, job, "State") == "FAILED")
    cluster.down()
    assert set(cluster.status().values()) == {"stopped"}
    cluster.down()
    cluster.up()
    assert accounted(cluster, job, "State,ExitCode") == "FAILED|4:0"
    assert cluster.job_state(job) == "FAILED"


def test_after_a_reboot_old_pids_and_pid_files_mean_nothing(cluster: Cluster, tmp_path: Path) -> None:
    bystander = spawn(["/bin/sleep", "600"], {}, tmp_path / "out")
    try:
        cluster.down()
        record = cluster.directory / "cluster.json"
        told = json.loads(record.read_text())
        # One daemon had, in the boot before, the pid that somebody else has now; another had it in this boot.
        told["daemons"] = {"slurmctld": {"pid": bystander.pid, "started": bystander.started - 1}}
        record.write_text(json.dumps(told))
        (cluster.directory / "run" / "slurmctld.pid").write_text(f"{bystander.pid}\n")
        cluster.kill("slurmctld")
        told["boot"] = "another"
        told["daemons"]["munged"] = {"pid": bystander.pid, "started": bystander.started}
        record.write_text(json.dumps(told))
        cluster.up()
        cluster.down(gently=False)
        assert is_alive(bystander)
        cluster.up()
    finally:
        os.kill(bystander.pid, signal.SIGKILL)
        os.waitpid(bystander.pid, 0)


def test_a_daemon_that_dies_is_shown_with_its_last_words() -> None:
    with (
        pytest.raises(DaemonError, match="sched/nonsense") as caught,
        temporary_cluster(nodes=1, extra_conf={"SchedulerType": "sched/nonsense"}),
    ):
        pass
    assert caught.value.daemon == "slurmctld"


def test_a_test_that_is_killed_leaves_no_cluster_behind(tmp_path: Path) -> None:
    told = tmp_path / "told"
    program = (
        "import os, signal, pathlib\n"
        "from headgate.testing.cluster import temporary_cluster\n"
        "with temporary_cluster(nodes=1) as cluster:\n"
        f"    pathlib.Path({str(told)!r}).write_text(str(cluster.directory))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL
    directory = told.read_text()
    eventually(lambda: not Path(directory).exists() and not processes_with(directory))


def test_the_directory_of_all_clusters_must_be_roots_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ClusterError, match="nobody else may write to"):
        Cluster("other", root=tmp_path).up()


def test_a_process_is_not_mistaken_for_one_with_the_same_pid() -> None:
    assert not is_alive(Process(os.getpid(), 1))
