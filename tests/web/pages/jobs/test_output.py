from __future__ import annotations

import os
from pathlib import Path

import pytest

from headgate.executor.interface import FileInfo, LocalFile
from headgate.model.change import Facts
from headgate.store.job_story import Story
from headgate.web.pages.jobs import output
from headgate.web.pages.jobs.about import JobAbout
from headgate.web.pages.jobs.output import Source, last_piece, piece, piece_from, sources_of
from tests.web.pages.jobs_seen import ARRAY, stored

JOB = JobAbout([stored(7, "RUNNING", name="../x")], Story([], {}), [])
TASK = JobAbout([stored(8, "RUNNING", array=ARRAY, label=f"{ARRAY}_3")], Story([], {}), [])
REST = JobAbout([stored(ARRAY, "PENDING", array=ARRAY, label=f"{ARRAY}_*")], Story([], {}), [])


def opened(path: Path) -> LocalFile:
    info = FileInfo(name="x", named=True, kind="file", size=0, mode=0, uid=0, gid=0, modified_ns=0, inode=0)
    return LocalFile(os.open(path, os.O_RDONLY), info)


@pytest.mark.parametrize(
    ("about", "record", "expected"),
    [
        (JOB, {"std_out": "/home/uma/%j.log"}, "/home/uma/7.log"),
        (JOB, {"std_out": "logs/%x.log"}, "/home/uma/slurm-7.out"),
        (JOB, {"std_out": "/dev/null"}, "/home/uma/slurm-7.out"),
        (JOB, {"std_out": "/x/%N.log"}, "/home/uma/slurm-7.out"),
        (JOB, {"std_out": "/x/../../etc/shadow"}, "/home/uma/slurm-7.out"),
        (JOB, None, "/home/uma/slurm-7.out"),
        (TASK, {"std_out": "%A/%a.log"}, f"/home/uma/{ARRAY}/3.log"),
        (TASK, None, f"/home/uma/slurm-{ARRAY}_3.out"),
        (REST, {"std_out": "%A/%a.log"}, None),
    ],
)
def test_where_an_output_lies(about: JobAbout, record: Facts | None, expected: str | None) -> None:
    found = sources_of(about, "out", record, "/home/uma")
    assert [one.path for one in found] == (
        [expected] if expected else ["/home/uma/slurm-7.out"] if about is JOB else []
    )


def test_errors_have_no_default_file() -> None:
    assert sources_of(JOB, "err", None, "/home/uma") == []
    assert sources_of(JOB, "err", {"std_err": "/home/uma/e"}, "/home/uma") == [Source("/home/uma/e")]


def test_whole_lines_are_shown_as_a_terminal_would_have_left_them() -> None:
    found = piece(b"\x1b[31mred\x1b[0m\n10 %\r50 %\r100 %\n\xff\x00<b>\nhalf", 10, 100)
    assert list(found.lines) == ["red", "100 %", "\ufffd\ufffd<b>"]
    assert (found.rest, found.start, found.next) == ("half", 10, 10 + 35)


def test_a_line_that_does_not_end_is_shown_in_parts() -> None:
    found = piece(b"x" * output.MOST, 0, 10 * output.MOST)
    assert (len(found.lines), found.rest, found.next) == (1, "", output.MOST)


async def test_the_end_of_a_large_file_begins_with_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"".join(b"line %06d\n" % number for number in range(20_000)))
    async with opened(path) as file:
        found = await last_piece(file)
        assert found.lines[0].startswith("line ")
        assert found.lines[-1] == "line 019999"
        assert (
            found.start + sum(len(line) + 1 for line in found.lines) == found.next == found.size == path.stat().st_size
        )
        path.write_bytes(path.read_bytes() + b"more\nand")
        after = await piece_from(file, found.next)
        assert (list(after.lines), after.rest, after.next) == (["more"], "and", found.next + 5)


async def test_a_file_that_was_begun_anew_is_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"new\n")
    async with opened(path) as file:
        found = await piece_from(file, 5000)
    assert (list(found.lines), found.start, found.next) == (["new"], 0, 4)
