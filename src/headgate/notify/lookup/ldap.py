"""Targets from an LDAP directory (RFC 4511), by ldap3 in a thread: one connection for all names, one search each."""

from __future__ import annotations

import contextlib
import math
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from pyasn1.error import PyAsn1Error

from headgate.config.lookup import PLACEHOLDER, LdapSettings
from headgate.model.text import one_line
from headgate.notify.lookup.found import Answer, Failed, NotFound, answer_of
from headgate.notify.lookup.threads import Threads

_MAX_WORDS = 200
_STEPS = 4
"""Connecting, TLS, login, and a search or two: what a batch takes at the least, each of them with the time-out."""
_OK, _SIZE_LIMIT, _NO_SUCH_OBJECT = 0, 4, 32
_LASTING = {
    1: "operations error (is a login needed?)",
    8: "a login or TLS is needed",
    13: "TLS is needed",
    34: "the base is no distinguished name",
    48: "this way to log in is not taken",
    49: "the login is refused",
    50: "the login may not search",
    53: "the server is unwilling",
}
"""Result codes (RFC 4511, appendix A) that do not pass by themselves, in words."""


class _RefusedError(Exception):
    """The server answered, with this failure."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


_TROUBLE = (LDAPException, PyAsn1Error, OSError, _RefusedError, ValueError, TypeError, LookupError)
"""What comes of a server that is away, refuses, or talks nonsense; the last three come from the library's parser."""


class Ldap:
    """Asks a directory server."""

    name = "ldap"

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._threads = Threads("lookup-ldap", 2)

    async def find(self, names: Collection[str]) -> Mapping[str, Answer]:
        """Return an answer for each name; those after a failure have the same failure."""
        seconds = self._settings.timeout * _STEPS
        try:
            return await self._threads.run(lambda: self._ask(sorted(names), time.monotonic() + seconds), seconds + 1.0)
        except TimeoutError:
            return dict.fromkeys(names, Failed("ldap: the server did not answer in time", transient=True))
        except OSError as error:
            return dict.fromkeys(names, failure_of(error))

    def _ask(self, names: Sequence[str], deadline: float) -> Mapping[str, Answer]:
        """Search for each name, on one connection, until the deadline (of the monotonic clock)."""
        answers: dict[str, Answer] = {}
        failed = Failed("ldap: the server did not answer in time", transient=True)
        try:
            connection = self._connection()
            try:
                self._enter(connection)
                for name in names:
                    if time.monotonic() > deadline:
                        break
                    answers[name] = self._search(connection, name)
            finally:
                _leave(connection)
        except _TROUBLE as error:
            failed = failure_of(error)
        return {name: answers.get(name, failed) for name in names}

    def _connection(self) -> Any:
        """Return a connection that is not open yet."""
        settings = self._settings
        seconds = max(1, math.ceil(settings.timeout))  # ldap3 hands it to the kernel as a whole number
        server = ldap3.Server(settings.url, get_info=ldap3.NONE, connect_timeout=seconds, tls=_tls(settings))
        return ldap3.Connection(
            server,
            user=settings.bind_dn or None,
            password=settings.password.get_secret_value() if settings.password else None,
            authentication=ldap3.SIMPLE if settings.bind_dn else ldap3.ANONYMOUS,
            client_strategy=ldap3.SYNC,
            read_only=True,
            auto_referrals=False,
            check_names=False,
            receive_timeout=seconds,
        )

    def _enter(self, connection: Any) -> None:
        connection.open()
        if self._settings.start_tls and not connection.start_tls():
            raise _refused(connection)
        if not connection.bind():
            raise _refused(connection)

    def _search(self, connection: Any, name: str) -> Answer:
        settings = self._settings
        connection.search(
            settings.base,
            filter_for(settings.filter, name),
            attributes=[settings.attribute],
            size_limit=2,
            time_limit=max(1, int(settings.timeout)),
        )
        if connection.result["result"] not in {_OK, _SIZE_LIMIT, _NO_SUCH_OBJECT}:
            raise _refused(connection)
        entries = [entry for entry in connection.response or () if entry.get("type") == "searchResEntry"]
        if len(entries) > 1 or connection.result["result"] == _SIZE_LIMIT:
            return Failed("ldap has several entries for this user", transient=False)
        return answer_of_entry(entries[0]["raw_attributes"]) if entries else NotFound()


def _tls(settings: LdapSettings) -> Any:
    """Return ldap3's settings for TLS, with Python's own check of certificate and host in place of its own."""
    context = ssl.create_default_context(cafile=settings.ca_file)

    def wrap_socket(connection: Any, do_handshake: bool) -> None:  # noqa: ARG001 - ldap3 names it
        connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)

    tls: Any = ldap3.Tls(validate=ssl.CERT_REQUIRED)
    tls.wrap_socket = wrap_socket
    return tls


def _leave(connection: Any) -> None:
    """Say good-bye as far as that goes, and close the socket in any case."""
    with contextlib.suppress(*_TROUBLE):
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()


def filter_for(template: str, name: str) -> str:
    """Return the search filter for a name, which is escaped by RFC 4515 whatever it holds."""
    return template.replace(PLACEHOLDER, escape_filter_chars(name))


def answer_of_entry(attributes: Mapping[str, Sequence[bytes]]) -> Answer:
    """Return what an entry says, of which only the wanted attribute was asked for: it must have one value, of text."""
    values = [value for found in attributes.values() for value in found]
    if not values:
        return NotFound()
    if len(values) > 1:
        return Failed("ldap has several values for this user", transient=False)
    try:
        return answer_of(values[0].decode(), "ldap")
    except UnicodeDecodeError:
        return Failed("ldap gave a value that is not text", transient=False)


def failure_of(error: Exception) -> Failed:
    """Return what an error means. Nothing of the request, and so no password, is in its words."""
    if isinstance(error, _RefusedError):
        words = _LASTING.get(error.code, "the server refused for now")
        return Failed(f"ldap: {words} ({error})", transient=error.code not in _LASTING)
    return Failed(f"ldap: the server cannot be used: {one_line(str(error), _MAX_WORDS)}", transient=True)


def _refused(connection: Any) -> _RefusedError:
    result = connection.result
    said = one_line(f"{result['description']} {result['message']}".strip(), _MAX_WORDS)
    return _RefusedError(result["result"], f"{result['result']} {said}")
