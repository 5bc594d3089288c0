"""slapd with given entries: started in less than a second, gone afterwards."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from headgate.testing.cluster import process
from headgate.testing.cluster.errors import ClusterError
from headgate.testing.daemons import PrivateDaemons, PrivateServer, free_port
from headgate.testing.smtp.certificate import Certificate

SLAPD = Path("/usr/sbin/slapd")
ACCOUNT = "openldap"
"""Who runs the server when we are root."""
BASE = "dc=example,dc=org"
ADMIN_DN = f"cn=admin,{BASE}"
ADMIN_PASSWORD = "made-up-for-tests"  # noqa: S105 - of a server that lives for a test
_START = 20.0
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{tls}
disallow bind_anon
require authc
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw {password}
directory {directory}/data
"""

Value = str | bytes | Sequence[str | bytes]
Attributes = Mapping[str, Value]


class LdapServer(PrivateServer):
    """A running slapd; use it as a context manager. Nothing can be read from it without a bind.

    ``entries``: what stands below ``ou=people,dc=example,dc=org``, as the attributes of one ``inetOrgPerson`` per name
    (``cn`` and ``sn`` are added; ``uid`` is the name unless it is given). ``certificate``: of 127.0.0.1; with it the
    server offers StartTLS, and ``ldaps_url``.
    """

    name = "slapd"
    account = ACCOUNT

    def __init__(self, entries: Mapping[str, Attributes], *, certificate: Certificate | None = None) -> None:
        super().__init__()
        self._entries = entries
        self._certificate = certificate
        self._ports = (free_port(), free_port())
        self._slapd: process.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ldap://127.0.0.1:{self._ports[0]}"

    @property
    def ldaps_url(self) -> str:
        """Where it listens for TLS, if it has a certificate."""
        return f"ldaps://127.0.0.1:{self._ports[1]}"

    def start(self) -> None:
        """Start it again after ``stop``. Raises ClusterError with the end of its log if it does not answer."""
        daemons = self._running()
        log, urls = daemons.directory / "log", self.url + (f" {self.ldaps_url}" if self._certificate else "")
        argv = [str(SLAPD), "-d", "0", "-h", urls, "-f", str(daemons.directory / "slapd.conf")]
        self._slapd = daemons.start(argv, _ENVIRONMENT, log)
        daemons.wait_for(self._slapd, self._ports[: len(urls.split())], _START, log)

    def stop(self) -> None:
        """End the server, keep its entries."""
        if self._slapd is not None:
            self._running().stop(self._slapd)
            self._slapd = None

    def prepare(self, daemons: PrivateDaemons) -> None:
        """Write the configuration, and load the entries while no server runs."""
        if not SLAPD.exists():
            raise ClusterError(f"no {SLAPD}: install Debian's package slapd")
        directory = daemons.directory
        data, configuration, entries = directory / "data", directory / "slapd.conf", directory / "entries.ldif"
        data.mkdir()
        text = _CONFIGURATION.format(
            directory=directory, base=BASE, admin=ADMIN_DN, password=ADMIN_PASSWORD, tls=self._tls(daemons)
        )
        configuration.write_text(text)
        entries.write_bytes(_ldif(self._entries))
        daemons.own(data, configuration, entries)
        argv = daemons.as_account([SLAPD, "-T", "add", "-f", configuration, "-l", entries])
        done = subprocess.run(argv, env=_ENVIRONMENT, capture_output=True, text=True, timeout=_START, check=False)
        if done.returncode:
            raise ClusterError(f"slapadd refused the entries: {done.stderr[-500:]}")

    def _tls(self, daemons: PrivateDaemons) -> str:
        if self._certificate is None:
            return ""
        certificate, key = daemons.copied(self._certificate.certificate, self._certificate.key)
        return f"TLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}"


def _ldif(entries: Mapping[str, Attributes]) -> bytes:
    """Return the entries as LDIF (RFC 2849), every value in base64."""
    blocks: list[dict[str, Value]] = [
        {"dn": BASE, "objectClass": ("dcObject", "organization"), "dc": "example", "o": "Example"},
        {"dn": f"ou=people,{BASE}", "objectClass": "organizationalUnit", "ou": "people"},
    ]
    for name, attributes in entries.items():
        person: dict[str, Value] = {"dn": f"cn={name},ou=people,{BASE}", "objectClass": "inetOrgPerson"}
        blocks.append({**person, "cn": name, "sn": name, "uid": name, **attributes})
    return "\n".join("".join(_lines(block)) for block in blocks).encode()


def _lines(block: Attributes) -> list[str]:
    lines = []
    for attribute, given in block.items():
        for value in [given] if isinstance(given, str | bytes) else given:
            raw = value.encode() if isinstance(value, str) else value
            lines.append(f"{attribute}:: {base64.b64encode(raw).decode()}\n")
    return lines
