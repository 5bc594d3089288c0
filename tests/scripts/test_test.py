"""``./dev test``: what becomes of tests that failed beside others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.test import UNSTEADY_MOST, again_alone

ONCE = """
from pathlib import Path

def test_unsteady():
    mark = Path("mark")
    seen = mark.exists()
    mark.touch()
    assert seen
"""
ALWAYS = "\ndef test_wrong():\n    assert False\n"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Be in an empty project; return the command that tests it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return [sys.executable, "-m", "pytest", "-q"]


def failed_once(command: list[str], content: str) -> int:
    Path("test_it.py").write_text(content)
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


def test_a_test_that_passes_alone_passes_and_is_named(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert failed_once(command, ONCE) == 1
    assert again_alone(command) == 0
    said = capfd.readouterr().out
    assert "UNSTEADY" in said
    assert "  test_it.py::test_unsteady" in said


def test_a_test_that_fails_twice_fails(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert failed_once(command, ONCE + ALWAYS) == 1
    assert again_alone(command) == 1
    assert "UNSTEADY" not in capfd.readouterr().out


def test_many_failures_are_no_accident(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    names = "".join(
        f"\ndef test_{number}():\n    assert Path('mark').exists()\n" for number in range(UNSTEADY_MOST + 1)
    )
    assert failed_once(command, "from pathlib import Path\n" + names) == 1
    Path("mark").touch()
    assert again_alone(command) == 1
    assert "passed" not in capfd.readouterr().out


def test_what_failed_in_no_test_is_not_tried_again(command: list[str]) -> None:
    assert again_alone(command) == 1
