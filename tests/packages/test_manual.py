"""The manual pages: one a noun, complete, and without anything that man complains of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest

from headgate.cli.main import _COMMANDS
from scripts.package import manual
from scripts.reference.commands import walk

MOMENT = 1_790_000_000


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return manual.pages(MOMENT)


def test_there_is_a_page_for_the_program_and_each_noun(pages: dict[str, str]) -> None:
    assert set(pages) == {"headgate.1", *(f"headgate-{noun}.1" for noun in _COMMANDS)}


def test_every_command_and_option_is_on_a_page(pages: dict[str, str]) -> None:
    for context in walk():
        words = context.command_path.split()
        page = pages["-".join(words[:2]) + ".1"].replace("\\-", "-")
        assert context.command_path in page
        options = [param for param in context.command.params if isinstance(param, click.Option)]
        for option in [name for param in options for name in param.opts] if len(words) < 4 else ():
            assert option in page, f"{context.command_path} {option}"


def test_what_is_text_cannot_become_a_request() -> None:
    assert manual._text(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert manual._text("'tis \\n[x]") == "\\(aqtis \\en[x]"


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_every_page_without_a_complaint(pages: dict[str, str], tmp_path: Path) -> None:
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    files = sorted(map(str, tmp_path.iterdir()))
    shown = subprocess.run(
        ["man", "--warnings=all", "--encoding=UTF-8", "--local-file", *files],  # noqa: S607 - wherever it is
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANPAGER": "cat", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert shown.stderr == ""
    assert "headgate job submit" in shown.stdout


@pytest.mark.skipif(shutil.which("lexgrog") is None, reason="man-db is not installed")
def test_whatis_finds_a_name_and_a_line_on_every_page(pages: dict[str, str], tmp_path: Path) -> None:
    for name, text in pages.items():
        (tmp_path / name).write_text(text)
    files = sorted(map(str, tmp_path.iterdir()))
    found = subprocess.run(["lexgrog", *files], capture_output=True, text=True, check=True, timeout=60)  # noqa: S607
    assert len([line for line in found.stdout.splitlines() if " - " in line]) == len(pages)
