"""Private daemons are gone when their owner is, however it ends. The LDAP server stands for all of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.testing.cluster.errors import ClusterError
from headgate.testing.daemons import PrivateDaemons, free_port, is_listening
from headgate.testing.ldap.server import ACCOUNT, SLAPD, LdapServer

_PROGRAM = """
from headgate.testing.ldap.server import LdapServer
import time
server = LdapServer({}).__enter__()
print(server._daemons.directory, server.url.rsplit(":", 1)[1], flush=True)
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(not SLAPD.exists(), reason="Debian's package slapd is not installed")


def test_a_server_whose_owner_is_killed_ends_and_leaves_no_directory() -> None:
    owner = subprocess.Popen([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    directory, port = owner.stdout.readline().split()
    assert is_listening(int(port))
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 60
    while Path(directory).exists() or is_listening(int(port)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_server_that_is_left_is_gone_with_its_directory() -> None:
    with LdapServer({}) as server:
        assert server._daemons is not None
        directory = server._daemons.directory
        port = int(server.url.rsplit(":", 1)[1])
        assert is_listening(port)
    assert not directory.exists()
    assert not is_listening(port)


def test_entries_that_the_schema_refuses_are_an_error_and_nothing_is_left() -> None:
    server = LdapServer({"ada": {"noSuchAttribute": "x"}})
    with pytest.raises(ClusterError, match="noSuchAttribute"), server:
        pass
    assert server._daemons is not None
    assert not server._daemons.directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs daemons as somebody else")
def test_an_account_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ClusterError, match="no account"):
        PrivateDaemons("headgate-test-", "no-such-account-here")


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    assert not is_listening(port)
    with socket.create_server(("127.0.0.1", port)):
        assert is_listening(port)


def test_a_daemon_that_ends_at_once_is_an_error_with_the_end_of_its_log() -> None:
    daemons = PrivateDaemons("headgate-daemons-", ACCOUNT)
    try:
        log = daemons.directory / "log"
        daemon = daemons.start(["/bin/sh", "-c", "echo no configuration >&2; exit 1"], {}, log)
        with pytest.raises(ClusterError, match="did not start: no configuration"):
            daemons.wait_for(daemon, [free_port()], 60.0, log, daemons.directory / "never-written")
    finally:
        daemons.close()


def test_a_copied_secret_is_for_the_daemons_alone(tmp_path: Path) -> None:
    secret = tmp_path / "key.pem"
    secret.write_text("secret")
    daemons = PrivateDaemons("headgate-daemons-", ACCOUNT)
    try:
        (copy,) = daemons.copied(secret)
        assert copy.read_text() == "secret"
        assert (copy.parent, copy.stat().st_mode & 0o777) == (daemons.directory, 0o600)
        assert copy.stat().st_uid == daemons.directory.stat().st_uid
    finally:
        daemons.close()
