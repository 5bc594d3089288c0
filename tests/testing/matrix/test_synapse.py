"""The Synapse for tests starts, keeps what it has over a restart, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.testing.matrix.person import Person
from headgate.testing.matrix.synapse import PROGRAM, SynapseError, SynapseServer


def nothing_left(pids: list[int | None], directory: Path) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids) and not list(directory.iterdir())


async def test_it_starts_and_leaves_nothing_behind(tmp_path: Path) -> None:
    if not PROGRAM.exists():
        pytest.skip("Synapse is not installed in .counterparts")
    with SynapseServer(parent=tmp_path) as server:
        first = server.pid
        async with Person(server.url, "@ada:test.local", server.register("ada")) as ada:
            room = await ada.make_room()
            event = await ada.say(room, "hello")
            assert [one["event_id"] for one in await ada.events(room)] == [event]
            with pytest.raises(SynapseError, match="M_FORBIDDEN"):
                await ada.say("!other:test.local", "hello")
            token = ada.token
        server.stop()
        assert server.pid is None
        server.start()
        async with Person(server.url, "@ada:test.local", token) as ada:
            assert len(await ada.events(room)) == 1
        second = server.pid
    assert nothing_left([first, second], tmp_path)


def test_a_synapse_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(SynapseError, match="not installed"):
        SynapseServer(tmp_path / "python").start()


def test_one_that_does_not_start_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho it is broken\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(SynapseError, match="it is broken"):
        SynapseServer(program, parent=tmp_path).start()
    assert list(tmp_path.iterdir()) == [program]
