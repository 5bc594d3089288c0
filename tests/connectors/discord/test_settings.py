from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.discord.settings import DiscordSettings
from headgate.testing.discord.server import TOKEN


def settings(**changes: object) -> DiscordSettings:
    """Return settings with a token."""
    return DiscordSettings.model_validate({"token": TOKEN} | changes)


def test_a_token_is_all_that_is_needed() -> None:
    made = settings()
    assert made.url == "https://discord.com/api"
    assert not made.bot.enabled
    assert not made.message_content


@pytest.mark.parametrize(
    "wrong",
    [
        {"token": "short"},
        {"token": f"Bot {TOKEN}"},
        {"token": f"{TOKEN}\n"},
        {"url": "discord.com/api"},
        {"url": "ftp://discord.com/api"},
        {"url": "https://"},
        {"url": "https://user:pass@example.org"},
        {"url": "https://discord.com/api/v10"},
        {"url": "https://discord.com/api/?x=y"},
        {"url": "https://discord.com:99999/api"},
        {"proxy": "proxy.example.org:3128"},
        {"tokn": TOKEN},
    ],
    ids=str,
)
def test_a_mistake_is_refused_and_what_was_written_is_not_repeated(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)
    assert TOKEN not in str(caught.value)
    assert "user:pass" not in str(caught.value)


def test_token_and_proxy_are_never_shown() -> None:
    made = settings(proxy="http://ada:secret-word@proxy.example.org:3128")
    told = f"{made!r} {made.model_dump()} {made.model_dump_json()}"
    assert TOKEN not in told
    assert "secret-word" not in told


def test_a_slash_at_the_end_of_the_address_is_forgiven() -> None:
    assert settings(url="http://localhost:8080/api/").url == "http://localhost:8080/api"
