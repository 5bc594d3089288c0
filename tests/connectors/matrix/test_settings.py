from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.matrix.connector import MatrixConnector
from headgate.connectors.matrix.rooms import may_join
from headgate.connectors.matrix.settings import Join, MatrixSettings
from headgate.errors import ConnectorError


def test_a_slash_at_the_end_is_no_part_of_the_address() -> None:
    assert MatrixSettings(homeserver="https://m.example.org/", token="t").homeserver == "https://m.example.org"


@pytest.mark.parametrize(
    "homeserver",
    [
        "",
        "m.example.org",
        "ftp://m.example.org",
        "https://",
        "https://a b",
        "https://u:p@m.org",
        "https://m.org/?x",
        "https://m.org/#x",
        "https://m.org/_matrix/client/v3",
        "https://m.org:0",
    ],
)
def test_what_is_no_address_of_a_homeserver(homeserver: str) -> None:
    with pytest.raises(ValidationError):
        MatrixSettings(homeserver=homeserver, token="t")


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "t\u00f6ken"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(ValidationError):
        MatrixSettings(homeserver="https://m.example.org", token=token)


def test_authorities_that_are_not_there_are_told() -> None:
    with pytest.raises(ConnectorError, match="ca_file"):
        MatrixConnector("m", MatrixSettings(homeserver="https://m.org", token="t", ca_file="/nowhere/ca.pem"))


@pytest.mark.parametrize(
    ("join", "by", "joins"),
    [
        ("nobody", "@ada:example.org", False),
        ("local", "@ada:example.org", True),
        ("local", "@ada:example.org.evil.com", False),
        ("local", "@ada:evil.com", False),
        ("local", "", False),
        ("anybody", "@ada:evil.com", True),
    ],
)
def test_whose_invitations_are_followed(join: Join, by: str, joins: bool) -> None:
    assert may_join(join, by, "@headgate:example.org") is joins
