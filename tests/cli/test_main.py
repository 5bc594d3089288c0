"""The command line as a whole, as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate import __version__
from headgate.cli.main import _COMMANDS, headgate


def process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith("HEADGATE")} | environment
    command = [sys.executable, "-m", "headgate.cli.main", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_every_command_is_there_and_says_what_it_does() -> None:
    shown = CliRunner().invoke(headgate, ["--help"]).output
    for name, (_, help_) in _COMMANDS.items():
        result = CliRunner().invoke(headgate, [name, "--help"])
        assert result.exit_code == 0
        assert name in shown
        assert help_ in " ".join(shown.split())
        assert "Usage: headgate" in result.output.replace("root", "headgate", 1)


def test_every_list_and_show_answers_in_json() -> None:
    checked = []
    for name in _COMMANDS:
        command = headgate.get_command(None, name)  # type: ignore[arg-type]
        for verb, one in getattr(command, "commands", {}).items():
            if verb in ("list", "show", "follow"):
                assert "--json" in {option for parameter in one.params for option in parameter.opts}, (name, verb)
                checked.append((name, verb))
    assert {("event", "list"), ("delivery", "show"), ("spool", "list"), ("config", "show")} <= set(checked)


def test_it_knows_its_version() -> None:
    assert process("--version").stdout == f"headgate, version {__version__}\n"


def test_help_imports_no_commands_and_no_database() -> None:
    code = (
        "import sys\nfrom headgate.cli.main import headgate\n"
        "headgate(['--help'], standalone_mode=False)\n"
        "print(sorted(name for name in ('sqlalchemy', 'fastapi', 'psycopg', 'alembic') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_command_that_is_not_there_is_refused() -> None:
    done = process("evnet", "list")
    assert done.returncode == 2
    assert "No such command 'evnet'" in done.stderr


def test_our_errors_are_one_line_and_status_one(tmp_path: Path) -> None:
    done = process("-c", str(tmp_path / "missing.toml"), "event", "list")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("headgate: ")
    assert "missing.toml" in line


def test_the_environment_may_name_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(f"[store]\nurl = 'sqlite:///{tmp_path}/headgate.db'\n")
    assert process("store", "migrate", HEADGATE_CONFIG=str(path)).returncode == 0
    assert (tmp_path / "headgate.db").exists()


@pytest.mark.parametrize("words", [["event", "list"], ["delivery", "list", "--json"]])
def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "headgate.toml"
    path.write_text(f"[store]\nurl = 'sqlite:///{tmp_path}/headgate.db'\n")
    assert process("-c", str(path), "store", "migrate").returncode == 0
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "headgate.cli.main", "-c", str(path), *words],
            stdout=nobody, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert "Traceback" not in done.stderr
