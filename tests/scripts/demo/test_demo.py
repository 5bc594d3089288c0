from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.testing.cluster import Cluster
from headgate.testing.cluster.process import belonging_to, is_alive
from scripts.demo import third_act
from scripts.demo.got import SERVICES
from scripts.demo.hub import ARTEFACT
from scripts.demo.place import Place
from scripts.demo.play import IN_EVERY_CHAT, JOBS, LINKED

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Demo:
    """A demonstration with a cluster and a directory of its own."""

    place: Place
    cluster: Cluster

    def argv(self, *options: str) -> list[str]:
        name, directory = self.place.name, self.place.directory
        return [sys.executable, "-m", "scripts.demo", f"--name={name}", f"--directory={directory}", *options]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.argv(*options), cwd=PROJECT, capture_output=True, text=True, check=False)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def runs(self) -> bool:
        left = belonging_to(self.cluster.directory, self.cluster.slurm_conf, ())
        return bool(left) or any(is_alive(process) for process in self.place.processes().values())


@pytest.fixture
def demo() -> Iterator[Demo]:
    # Not tmp_path: the service's account and slurmctld's have to get there.
    directory = Path(tempfile.mkdtemp(prefix="headgate-demo-test-", dir="/var/tmp"))
    directory.chmod(0o755)
    name = f"demo-test-{os.getpid()}"
    made = Demo(Place(name, directory), Cluster(name))
    yield made
    for process in made.place.processes():
        made.place.stop(process)
    made.cluster.remove()
    shutil.rmtree(directory)


@pytest.mark.slurm
@pytest.mark.slow
@pytest.mark.timeout(420)
def test_everybody_gets_their_mails_and_stopping_leaves_nothing_running(demo: Demo) -> None:
    played = demo.run()
    assert played.returncode == 0, played.stdout + played.stderr
    count = sum(len(job.outcomes) for job in JOBS)
    told = len(IN_EVERY_CHAT.outcomes)
    messages = told * len(SERVICES) + len(LINKED.outcomes)
    assert f"All {count} mails came, and {messages} messages in chats" in played.stdout
    assert len(list(demo.place.mails.glob("*.eml"))) == count + told
    assert len(list(demo.place.pages.glob("*.png"))) == len(SERVICES) + 1
    assert demo.runs()
    processes = demo.place.processes()
    assert set(processes) == {"mail-server", "chats", "headgate", "executor"}
    assert third_act.expected() in "".join(f"{line.removeprefix('  ')}\n" for line in played.stdout.splitlines())
    assert "|transfer of `hello-1795000000.tar.gz` to directory succeeded|" in played.stdout
    assert [path.name for path in demo.place.deployed.rglob("*.tar.gz")] == [ARTEFACT]
    stopped = demo.run("--stop")
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr
    assert not demo.runs()
    assert not any(is_alive(process) for process in processes.values())


@pytest.mark.slurm
@pytest.mark.slow
def test_an_interrupted_demonstration_says_how_to_end_it_and_can_be_ended(demo: Demo) -> None:
    with demo.start() as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "sbatch" in line:
                break
        playing.send_signal(signal.SIGINT)
        _, errors = playing.communicate()
    assert playing.returncode == 130
    assert f"./dev demo --stop --name {demo.place.name}" in errors
    assert demo.runs()
    assert demo.run("--stop").returncode == 0
    assert not demo.runs()


@pytest.mark.slurm
@pytest.mark.slow
def test_a_service_that_ends_by_itself_is_told_with_the_end_of_its_log(demo: Demo) -> None:
    with demo.start() as playing:
        assert playing.stdout is not None
        for line in playing.stdout:
            if "sbatch" in line:
                break
        assert demo.place.stop("headgate")
        _, errors = playing.communicate()
    assert playing.returncode == 1
    assert "headgate has ended by itself." in errors
    assert "service.stopping" in errors
