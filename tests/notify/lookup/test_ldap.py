"""LDAP against a real slapd."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from headgate.config.lookup import LdapSettings
from headgate.notify.lookup.found import Answer, Failed, Found, NotFound
from headgate.notify.lookup.ldap import Ldap, answer_of_entry, filter_for
from headgate.testing.ldap.server import ADMIN_DN, ADMIN_PASSWORD, BASE, LdapServer
from headgate.testing.smtp.certificate import Certificate


def source(directory: LdapServer, **settings: object) -> Ldap:
    given = {"url": directory.url, "bind_dn": ADMIN_DN, "password": ADMIN_PASSWORD, "base": BASE, "timeout": 5}
    return Ldap(LdapSettings.model_validate(given | settings))


async def find(directory: LdapServer, name: str, **settings: object) -> Answer:
    return (await source(directory, **settings).find([name]))[name]


async def test_a_user_is_found_by_name(directory: LdapServer) -> None:
    assert await find(directory, "ada") == Found("ada@example.org", "ldap")


async def test_a_batch_is_answered_name_by_name(directory: LdapServer) -> None:
    answers = await source(directory).find(["ada", "nobody", "paul", "bob"])
    assert answers["ada"] == Found("ada@example.org", "ldap")
    assert answers["nobody"] == NotFound()
    assert answers["paul"] == Found("paul@example.org", "ldap")
    assert isinstance(answers["bob"], Failed)


async def test_another_attribute_and_filter_are_used_as_they_are_set(directory: LdapServer) -> None:
    settings = {"attribute": "telephoneNumber", "filter": "(&(objectClass=inetOrgPerson)(cn={user}))"}
    assert await find(directory, "ada", **settings) == Found("4711", "ldap")


async def test_blanks_around_a_value_are_not_the_target(directory: LdapServer) -> None:
    assert await find(directory, "paul", attribute="description") == Found("U123", "ldap")


@pytest.mark.parametrize("name", ["nobody", "nomail"])
async def test_who_is_not_there_or_has_no_such_attribute_is_not_found(directory: LdapServer, name: str) -> None:
    assert await find(directory, name) == NotFound()


async def test_a_base_that_is_not_there_holds_nobody(directory: LdapServer) -> None:
    assert await find(directory, "ada", base=f"ou=nowhere,{BASE}") == NotFound()


@pytest.mark.parametrize(
    ("name", "attribute", "why"),
    [
        ("twin", "mail", "several entries"),
        ("bob", "mail", "several values"),
        ("bell", "description", "control characters"),
        ("long", "description", "1000000 characters"),
        ("picture", "jpegPhoto", "not text"),
    ],
)
async def test_what_cannot_be_a_target_is_refused_with_the_reason(
    directory: LdapServer, name: str, attribute: str, why: str
) -> None:
    answer = await find(directory, name, attribute=attribute)
    assert isinstance(answer, Failed)
    assert why in answer.detail
    assert not answer.transient


@pytest.mark.parametrize("name", ["*", "*)(uid=*", "ada)(|(uid=*", "\\2a", "\0", "a*", ")("])
async def test_a_name_cannot_change_the_filter(directory: LdapServer, name: str) -> None:
    assert await find(directory, name) == NotFound()


def test_the_filter_holds_the_escapes_of_rfc_4515() -> None:
    assert filter_for("(uid={user})", "*)(uid=*\\\0") == "(uid=\\2a\\29\\28uid=\\2a\\5c\\00)"


async def test_a_wrong_password_is_a_failure_that_lasts(
    directory: LdapServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await find(directory, "ada", password="not-the-password")
    assert isinstance(answer, Failed)
    assert "login is refused" in answer.detail
    assert not answer.transient
    assert "not-the-password" not in f"{answer} {caplog.text} {capfd.readouterr()}"


async def test_asking_without_the_login_that_is_needed_is_a_failure_that_lasts(directory: LdapServer) -> None:
    answer = await find(directory, "ada", bind_dn="", password=None)
    assert isinstance(answer, Failed)
    assert not answer.transient


async def test_a_server_that_is_down_is_a_failure_that_passes(certificate: Certificate) -> None:
    with LdapServer({"ada": {"mail": "ada@example.org"}}, certificate=certificate) as server:
        ldap = source(server)
        assert (await ldap.find(["ada"]))["ada"] == Found("ada@example.org", "ldap")
        await asyncio.to_thread(server.stop)
        answer = (await ldap.find(["ada"]))["ada"]
        assert isinstance(answer, Failed)
        assert answer.transient
        await asyncio.to_thread(server.start)
        assert (await ldap.find(["ada"]))["ada"] == Found("ada@example.org", "ldap")


def tls(directory: LdapServer, way: str) -> Mapping[str, object]:
    return {"start_tls": True} if way == "start_tls" else {"url": directory.ldaps_url}


@pytest.mark.parametrize("way", ["start_tls", "ldaps"])
async def test_tls_is_checked_by_the_given_authorities(
    directory: LdapServer, certificate: Certificate, way: str
) -> None:
    settings = tls(directory, way)
    assert await find(directory, "ada", ca_file=certificate.certificate, **settings) == Found("ada@example.org", "ldap")
    answer = await find(directory, "ada", **settings)
    assert isinstance(answer, Failed)
    assert "certificate" in answer.detail


@pytest.mark.parametrize("way", ["start_tls", "ldaps"])
async def test_a_certificate_of_another_host_is_refused(tmp_path: Path, way: str) -> None:
    other = Certificate(tmp_path / "other.pem", tmp_path / "other.key")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=other", "-addext", "subjectAltName=DNS:other.example.org", "-days", "1"]
    files = ["-keyout", str(other.key), "-out", str(other.certificate)]
    await asyncio.to_thread(subprocess.run, [*words, *names, *files], check=True, capture_output=True, timeout=30)
    with LdapServer({"ada": {"mail": "ada@example.org"}}, certificate=other) as server:
        answer = await find(server, "ada", ca_file=other.certificate, **tls(server, way))
    assert isinstance(answer, Failed)
    assert "certificate" in answer.detail


@contextlib.asynccontextmanager
async def played(answer: bytes | None) -> AsyncIterator[str]:
    """Play a server that answers everything with these bytes and goes, or is silent."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(4096):
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ldap://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x84\xff\xff\xff\xff",
        b"\xff" * 99,
    ],
    ids=["silence", "end", "http", "nothing in it", "four gigabytes", "noise"],
)
async def test_a_server_that_does_not_speak_ldap_is_a_failure_that_passes(answer: bytes | None) -> None:
    async with played(answer) as url:
        settings = LdapSettings.model_validate({"url": url, "base": BASE, "timeout": 1})
        found = (await Ldap(settings).find(["ada"]))["ada"]
    assert isinstance(found, Failed)
    assert found.transient


def test_an_attribute_with_options_counts_as_the_values_it_has() -> None:
    assert answer_of_entry({"mail": [], "mail;lang-de": [b"a@b"]}) == Found("a@b", "ldap")
