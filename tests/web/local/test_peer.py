from __future__ import annotations

import asyncio
import os
import pwd
import socket
import sys
from pathlib import Path

import pytest

from headgate.store.store import Store
from headgate.web.local import peer
from headgate.web.local.peer import MAX_CONNECTIONS, Peer, PeerProtocol, peer_of, user_name
from tests.web.local.serving import ME, run_as, serving


def test_the_kernel_names_whoever_connected() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer_of(ours) == Peer(os.getpid(), os.geteuid(), os.getegid())


def test_a_user_id_has_the_name_it_has_on_this_host() -> None:
    assert user_name(0) == "root"
    assert user_name(os.geteuid()) == ME


def test_a_user_id_without_an_account_has_no_name() -> None:
    taken = {account.pw_uid for account in pwd.getpwall()}
    free = next(uid for uid in range(200_000_000, 300_000_000) if uid not in taken)
    assert user_name(free) is None
    assert user_name(0xFFFFFFFE) is None


def test_the_id_that_stands_for_many_users_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overflow = int(Path("/proc/sys/kernel/overflowuid").read_text())
    assert user_name(overflow) is None
    monkeypatch.setattr(peer, "_OVERFLOW", tmp_path / "missing")
    assert user_name(65534) is None


async def test_the_kernel_says_who_asks_and_headers_do_not(store: Store) -> None:
    async with serving(store) as local:
        local.headers = {"X-Forwarded-User": "ben", "X-Remote-User": "ben", "Authorization": "Basic YmVuOng="}
        answer = await local.ask("GET", "/me?user=ben&uid=1")
        assert answer.json()["user"] == ME
        assert answer.json()["uid"] == os.geteuid()


async def test_two_users_are_told_apart(store: Store) -> None:
    async with serving(store) as local:
        for user in ("daemon", "bin"):
            status, answer = await local.ask_as(user, "GET", "/me")
            assert (status, answer["user"]) == (200, user)


async def test_a_user_id_without_an_account_is_refused(store: Store) -> None:
    async with serving(store) as local:
        script = (
            "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
            "s.sendall(b'GET /me HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n')\n"
            "print(s.makefile().read())"
        )
        done = await asyncio.to_thread(run_as, 234_567_890, [sys.executable, "-c", script, str(local.path)])
        assert " 403 " in done.stdout.splitlines()[0]
        assert "234567890 has no account on this host" in done.stdout


async def test_one_user_cannot_take_every_connection(store: Store) -> None:
    async with serving(store) as local:
        held = []
        for _ in range(MAX_CONNECTIONS + 5):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(local.path))
            connection.setblocking(False)
            held.append(connection)
        status, _ = await local.ask_as("daemon", "GET", "/me/links")
        assert status == 200
        assert sum(_is_closed(connection) for connection in held) == 5
        for connection in held:
            connection.close()
        async with asyncio.timeout(30):
            while PeerProtocol._held[os.geteuid()] >= MAX_CONNECTIONS:
                await asyncio.sleep(0.01)
        assert (await local.ask("GET", "/me/links")).status_code == 200


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
