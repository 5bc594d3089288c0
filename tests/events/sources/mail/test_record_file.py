from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from headgate.errors import RecordError
from headgate.events.sources.mail.record_file import (
    MAX_BYTES,
    fresh_name,
    is_record_name,
    name_of_part,
    read_file,
    time_of_name,
)
from tests.events.sources.mail.conftest import HandOff

NAME = "01700000000000000-4711-0123abcd.mail"


def test_the_names_the_hand_off_gives_are_known(hand_off: HandOff) -> None:
    hand_off.call("-s", "x", "a")
    (given,) = hand_off.names()
    assert is_record_name(given)
    assert is_record_name(fresh_name())
    assert re.sub(r"[0-9a-f]+", "#", given) == re.sub(r"[0-9a-f]+", "#", fresh_name())


@pytest.mark.parametrize(
    "name", ["", "x", f".{NAME}", f"{NAME}.why", f"a/{NAME}", f"{NAME}\n", NAME.upper(), "\u0661" + NAME[1:]]
)
def test_other_names_are_not(name: str) -> None:
    assert not is_record_name(name)
    assert time_of_name(name) is None


def test_a_name_tells_its_time() -> None:
    assert time_of_name(NAME) == 1_700_000_000.0


def test_an_unfinished_file_tells_what_it_would_be_called() -> None:
    assert name_of_part(f".{NAME}.part") == NAME
    assert [name_of_part(other) for other in (NAME, f".{NAME}", ".x.part", f".{NAME}.part.part")] == [None] * 4


def test_a_file_as_large_as_a_record_can_be_is_read_and_no_larger_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * MAX_BYTES)
    assert len(read_file(file)) == MAX_BYTES
    with file.open("ab") as grown:
        grown.write(b"x")
    with pytest.raises(RecordError, match="larger than"):
        read_file(file)


def test_links_directories_and_pipes_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "directory", "pipe"):
        with pytest.raises(RecordError):
            read_file(tmp_path / name)


def test_a_file_that_is_gone_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "gone")


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    before = open_descriptors()
    for _ in range(20):
        read_file(tmp_path / "file")
        with pytest.raises(RecordError):
            read_file(tmp_path / "directory")
    assert open_descriptors() == before
