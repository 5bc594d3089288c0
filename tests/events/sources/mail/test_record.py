from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RecordError
from headgate.events.sources.mail.headgate_mailprog import record
from headgate.events.sources.mail.record import parse_record

words = st.binary(max_size=30).map(lambda word: word.replace(b"\0", b""))
names = st.from_regex(rb"SLURM_[A-IK-Z_]{1,8}", fullmatch=True)


@given(st.integers(0, 10**17 - 1), st.lists(words), st.dictionaries(names, words))
def test_what_the_hand_off_writes_is_read_back(micros: int, argv: list[bytes], env: dict[bytes, bytes]) -> None:
    read = parse_record(record(micros, argv, env), name="n")
    assert read.id == "n"
    assert read.received == micros / 1e6
    assert read.argv == tuple(word.decode("utf-8", "replace") for word in argv)
    assert read.environment == {name.decode(): value.decode("utf-8", "replace") for name, value in env.items()}


@given(st.lists(words, max_size=5), st.dictionaries(names, words, max_size=5), st.data())
def test_a_record_that_is_cut_off_anywhere_is_refused(
    argv: list[bytes], env: dict[bytes, bytes], data: st.DataObject
) -> None:
    whole = record(1, argv, env)
    with pytest.raises(RecordError):
        parse_record(whole[: data.draw(st.integers(0, len(whole) - 1))], name="n")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, b"headgate-mail 1\0" + data):
        try:
            parse_record(candidate, name="n")
        except RecordError:
            continue


def test_a_record_that_goes_on_after_its_end_is_refused() -> None:
    with pytest.raises(RecordError, match="goes on"):
        parse_record(record(1, [b"mail"], {}) + b"more\0", name="n")


def test_a_record_of_a_later_version_is_refused_by_its_version() -> None:
    with pytest.raises(RecordError, match="version 2"):
        parse_record(record(1, [b"mail"], {}).replace(b"headgate-mail 1", b"headgate-mail 2"), name="n")


def test_what_is_not_utf8_becomes_replacement_characters() -> None:
    read = parse_record(record(1, [b"a\xffb"], {b"SLURM_X": b"\xed\xa0\x80"}), name="n")
    assert read.argv == ("a\ufffdb",)
    read.environment["SLURM_X"].encode("utf-8")


def test_a_variable_given_twice_counts_as_getenv_counts_it() -> None:
    data = b"headgate-mail 1\x001\x000\x002\0SLURM_A=first\0SLURM_A=second\0"
    assert parse_record(data, name="n").environment == {"SLURM_A": "first"}


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"{}", b"headgate-mail 1", b"headgate-mail 1\0", b"headgate-mail 1\x00x\x000\x000\0",
             b"headgate-mail 1\x001\x00999999999999999999999\x000\0", b"headgate-mail 1\x001\x000\x001\0SLURM_A\0",
             b"headgate-mail 1\x001\x00-1\x000\0"],
)  # fmt: skip
def test_damaged_records_are_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        parse_record(data, name="n")
