"""A real LDAP server for the tests of this folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from headgate.testing.ldap.server import SLAPD, Attributes, LdapServer
from headgate.testing.smtp.certificate import Certificate, make_certificate

PEOPLE: dict[str, Attributes] = {
    "ada": {"mail": "ada@example.org", "telephoneNumber": "4711"},
    "bob": {"mail": ["bob@example.org", "robert@example.org"]},
    "eve": {"uid": "twin", "mail": "eve@example.org"},
    "eva": {"uid": "twin", "mail": "eva@example.org"},
    "nomail": {},
    "bell": {"description": "a\x07b"},
    "long": {"description": "x" * 1_000_000},
    "picture": {"jpegPhoto": b"\xff\xd8\xff\xe0"},
    "paul": {"mail": "paul@example.org", "description": " U123 "},
}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return asyncio.run(make_certificate(tmp_path_factory.mktemp("ldap")))


@pytest.fixture(scope="session")
def directory(certificate: Certificate) -> Iterator[LdapServer]:
    if not SLAPD.exists():
        pytest.skip("Debian's package slapd is not installed")
    with LdapServer(PEOPLE, certificate=certificate) as running:
        yield running
