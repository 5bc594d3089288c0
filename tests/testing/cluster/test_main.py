from __future__ import annotations

import os
import shlex
import subprocess

import pytest

from headgate.testing.cluster import Cluster
from headgate.testing.cluster.__main__ import env_lines, main

pytestmark = pytest.mark.slurm


def test_status_shows_every_daemon_and_says_when_one_does_not_run(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"--name={cluster.name}"
    assert main(["status", name]) == 0
    assert main([name, "kill", "slurmrestd"]) == 0
    assert main(["status", name]) == 3
    assert "  slurmrestd  stopped  " in capsys.readouterr().out
    assert main(["start", "slurmrestd", name]) == 0
    assert main(["status", name]) == 0


def test_env_puts_the_clusters_commands_into_a_shell(cluster: Cluster) -> None:
    script = f"{env_lines(cluster)}\ncommand -v squeue\nscontrol show config | grep ClusterName"
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": "/a b"})
    assert shown.stdout.splitlines()[0] == str(cluster.bin / "squeue")
    assert shown.stdout.split()[-1] == cluster.name


def test_env_twice_changes_nothing_more(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    once = env_lines(cluster)
    monkeypatch.setenv("PATH", cluster.env()["PATH"])
    assert env_lines(cluster) == once
    assert shlex.quote(os.environ["PATH"]) in once


def test_a_mistake_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kill", "slurmctld", "--name", "no-such-cluster"]) == 1
    assert capsys.readouterr().err.startswith("there is no cluster no-such-cluster in ")
    assert main(["status", "--name", "Bad Name"]) == 1
    assert main(["status", "--name", "no-such-cluster"]) == 3
    assert main(["down", "--name", "no-such-cluster"]) == 0
