from __future__ import annotations

import json
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import headgate

ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="headgate-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def install(*words: str | Path) -> Result:
    return CliRunner().invoke(headgate, ["trigger", "install", "--slurm-user", ME, *map(str, words)])


def test_it_is_in_place_and_says_what_to_write_where(directory: Path) -> None:
    target = directory / "headgate-trigger"
    answer = install("--hints", directory / "h.sock", "--target", target, "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output) == {
        "path": str(target),
        "outcome": "made",
        "mode": "0755",
        "slurm_conf": f"EpilogSlurmctld={target}",
    }
    assert f"SOCKET = {str(directory / 'h.sock')!r}" in target.read_text()
    again = install("--hints", directory / "h.sock", "--target", target)
    assert "as it was" in again.output
    assert f'socket = "{directory / "h.sock"}"' in again.output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--target", "/opt/x/other-name"), "has to be called headgate-trigger"),
        (("--target", "/opt/a b/headgate-trigger"), "holds a blank"),
        (("--python", "/no/such/python"), "no interpreter"),
        (("--hints", "relative.sock"), "absolute path"),
        (("--hints", "/" + "x" * 120), "at most 107 bytes"),
        (("--slurm-user", "no-such-user"), "no user no-such-user"),
    ],
)
def test_what_cannot_be_is_said(directory: Path, words: tuple[str, str], why: str) -> None:
    answer = install("--hints", directory / "s", "--target", directory / "headgate-trigger", *words)
    assert answer.exit_code == 1
    assert why in str(answer.exception)
