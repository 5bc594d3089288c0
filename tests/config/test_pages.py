from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headgate.config.pages import PagesSettings
from headgate.config.roles import People

URL = "https://headgate.example.org"
OIDC: dict[str, Any] = {"issuer": "https://login.example.org", "client_id": "headgate"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"oidc": OIDC}, "oidc needs url"),
        ({"url": f"{URL}/ui"}, "should hold no path"),
        ({"url": f"{URL}/"}, "url"),
        ({"url": "headgate.example.org"}, "url"),
        ({"url": URL, "oidc": {**OIDC, "scopes": ["profile"]}}, "scopes should hold openid"),
        ({"url": URL, "oidc": {**OIDC, "scopes": ["openid", "a b"]}}, "scopes"),
        ({"url": URL, "oidc": {**OIDC, "pattern": "("}}, "regular expression"),
        ({"proxy": {"addresses": []}}, "addresses"),
        ({"proxy": {"header": "X Remote", "addresses": ["127.0.0.1/32"]}}, "header"),
        ({"link_lifetime": 5}, "link_lifetime"),
    ],
)
def test_settings_that_would_not_work_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        PagesSettings.model_validate(given)


def test_with_an_address_people_may_sign_in_at_the_provider() -> None:
    settings = PagesSettings.model_validate({"url": URL, "oidc": {**OIDC, "client_secret": "sesame"}})
    assert settings.secure
    assert settings.oidc is not None
    assert settings.oidc.meant_for() == "headgate"
    assert "sesame" not in repr(settings)


def test_people_are_those_who_are_named_in_one_of_three_ways() -> None:
    people = People(users=("ada",), groups=("hpc",), oidc_groups=("staff",))
    assert people.hold("ada", (), ())
    assert people.hold("ben", ("x", "hpc"), ())
    assert people.hold("ben", (), ("staff",))
    assert not people.hold("ben", ("staff",), ("hpc",))
    assert not people.hold("hpc", (), ())
    assert People().everybody
    assert not people.everybody
