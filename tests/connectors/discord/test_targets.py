from __future__ import annotations

import pytest

from headgate.connectors.discord.targets import Target, is_id, read_target
from headgate.errors import RecipientError
from headgate.testing.discord.server import CHANNEL, PERSON


def test_a_channel_is_named_by_its_id() -> None:
    assert read_target(CHANNEL) == Target(CHANNEL)


def test_a_person_is_named_by_user_and_their_id() -> None:
    target = read_target(f"user/{PERSON}")
    assert target == Target(PERSON, person=True)
    assert str(target) == f"user/{PERSON}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "general",
        "#general",
        "ada",
        "user/",
        "user/ada",
        f"user/user/{PERSON}",
        f"USER/{PERSON}",
        "123",
        f"0{CHANNEL}",
        f"-{CHANNEL}",
        f"{CHANNEL} ",
        f"{CHANNEL}/messages",
        "9" * 19,
        "1" * 20,
        "\u0661" * 18,
        f"<#{CHANNEL}>",
        f"../{CHANNEL}",
    ],
)
def test_what_no_channel_or_person_is_called_is_refused(text: str) -> None:
    with pytest.raises(RecipientError):
        read_target(text)


@pytest.mark.parametrize("value", [None, 1050000000000000100, ["1050000000000000100"], "1e18"], ids=str)
def test_an_id_is_text_of_digits(value: object) -> None:
    assert not is_id(value)
