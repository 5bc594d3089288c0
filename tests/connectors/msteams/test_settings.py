"""Which settings are taken, and what is said about those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headgate.connectors.msteams.settings import TeamsSettings

GOOD = (
    "https://0a1b2c.3d.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/4f1c/triggers/"
    "manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefgh12345678"
)


def mistake(**settings: Any) -> str:
    """Return what is said about settings that are not taken."""
    with pytest.raises(ValidationError) as caught:
        TeamsSettings(**settings)
    return " ".join(error["msg"] for error in caught.value.errors())


def test_a_channel_is_enough() -> None:
    settings = TeamsSettings(urls={"ops": GOOD})
    assert settings.rate == 3.0
    assert settings.moved() == []


def test_a_flow_is_enough() -> None:
    assert TeamsSettings(flow_url=GOOD, domain="Example.org", allow=("*@example.org",)).domain == "example.org"


def test_neither_is_not() -> None:
    assert "`urls`" in mistake()


@pytest.mark.parametrize(
    "host",
    [
        "contoso.webhook.office.com",
        "webhook.office.com",
        "outlook.office.com",
        "OUTLOOK.office365.com",
        "x.webhook.office365.com",
    ],
)
def test_an_office_365_connector_is_refused_with_the_reason_and_what_to_do(host: str) -> None:
    for settings in (
        {"urls": {"ops": f"https://{host}/webhook/a@b/IncomingWebhook/c"}},
        {"flow_url": f"https://{host}/x"},
    ):
        said = mistake(**settings)
        assert "switched those off" in said
        assert "Workflows" in said


def test_an_address_where_power_automate_was_is_taken_since_logic_apps_are_there() -> None:
    old = "https://prod-05.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=abcdefgh"
    assert TeamsSettings(urls={"ops": old, "new": GOOD}, flow_url=old).moved() == ["urls.ops", "flow_url"]


def test_an_address_without_its_key_is_refused() -> None:
    assert "sig=" in mistake(urls={"ops": GOOD.partition("&sig=")[0]})


def test_a_site_s_own_relay_needs_no_such_key() -> None:
    assert TeamsSettings(urls={"ops": "https://relay.example.org/teams"}).urls


@pytest.mark.parametrize(
    "url",
    [
        "",
        "teams",
        "ftp://x/?sig=1",
        "https:///x?sig=1",
        "https://a:b@x/?sig=1",
        "https://x/?sig=1#y",
        "https://x/ ?sig=1",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert mistake(urls={"ops": url})


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "x" * 65])
def test_a_channel_s_name_is_plain(name: str) -> None:
    assert mistake(urls={name: GOOD})


def test_persons_settings_without_a_flow_are_a_mistake() -> None:
    assert "flow_url" in mistake(urls={"ops": GOOD}, domain="example.org")
    assert "domain" in mistake(flow_url=GOOD, domain="not a domain")


def test_there_is_no_bot_to_switch_on() -> None:
    assert "no bot" in mistake(urls={"ops": GOOD}, bot={"enabled": True})


def test_addresses_are_never_shown() -> None:
    settings = TeamsSettings(urls={"ops": GOOD}, flow_url=GOOD)
    assert "abcdefgh" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"
