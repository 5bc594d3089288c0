"""The settings of a Telegram connector."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.telegram.settings import PUBLIC, TelegramSettings

TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_12345"


def test_a_token_is_enough() -> None:
    settings = TelegramSettings.model_validate({"token": TOKEN})
    assert settings.base_url == PUBLIC
    assert not settings.bot.enabled
    assert TOKEN not in repr(settings)


def test_an_address_may_have_a_path_and_loses_its_slash() -> None:
    settings = TelegramSettings.model_validate({"token": TOKEN, "base_url": "http://bots.example.org:8081/api/"})
    assert settings.base_url == "http://bots.example.org:8081/api"


@pytest.mark.parametrize("token", ["", "AAE", "123:short", f"bot{TOKEN}", f"{TOKEN} ", f"{TOKEN}/x", "x:" + "a" * 35])
def test_what_is_no_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({"token": token})
    assert "should be a bot's token" in str(caught.value)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.telegram.org",
        "ftp://x",
        "https://",
        "https://a:b@x",
        "https://x/?q",
        "https://x/#f",
        "https://x y",
        "https://x:y",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="base_url"):
        TelegramSettings.model_validate({"token": TOKEN, "base_url": url})
