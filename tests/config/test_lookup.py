from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.config.lookup import LookupSettings

LDAP = {"url": "ldaps://ldap.example.org", "base": "dc=example,dc=org"}


def read(**settings: object) -> LookupSettings:
    return LookupSettings.model_validate(settings)


def test_only_links_are_looked_at_unless_more_is_said() -> None:
    settings = read()
    assert settings.chain == ("links",)
    assert settings.otherwise == "pass"


@pytest.mark.parametrize(
    "settings",
    [
        {"chain": ["ldap"]},
        {"chain": ["command"]},
        {"chain": ["table"]},
        {"chain": ["nis"]},
        {"chain": ["links", "links"]},
        {"gecos": 0},
        {"gecos": "first"},
        {"gecos": True},
        {"table_path": "relative"},
        {"otherwise": "guess"},
        {"cache": -1},
        {"ldap": {**LDAP, "url": "http://ldap.example.org"}},
        {"ldap": {**LDAP, "url": "ldap://user@ldap.example.org"}},
        {"ldap": {**LDAP, "url": "ldap://ldap.example.org/dc=example??sub"}},
        {"ldap": {**LDAP, "url": "ldaps://ldap.example.org", "start_tls": True}},
        {"ldap": {**LDAP, "filter": "(uid=ada)"}},
        {"ldap": {**LDAP, "filter": "uid={user}"}},
        {"ldap": {**LDAP, "attribute": "mail,uid"}},
        {"ldap": {**LDAP, "bind_dn": "cn=x"}},
        {"ldap": {**LDAP, "password": "secret-of-ours"}},
        {"ldap": {**LDAP, "url": "ldap://ldap.example.org", "bind_dn": "cn=x", "password": "secret-of-ours"}},
        {"command": {"argv": []}},
        {"command": {"argv": ["lookup"]}},
        {"command": {"argv": ["/bin/x", "a\0b"]}},
        {"command": {"argv": ["/bin/x"], "names": 0}},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_without_showing_secrets(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        read(**settings)
    assert "secret-of-ours" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"chain": ["ldap"], "ldap": LDAP},
        {"chain": ["ldap"], "ldap": {**LDAP, "bind_dn": "cn=x", "password": "p"}},
        {"ldap": {**LDAP, "url": "ldap://h", "start_tls": True, "bind_dn": "cn=x", "password": "p"}},
        {"ldap": {**LDAP, "url": "ldap://127.0.0.1:3389", "bind_dn": "cn=x", "password": "p"}},
        {"chain": ["links", "gecos"], "gecos": 2},
        {"chain": ["table"], "table": {"ada": "U1"}},
        {"chain": ["table"], "table_path": "/etc/headgate/chat.csv"},
        {"chain": ["command"], "command": {"argv": ["/usr/local/bin/chat-name", "--json"]}},
        {"chain": []},
    ],
    ids=str,
)
def test_what_can_be_meant_is_taken(settings: dict[str, object]) -> None:
    assert read(**settings)


def test_the_password_is_not_shown() -> None:
    settings = read(ldap={**LDAP, "bind_dn": "cn=x", "password": "secret-of-ours"})
    assert "secret-of-ours" not in f"{settings!r} {settings.model_dump_json()}"
