"""The socket of hints: whose count, and what does not keep it from listening."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest

from headgate.events.sources.push.hint import LONGEST
from tests.events.sources.push.conftest import Place, until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become other accounts")
HINT = b"headgate-hint 1 trigger nodes"


def send(path: Path, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for data in datagrams:
            sender.sendto(data, str(path))


@needs_root
async def test_only_hints_of_the_named_accounts_count(place: Place) -> None:
    async with place.listening("daemon"):
        assert (await asyncio.to_thread(place.call, "nodes", "n1", user="nobody")).returncode == 0
        await until(lambda: "push.users" in place.standing.problem)
        assert place.hints == []
        await asyncio.to_thread(place.call, "nodes", "n1", user="daemon")
        await until(lambda: bool(place.hints))
        assert place.standing.problem == ""


async def test_what_is_no_hint_is_passed_over(place: Place) -> None:
    async with place.listening("no-such-account"):
        await asyncio.to_thread(send, place.socket, b"", b"x" * 10 * LONGEST, HINT[:-1], HINT + b"\0", HINT)
        await until(lambda: bool(place.hints))
    assert len(place.hints) == 1


async def test_all_of_a_flood_that_was_sent_is_read(place: Place) -> None:
    async with place.listening():
        await asyncio.to_thread(send, place.socket, *[HINT] * 200)
        await until(lambda: len(place.hints) == 200)


async def test_a_socket_of_a_dead_service_is_replaced_and_ours_goes_with_us(place: Place) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(place.socket))
    before = place.socket.stat().st_ino
    listener = place.listening()
    async with listener:
        await until(lambda: place.socket.stat().st_ino != before)
        await asyncio.to_thread(send, place.socket, HINT)
        await until(lambda: bool(place.hints))
    assert not place.socket.exists()


async def test_a_socket_that_cannot_be_made_is_tried_again_and_says_why(place: Place) -> None:
    place.socket.write_text("")
    listening = asyncio.create_task(_listen_once(place))
    await until(lambda: "there is a file of that name" in place.standing.problem)
    place.socket.unlink()
    await asyncio.wait_for(listening, 60)
    assert place.standing.problem == ""


async def _listen_once(place: Place) -> None:
    async with place.listening():
        await asyncio.to_thread(send, place.socket, HINT)
        await until(lambda: bool(place.hints))
