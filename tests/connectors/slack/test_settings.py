from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.slack.settings import SlackSettings
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN


def test_a_token_is_enough() -> None:
    settings = SlackSettings.model_validate({"token": BOT_TOKEN})
    assert settings.base_url == "https://slack.com/api"
    assert not settings.bot.enabled


def test_a_slash_at_the_end_of_the_root_makes_no_difference() -> None:
    settings = SlackSettings.model_validate({"token": BOT_TOKEN, "base_url": "https://slack-gov.com/api/"})
    assert settings.base_url == "https://slack-gov.com/api"


def test_the_bot_needs_its_own_token() -> None:
    with pytest.raises(ValidationError, match="app_token"):
        SlackSettings.model_validate({"token": BOT_TOKEN, "bot": {"enabled": True}})
    SlackSettings.model_validate({"token": BOT_TOKEN, "bot": {"enabled": True, "app_token": APP_TOKEN}})


@pytest.mark.parametrize(
    "token",
    [
        "xoxp-1-2-userstoken",
        APP_TOKEN,
        "xoxb-",
        "xoxb-a b c d e f g",
        "xoxb-\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
    ],
)
def test_another_kind_of_token_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SlackSettings.model_validate({"token": token})
    assert token not in str(caught.value) or token == "xoxb-"


def test_a_bot_token_is_no_app_token() -> None:
    with pytest.raises(ValidationError, match="xapp-"):
        SlackSettings.model_validate({"token": BOT_TOKEN, "bot": {"app_token": BOT_TOKEN}})


@pytest.mark.parametrize(
    "url", ["slack.com/api", "ftp://x/", "https://a:b@x/", "https://x/?q=1", "https://x/ y", "https://"]
)
def test_a_root_that_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        SlackSettings.model_validate({"token": BOT_TOKEN, "base_url": url})
