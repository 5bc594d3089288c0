"""What the Debian package consists of, as far as it can be seen without building it."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from headgate.events.sources.mail.install import DEFAULT_TARGET
from scripts.package import contents, debian
from scripts.package.releases import RELEASES

VALUES = {"version": "1.2", "architecture": "amd64", "python": "3.11", "python_next": "3.12", "size": "1"}


def _files() -> dict[str, contents.File]:
    return {file.path: file for file in contents.files(0)}


def test_nothing_is_a_configuration_file_so_dpkg_asks_nothing() -> None:
    assert not [path for path in _files() if path.startswith("etc/")]


def test_programs_can_be_run_and_nothing_else() -> None:
    assert {f"/{path}" for path, file in _files().items() if file.mode & 0o111} == {str(DEFAULT_TARGET)}


def test_the_units_wait_for_what_setup_writes() -> None:
    files = _files()
    service = files["usr/lib/systemd/system/headgate.service"].content.decode()
    assert "ExecStart=/usr/bin/headgate serve\n" in service
    assert service.index("ConditionPathExists=/etc/headgate/headgate.toml") < service.index("[Service]")
    socket = files["usr/lib/systemd/system/headgate-executor.socket"].content.decode()
    assert socket.index("ConditionPathExists=/etc/headgate/executor.ini") < socket.index("[Socket]")


def test_versions_are_in_debians_order() -> None:
    bookworm, trixie = RELEASES.values()
    ours = ["0.1.0.dev0", "0.1.0.dev2", "0.1.0a1", "0.1.0rc1", "0.1.0", "0.1.1.dev0", "0.2.0"]
    versions = [debian.version(bookworm, one) for one in ours] + [debian.version(trixie, ours[-1])]
    for lower, higher in itertools.pairwise(versions):
        subprocess.run(["/usr/bin/dpkg", "--compare-versions", lower, "lt", higher], check=True)


@pytest.mark.parametrize("name", contents.SCRIPTS)
def test_a_maintainer_script_is_a_shell_script(name: str, tmp_path: Path) -> None:
    script = next(file for file in contents.control(VALUES) if file.path == name)
    path = tmp_path / name
    path.write_bytes(script.content)
    subprocess.run(["/bin/sh", "-n", str(path)], check=True)
    assert script.content.startswith(b"#!/bin/sh\nset -e\n")
    assert b"@VERSION@" not in script.content
