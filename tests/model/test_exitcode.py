from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.model.exitcode import read_exit_pair, read_wait_status
from headgate.model.job import ExitStatus


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("0", ExitStatus(0)),
        ("768", ExitStatus(3)),
        ("65280", ExitStatus(255)),
        ("9", ExitStatus(0, 9)),
        ("139", ExitStatus(0, 11)),
        ("36608", ExitStatus(143)),
        ("4294967294", None),
        ("4294967295", None),
        ("", None),
        ("-1", None),
        ("3:0", None),
        ("x", None),
    ],
)
def test_wait_status_is_read_as_wait_defines_it(text: str, status: ExitStatus | None) -> None:
    assert read_wait_status(text) == status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("0:0", ExitStatus(0)),
        ("3:0", ExitStatus(3)),
        ("0:15", ExitStatus(0, 15)),
        ("255:0", ExitStatus(255)),
        ("256:0", None),
        ("0:128", None),
        ("3", None),
        ("3:", None),
        (" 3:0", None),
        ("", None),
    ],
)
def test_pair_is_code_and_signal(text: str, status: ExitStatus | None) -> None:
    assert read_exit_pair(text) == status


@given(st.integers(0, 255), st.integers(0, 127))
def test_both_forms_say_the_same(code: int, signal: int) -> None:
    assert read_wait_status(str(code << 8 | signal)) == read_exit_pair(f"{code}:{signal}") == ExitStatus(code, signal)
