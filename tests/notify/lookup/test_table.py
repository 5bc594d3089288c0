from __future__ import annotations

import os
from pathlib import Path

import pytest

from headgate.notify.lookup.found import Answer, Failed, Found, NotFound
from headgate.notify.lookup.table import MAX_OCTETS, Table


async def find(table: Table, name: str = "ada") -> Answer:
    return (await table.find([name]))[name]


async def test_the_configurations_table_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_text("ada from-file\nbob from-file\n")
    table = Table({"ada": "inline"}, file)
    assert await table.find(["ada", "bob", "eve"]) == {
        "ada": Found("inline", "table"),
        "bob": Found("from-file", "table"),
        "eve": NotFound(),
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# people\n\nada U123\n", "table"),
        ("ada,U123", "table.csv"),
        ("  ada ,\tU123\r\n", "table.csv"),
        ("ada\tU123\nada U123\n", "table"),
        ('ada = "U123"\n', "table.toml"),
    ],
    ids=["blank", "comma", "untidy", "said twice", "toml"],
)
async def test_a_file_may_be_written_in_three_ways(tmp_path: Path, text: str, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(text.encode())
    assert await find(Table({}, file)) == Found("U123", "table")


async def test_a_target_may_hold_blanks_and_commas(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_text("ada Ada L, Room 1\n")
    assert await find(Table({}, file)) == Found("Ada L, Room 1", "table")


async def test_a_number_in_toml_is_a_target(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text("ada = 4711\n")
    assert await find(Table({}, file)) == Found("4711", "table")


async def test_a_file_is_read_again_when_it_was_written_or_replaced(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_text("ada one\n")
    table = Table({}, file)
    assert await find(table) == Found("one", "table")
    file.write_text("ada two\n")
    os.utime(file, ns=(1, 1))
    assert await find(table) == Found("two", "table")
    other = tmp_path / "other"
    other.write_text("ada six\n")
    os.utime(other, ns=(1, 1))
    other.replace(file)
    assert await find(table) == Found("six", "table")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"ada\n", "line 1"),
        (b"ada U1\nRoot x\n", "line 2"),
        (b"ada U1\n-o x\n", "line 2"),
        (b"ada U1\nada U2\n", "again"),
        (b"ada \xff\n", "UTF-8"),
        (b"x" * (MAX_OCTETS + 1), "larger"),
    ],
    ids=["no target", "no account", "option", "two targets", "bytes", "large"],
)
async def test_a_file_that_cannot_be_read_is_a_failure_and_not_an_unknown_user(
    tmp_path: Path, text: bytes, why: str
) -> None:
    file = tmp_path / "table"
    file.write_bytes(text)
    table = Table({}, file)
    answer = await find(table)
    assert isinstance(answer, Failed)
    assert why in answer.detail
    assert answer.transient
    file.write_text("ada U123\n")
    assert await find(table) == Found("U123", "table")


@pytest.mark.parametrize("text", ["ada = ", "ada = {", "[" * 5000])
async def test_what_is_not_toml_is_a_failure(tmp_path: Path, text: str) -> None:
    file = tmp_path / "table.toml"
    file.write_text(text)
    assert isinstance(await find(Table({}, file)), Failed)


async def test_a_file_that_is_not_there_or_no_file_is_a_failure(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path / "missing", tmp_path, pipe):
        answer = await find(Table({}, path))
        assert isinstance(answer, Failed)
        assert answer.transient


async def test_a_target_of_control_characters_is_refused_for_that_user_only(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('ada = "a\\u0007b"\nbob = ["x"]\neve = "U1"\n')
    answers = await Table({}, file).find(["ada", "bob", "eve"])
    assert isinstance(answers["ada"], Failed)
    assert isinstance(answers["bob"], Failed)
    assert answers["eve"] == Found("U1", "table")
