from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from headgate.errors import SpoolError
from headgate.events.sources.mail.placing import Directory, Program, place

UID, GID = os.geteuid(), os.getegid()


def test_missing_parents_are_made_for_all_to_pass_whatever_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o077)
    try:
        place(Directory(tmp_path / "a" / "b" / "spool", UID, GID, 0o2770))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "a" / "b" / "spool").stat().st_mode) == 0o2770


def test_a_parent_open_to_anybody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    for step in (Directory(tmp_path / "open" / "x", UID, GID, 0o770), Program(tmp_path / "open" / "x", b"", 0o755)):
        with pytest.raises(SpoolError, match="anybody may write"):
            place(step)
    assert list((tmp_path / "open").iterdir()) == []


def test_links_in_the_place_of_either_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(SpoolError, match="not a directory"):
        place(Directory(tmp_path / "link", UID, GID, 0o2770))
    with pytest.raises(SpoolError, match="not a file"):
        place(Program(tmp_path / "link", b"", 0o755))


def test_a_directory_in_the_place_of_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="not a file"):
        place(Program(tmp_path, b"", 0o755))


def test_a_program_is_replaced_at_once_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    place(Program(program, b"first", 0o755))
    with program.open("rb") as running:
        assert place(Program(program, b"second", 0o755)).outcome == "changed"
        assert running.read() == b"first"
    assert program.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["program"]


def test_what_is_there_is_told_as_ls_would(tmp_path: Path) -> None:
    placed = place(Program(tmp_path / "program", b"", 0o755))
    assert str(placed).startswith("-rwxr-xr-x ")
    assert str(placed).endswith(f"{tmp_path}/program (made)")
