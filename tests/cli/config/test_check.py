"""``headgate config check`` as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def headgate(*words: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.upper().startswith("HEADGATE")}
    command = [sys.executable, "-m", "headgate.cli.main", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_mistakes_are_named_and_the_exit_status_is_one(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[notify]\natempts = 3\nlease = = 3\n")
    done = headgate("-c", str(path), "config", "check")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:2] == [
        f"{path}:2: notify.atempts: unknown key; did you mean attempts?",
        f"{path}:3: is not TOML: invalid value",
    ]
    assert done.stderr == ""


def test_a_good_configuration_is_said_to_be_usable(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[connectors.mailto]\nfrom_address = 'slurm@example.org'\n")
    done = headgate("-c", str(path), "config", "check")
    assert (done.returncode, done.stdout) == (0, f"{path}: can be used\n")


def test_programs_get_json(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[notify]\natempts = 3\n[connectors.mailto]\nfrom_address = 'slurm@example.org'\n")
    done = headgate("-c", str(path), "config", "check", "--json")
    assert json.loads(done.stdout) == [
        {
            "file": str(path),
            "line": 2,
            "key": "notify.atempts",
            "text": "unknown key",
            "likely": "attempts",
            "severity": "error",
        }
    ]
