from __future__ import annotations

import time
from pathlib import Path

import pytest

from headgate.testing.chroot import RELEASES, installation
from headgate.testing.cluster import ClusterError, temporary_cluster


def test_a_version_that_no_release_brings_is_refused_with_those_there_are() -> None:
    with pytest.raises(ClusterError, match=r"no Debian release brings Slurm 23\.02: there are 20\.11, 24\.11, 26\.05"):
        installation("23.02")


@pytest.mark.slurm
@pytest.mark.slow
@pytest.mark.parametrize("version", RELEASES)
def test_a_cluster_of_another_version_runs_jobs_and_mail_programs_inside_its_tree(version: str, tmp_path: Path) -> None:
    mounts = Path("/proc/self/mounts").read_text()
    program = tmp_path / "keep-mail"
    with temporary_cluster(slurm=version, nodes=2) as cluster:
        assert cluster.command("squeue", "--version").startswith(f"slurm-wlm {version}.")
        box = cluster.shared / "mail"
        box.mkdir()
        box.chmod(0o777)
        program.write_text(
            "#!/usr/bin/python3\nimport os, sys\n"
            f"open({str(box / 'new')!r}, 'w').write('%d.%d|%s' % (*sys.version_info[:2], sys.argv[2]))\n"
            f"os.rename({str(box / 'new')!r}, {str(box / 'mail')!r})\n"
        )
        assert cluster.host_path(cluster.install_mailprog(program)).exists()
        script = f"#!/bin/sh\ncat /etc/os-release >{box}/release\nsrun hostname\nexit 5\n"
        job = cluster.submit("ada", script, "--output=/dev/null", "--mail-type=END", "--mail-user=ada")
        assert cluster.wait_for_job(job, ("COMPLETED", "FAILED")) == "FAILED"
        deadline = time.monotonic() + 60
        while not (box / "mail").exists() or "FAILED" not in cluster.command("sacct", "-nPX", "--format=State"):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        python, subject = (box / "mail").read_text().split("|")
        assert f"python{python}" == (cluster.installation.tree / "usr/bin/python3").readlink().name
        assert subject.startswith(f"Slurm Job_id={job} Name=sbatch Ended, Run time 00:00:0")
        assert subject.endswith(", FAILED, ExitCode 5")
        assert RELEASES[version].suite in (box / "release").read_text()
        assert cluster.command("sacct", "-nPX", "--format=User,Account,ExitCode").strip() == "ada|physics|5:0"
        seen = cluster.run_as("ben", ["squeue", "--noheader", "--states=all", "--format=%u"])
        assert seen.stdout == "ada\n"
    assert Path("/proc/self/mounts").read_text() == mounts
