"""What may be written to."""

from __future__ import annotations

import pytest

from headgate.connectors.telegram.targets import Target, read_target
from headgate.errors import RecipientError


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("123", Target(123)),
        ("-100123", Target(-100123)),
        ("-1001234567890/45", Target(-1001234567890, 45)),
        ("4503599627370495", Target(2**52 - 1)),
        ("@Some_Channel", Target("@some_channel")),
    ],
)
def test_a_target_is_read_and_written(text: str, target: Target) -> None:
    assert read_target(text) == target
    assert read_target(str(target)) == target


NUMBERS = [
    "0",
    "-0",
    "007",
    "1e5",
    "+1",
    " 1",
    "1\n",
    "123/45",
    "-100/0",
    "-1/99999999999",
    "4503599627370496",
    "٣",
    "--1",
]
NAMES = ["ada", "@", "@abc", "@1abc", "@a-bcd", "@" + "a" * 33, "@name/4", "t.me/name"]


@pytest.mark.parametrize("text", [*NUMBERS, *NAMES])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RecipientError, match="no Telegram chat"):
        read_target(text)
