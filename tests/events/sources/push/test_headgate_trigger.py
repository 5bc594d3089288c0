from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from headgate.events.sources.mail.install import DEFAULT_PYTHON
from headgate.events.sources.push import headgate_trigger
from headgate.events.sources.push.hint import Hint, Way, read_hint
from headgate.store.signals import Topic
from tests.events.sources.push.conftest import Place, until

FROM_TRIGGER = Hint(Way.TRIGGERS, Topic.NODES)
FROM_EPILOG = Hint(Way.EPILOG, Topic.JOBS, again=1.5)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("nodes", "n[1-3]"), FROM_TRIGGER),
        (("nodes",), FROM_TRIGGER),
        (("jobs", "17"), Hint(Way.TRIGGERS, Topic.JOBS)),
        ((), FROM_EPILOG),
    ],
)
async def test_what_slurm_calls_is_a_hint(place: Place, arguments: tuple[str, ...], hint: Hint) -> None:
    async with place.listening():
        answer = await asyncio.to_thread(place.call, *arguments)
        assert (answer.returncode, answer.stdout, answer.stderr) == (0, b"", b"")
        await until(lambda: bool(place.hints))
    assert place.hints == [hint]


def test_a_call_that_is_not_slurms_says_nothing(place: Place) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(place.socket))
        service.setblocking(False)
        assert place.call("--help").returncode == 0
        with pytest.raises(BlockingIOError):
            service.recv(64)


async def test_it_works_with_all_standard_streams_closed(place: Place) -> None:
    async with place.listening():
        assert (await asyncio.to_thread(place.call, "nodes", "n1", closed=True)).returncode == 0
        await until(lambda: bool(place.hints))


def test_it_ends_well_where_nobody_listens(place: Place) -> None:
    assert place.call("nodes", "n1").returncode == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(place.socket))
    assert place.call("nodes", "n1").returncode == 0


def test_it_does_not_wait_for_a_service_that_does_not_read(place: Place) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(place.socket))
        most = int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text())
        if most > 100:
            pytest.skip("this kernel keeps many datagrams")
        for _ in range(most + 2):
            assert place.call("nodes", "n1").returncode == 0
        service.setblocking(False)
        assert read_hint(service.recv(64)) == FROM_TRIGGER


def test_the_environment_cannot_lead_an_installed_program_elsewhere(place: Place, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(tmp_path / "other"))
        other.setblocking(False)
        subprocess.run([str(place.program)], env={"HEADGATE_HINTS": str(tmp_path / "other")}, check=True)
        with pytest.raises(BlockingIOError):
            other.recv(64)


def test_an_uninstalled_program_takes_the_socket_from_the_environment(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(tmp_path / "s"))
        argv = [str(DEFAULT_PYTHON), "-IS", headgate_trigger.__file__]
        subprocess.run(argv, env={"HEADGATE_HINTS": str(tmp_path / "s")}, check=True)
        service.setblocking(False)
        assert read_hint(service.recv(64)) == FROM_EPILOG


def test_nothing_but_the_three_datagrams_is_a_hint() -> None:
    for data in (
        b"",
        b"headgate-hint 1",
        b"headgate-hint 1 trigger nodes ",
        b"headgate-hint 2 trigger nodes",
        os.urandom(64),
    ):
        assert read_hint(data) is None
