from __future__ import annotations

import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest
from fastapi import FastAPI

from headgate.errors import ConfigError
from headgate.store.store import Store
from headgate.web.local.server import LocalServer
from tests.web.local.serving import serving


async def test_everybody_may_connect_and_nobody_may_change_it(store: Store) -> None:
    async with serving(store) as local:
        status = local.path.stat()
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o666
        assert (await local.ask("GET", "/me")).status_code == 200


async def test_a_socket_that_a_dead_headgate_left_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    before = os.lstat(path).st_ino, os.lstat(path).st_ctime_ns
    server = LocalServer(FastAPI(), path)
    assert (os.lstat(path).st_ino, os.lstat(path).st_ctime_ns) != before
    server.close()
    assert not path.exists()


def test_a_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = LocalServer(FastAPI(), path)
    inode = os.lstat(path).st_ino
    with pytest.raises(ConfigError, match="another Headgate answers on"):
        LocalServer(FastAPI(), path)
    assert os.lstat(path).st_ino == inode
    first.close()
    LocalServer(FastAPI(), path).close()


def test_a_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="there is a file of that name"):
        LocalServer(FastAPI(), path)
    assert path.read_text() == "precious"


def test_a_link_of_that_name_is_not_followed(tmp_path: Path) -> None:
    path, precious = tmp_path / "s", tmp_path / "precious"
    precious.write_text("precious")
    path.symlink_to(precious)
    with pytest.raises(ConfigError, match="there is a file of that name"):
        LocalServer(FastAPI(), path)
    assert path.is_symlink()


def test_a_directory_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RuntimeDirectory=headgate"):
        LocalServer(FastAPI(), tmp_path / "missing" / "s")


def test_a_directory_everybody_may_write_into_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigError, match="everybody may write into"):
        LocalServer(FastAPI(), tmp_path / "s")


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="longer than 107 bytes"):
        LocalServer(FastAPI(), tmp_path / ("s" * 108))


async def test_a_socket_that_somebody_put_in_place_of_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = LocalServer(FastAPI(), path)
    running = asyncio.create_task(server.run())
    path.rename(tmp_path / "ours")
    path.write_text("other")
    server.stop()
    await asyncio.wait_for(running, 30)
    assert path.read_text() == "other"
