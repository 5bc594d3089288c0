from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.mattermost.settings import MattermostSettings

TOKEN = "token-of-26-characters-or-so"


def test_an_address_and_a_token_are_enough() -> None:
    settings = MattermostSettings.model_validate({"url": "https://chat.example.org/", "token": TOKEN})
    assert settings.url == "https://chat.example.org"
    assert settings.max_length == 16383
    assert not settings.picture
    assert TOKEN not in repr(settings)


def test_a_server_may_live_under_a_path() -> None:
    settings = MattermostSettings.model_validate({"url": "https://example.org/chat", "token": TOKEN})
    assert settings.url == "https://example.org/chat"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "chat.example.org",
        "ftp://chat.example.org",
        "https://",
        "https://u:p@chat.example.org",
        "https://chat.example.org/?x=1",
        "https://chat.example.org/api/v4",
        "https://chat.example.org:0",
        "https://chat.example.org:x",
        "https://chat example.org",
    ],
)
def test_what_is_no_servers_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        MattermostSettings.model_validate({"url": url, "token": TOKEN})


@pytest.mark.parametrize("token", ["", "short", "umläut-token", "line\nbreak-token"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(ValidationError):
        MattermostSettings.model_validate({"url": "https://chat.example.org", "token": token})


@pytest.mark.parametrize("length", [0, 999, 16384])
def test_a_post_has_a_sane_length(length: int) -> None:
    with pytest.raises(ValidationError):
        MattermostSettings.model_validate({"url": "https://chat.example.org", "token": TOKEN, "max_length": length})
