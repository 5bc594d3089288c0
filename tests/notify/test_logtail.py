"""The end of a job's output is read as its owner or not at all."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.model.mail import MailRequest, MailScope
from headgate.notify.logtail import MAX_BYTES, output_path, read_log_tail, tail_lines
from tests.notify.jobs import ENDED


def request(path: Path | str, **changes: object) -> MailRequest:
    return replace(ENDED, **{"stdout": str(path), "uid": os.geteuid(), **changes})  # type: ignore[arg-type]


def test_the_last_lines_are_shown(tmp_path: Path) -> None:
    output = tmp_path / "slurm-123.out"
    output.write_text("".join(f"line {number}\n" for number in range(50)))
    tail = read_log_tail(request(output), 3)
    assert tail is not None
    assert (tail.path, tail.lines) == (str(output), ("line 47", "line 48", "line 49"))


def test_a_relative_path_starts_at_the_work_directory(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("done")
    tail = read_log_tail(request("out", work_dir=str(tmp_path)), 3)
    assert tail is not None
    assert tail.lines == ("done",)


def test_another_users_output_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("secret")
    assert read_log_tail(request(tmp_path / "out", uid=os.geteuid() + 1), 3) is None
    assert read_log_tail(request(tmp_path / "out", uid=None), 3) is None


def test_links_pipes_directories_and_devices_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "pipe", tmp_path, "/dev/zero", tmp_path / "missing"):
        assert read_log_tail(request(path), 3) is None


@pytest.mark.parametrize("path", ["", "/dev/null", "/home/ada/%N.out", "a\0b", "x" * 5000, "\udcff"])
def test_a_path_that_cannot_be_meant_is_not_read(path: str) -> None:
    assert read_log_tail(request(path), 3) is None


def test_an_array_as_a_whole_has_no_one_output(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    assert read_log_tail(request(tmp_path / "out", scope=MailScope.ARRAY_SUMMARY), 3) is None


def test_of_a_huge_file_only_the_end_is_read_from_a_whole_line_on(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with output.open("wb") as file:
        file.truncate(10 * MAX_BYTES)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast\n")
    tail = read_log_tail(request(output), 100)
    assert tail is not None
    assert tail.lines == ("last",)


def test_one_endless_line_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"x" * (3 * MAX_BYTES))
    tail = read_log_tail(request(tmp_path / "out"), 5)
    assert tail is not None
    assert [len(line) for line in tail.lines] == [500]


def test_what_steers_a_terminal_is_gone() -> None:
    assert tail_lines(b"\x1b[31mred\x1b[0m\n10%\r20%\n\xff\x00\n\n\n", 5) == ("red", "20%", "\ufffd\ufffd")


def test_an_empty_output_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("\n\n")
    assert read_log_tail(request(tmp_path / "out"), 5) is None
    (tmp_path / "full").write_text("x")
    assert read_log_tail(request(tmp_path / "full"), 0) is None


def test_the_path_is_made_absolute() -> None:
    assert output_path(request("logs/out", work_dir="/home/ada")) == "/home/ada/logs/out"
