"""Which webhooks an app may register."""

from __future__ import annotations

import pytest

from headgate.gateway.refusals import BadRequestError
from headgate.gateway.webhooks import host_allowed, new_hook
from headgate.model.submission import Hook

HOSTS = ["portal.example.org", "*.trusted.org"]


def hook(url: str = "https://portal.example.org/x", secret: str = "s" * 16, kinds: tuple[str, ...] = ()) -> Hook:
    return new_hook("app", url, secret, kinds, user="ada", hosts=HOSTS, now=1.0)


def test_a_host_that_is_listed_may_be_named() -> None:
    assert hook().url == "https://portal.example.org/x"
    assert hook("http://a.trusted.org:8080/").kinds == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/",
        "https://portal.example.org.evil.org/",
        "https://trusted.org/",
        "ftp://portal.example.org/",
        "https://ada:pw@portal.example.org/",
        "https://portal.example.org@evil.org/",
        "https://portal.example.org\\@evil.org/",
        "https:///x",
        "//portal.example.org/",
        "https://portal.example.org/a b",
        "http://[::1/",
        "",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(BadRequestError):
        hook(url)


def test_without_hosts_there_are_no_webhooks() -> None:
    assert not host_allowed("https://portal.example.org/", [])


@pytest.mark.parametrize("kinds", [("job.nothing",), ("mail.requested",), ("x*",)])
def test_events_that_there_are_not_are_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(BadRequestError):
        hook(kinds=kinds)


@pytest.mark.parametrize("secret", ["short", "x" * 15, "ünterwegs-und-lang"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(BadRequestError):
        hook(secret=secret)
