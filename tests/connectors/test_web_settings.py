"""Addresses, authorities and proxies in the settings of connectors."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from headgate.config.connector import ConnectorSettings
from headgate.connectors.web_settings import Authorities, Proxy, RootAddress, split_address


class Settings(ConnectorSettings):
    kind: str = "spoken-to"
    url: RootAddress = "https://example.org"
    ca_file: Authorities = None
    proxy: Proxy = None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org"),
        ("http://example.org:8065/chat/", "http://example.org:8065/chat"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_address_is_kept_without_a_slash_at_its_end(given: str, kept: str) -> None:
    assert Settings(url=given).url == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "example.org",
        "ftp://example.org",
        "https://",
        "https://example.org:0",
        "https://example.org:99999",
        "https://example.org:x",
        "https://[::1",
        "https://exa mple.org",
        "https://exämple.org",
        "https://example.org/\n",
    ],
)
def test_what_is_no_web_address_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="should be an address that begins with https:// or http://"):
        Settings(url=given)
    with pytest.raises(ValueError, match="should be an address"):
        split_address(given)


@pytest.mark.parametrize("given", ["https://a@b.org", "https://a:p@b.org", "https://b.org?q", "https://b.org#f"])
def test_an_address_holds_nothing_but_where_it_is(given: str) -> None:
    with pytest.raises(ValidationError, match="should hold no name, password, query or fragment"):
        Settings(url=given)


def test_a_proxy_is_an_address_that_may_hold_a_password() -> None:
    proxy = SecretStr("http://user:password@proxy.example.org:3128")
    assert Settings(proxy=proxy).proxy == proxy


def test_a_proxy_that_is_no_address_is_refused_without_being_shown() -> None:
    with pytest.raises(ValidationError, match="should be an address") as caught:
        Settings(proxy=SecretStr("socks://user:hidden-password@proxy"))
    assert "hidden-password" not in str(caught.value)


def test_authorities_are_an_absolute_path() -> None:
    with pytest.raises(ValidationError, match="should be an absolute path"):
        Settings(ca_file="ca.pem")


def test_all_of_them_say_what_they_are_for() -> None:
    assert all(Settings.model_fields[name].description for name in ("ca_file", "proxy"))
