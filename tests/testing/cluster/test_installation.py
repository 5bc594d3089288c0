from __future__ import annotations

import os
import subprocess
from pathlib import Path

from headgate.testing.cluster.installation import HOST, Installation


def tree(root: Path) -> Path:
    libraries = root / "usr/lib/x86_64-linux-gnu"
    (libraries / "slurm-wlm").mkdir(parents=True)
    (libraries / "ld-linux-x86-64.so.2").touch()
    (root / "lib").symlink_to("usr/lib")
    return root


def test_the_hosts_own_commands_are_run_as_they_are() -> None:
    assert HOST.client("squeue") == ["/usr/bin/squeue"]
    assert HOST.daemon("slurmd", "-D") == ["/usr/sbin/slurmd", "-D"]
    assert HOST.plugins() is None
    assert HOST.host_path(Path("/etc/passwd")) == Path("/etc/passwd")


def test_a_trees_commands_are_run_with_the_trees_own_loader_and_libraries(tmp_path: Path) -> None:
    libraries = tree(tmp_path) / "usr/lib/x86_64-linux-gnu"
    loader, option, path, program = Installation("24.11", tmp_path).client("squeue")
    assert (loader, option) == (str(libraries / "ld-linux-x86-64.so.2"), "--library-path")
    assert path.split(":")[0] == str(libraries / "slurm-wlm")
    assert program == str(tmp_path / "usr/bin/squeue")


def test_a_trees_daemons_are_entered_first_and_then_change_their_account(tmp_path: Path) -> None:
    argv = Installation("24.11", tree(tmp_path), enter=("enter", "--")).daemon("slurmrestd", "x", user="nobody")
    assert argv[:3] == ["enter", "--", "/usr/bin/setpriv"]
    assert argv[-2:] == ["/usr/sbin/slurmrestd", "x"]


def test_only_shared_paths_are_the_same_on_the_host(tmp_path: Path) -> None:
    other = Installation("24.11", tmp_path, shared=(Path("/shared"),))
    assert other.host_path(Path("/shared/x/y")) == Path("/shared/x/y")
    assert other.host_path(Path("/etc/passwd")) == tmp_path / "etc/passwd"


def test_a_wrapper_names_the_cluster_and_passes_arguments_as_they_are(tmp_path: Path) -> None:
    program = tmp_path / "a tree" / "usr/bin/squeue"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s|" "$SLURM_CONF" "$@"\n')
    program.chmod(0o755)
    wrapper = tmp_path / "squeue"

    class Plain(Installation):
        def client(self, program: str) -> list[str]:
            return [str(self.tree / "usr/bin" / program)]

    wrapper.write_text(Plain("x", tmp_path / "a tree").wrapper("squeue", tmp_path / "it's" / "slurm.conf"))
    wrapper.chmod(0o755)
    shown = subprocess.run(
        [wrapper, "a b", "$x", "*"], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert shown.stdout == f"{tmp_path}/it's/slurm.conf|a b|$x|*|"
