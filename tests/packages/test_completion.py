"""Completion: bash, zsh and fish themselves complete nouns, verbs, options and values, with the package's scripts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package import completion

SCRIPTS = {Path(path).parts[2].removesuffix("-completion"): path for path in completion.scripts()}
TAB = Path(__file__).with_name("tab.zsh")

cases = pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("headgate mail", {"mailprog"}),
        ("headgate mailprog ", {"install"}),
        ("headgate b", {"backup", "build"}),
        ("headgate setup --mail", {"--mail-server"}),
        ("headgate setup --security ", {"none", "starttls", "tls"}),
    ],
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with the scripts as the package has them, and the program in ``bin``."""
    for path, text in completion.scripts().items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    program = tmp_path / "bin/headgate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m headgate.cli.main "$@"\n')
    program.chmod(0o755)
    return tmp_path


def test_there_is_one_for_bash_zsh_and_fish() -> None:
    assert set(SCRIPTS) == {"bash", "zsh", "fish"}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_shell_can_read_its_script(shell: str, place: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(place / SCRIPTS[shell])], check=True, timeout=60)


@cases
def test_bash_completes(typed: str, offered: set[str], place: Path) -> None:
    words = typed.split(" ")
    asked = (
        f"source {place / SCRIPTS['bash']}; COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}'); "
        f"COMP_CWORD={len(words) - 1}; "
        '_headgate_completion headgate; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert set(_run(place, "bash", "-c", asked).split()) == offered


@cases
def test_zsh_completes_when_tab_is_pressed(typed: str, offered: set[str], place: Path) -> None:
    screen = _run(place, "zsh", "-f", str(TAB), str((place / SCRIPTS["zsh"]).parent), typed)
    line = re.search(r"<line>(.*)</line>", screen)
    assert line is not None
    if len(offered) == 1:
        # The only one there is: zsh has written it, and a space behind it.
        assert line[1] == f"{typed.rpartition(' ')[0]} {''.join(offered)} "
    else:
        assert line[1] == typed
        # A list below the line: one a line with what it is for, or several without.
        shown = re.findall(r"^(\S+) +-- |^((?!headgate)(?:[a-z]+ *){2,})\r?$", screen, re.MULTILINE)
        assert {word for one in shown for word in "".join(one).split()} == offered


@cases
def test_fish_completes(typed: str, offered: set[str], place: Path) -> None:
    told = _run(place, "fish", "-c", 'complete -C "$argv"', typed, XDG_DATA_DIRS=str(place / "usr/share"))
    assert {line.split("\t")[0] for line in told.splitlines()} == offered


def test_what_a_word_is_for_is_said_beside_it(place: Path) -> None:
    said = "Write all that the store holds into a new"
    told = _run(place, "fish", "-c", 'complete -C "$argv"', "headgate back", XDG_DATA_DIRS=str(place / "usr/share"))
    assert told.startswith(f"backup\t{said}")
    screen = _run(place, "zsh", "-f", str(TAB), str((place / SCRIPTS["zsh"]).parent), "headgate b")
    assert re.search(rf"^backup +-- {said}", screen, re.MULTILINE)


def _run(place: Path, shell: str, *words: str, **variables: str) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = f"{place / 'bin'}:/usr/bin:/bin"
    env = {**os.environ, "PATH": path, "HOME": str(place), "XDG_CONFIG_HOME": str(place / "config"), **variables}
    argv = [shell, *words]
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True, timeout=120).stdout
