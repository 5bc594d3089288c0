"""Completion: each shell takes its script, and bash's completes nouns, verbs and options."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package import completion

SCRIPTS = {Path(path).parts[2].removesuffix("-completion"): text for path, text in completion.scripts().items()}


def test_there_is_one_for_bash_zsh_and_fish() -> None:
    assert set(SCRIPTS) == {"bash", "zsh", "fish"}
    assert SCRIPTS["zsh"].startswith("#compdef headgate\n")
    assert "complete --no-files --command headgate" in SCRIPTS["fish"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_shell_can_read_its_script(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "script"
    script.write_text(SCRIPTS[shell])
    subprocess.run([shell, "-n", str(script)], check=True, timeout=30)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("headgate mail", {"mailprog"}),
        ("headgate mailprog ", {"install"}),
        ("headgate setup --mail", {"--mail-server"}),
        ("headgate setup --security ", {"none", "starttls", "tls"}),
    ],
)
def test_bash_completes(typed: str, offered: set[str], tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPTS["bash"])
    program = tmp_path / "headgate"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m headgate.cli.main "$@"\n')
    program.chmod(0o755)
    words = typed.split(" ")
    asked = (
        f"source {script}; COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}'); COMP_CWORD={len(words) - 1}; "
        '_headgate_completion headgate; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    env = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    told = subprocess.run(["/bin/bash", "-c", asked], env=env, capture_output=True, text=True, check=True, timeout=60)
    assert set(told.stdout.split()) == offered
