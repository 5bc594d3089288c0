"""Submitting by slurmrestd: the script is kept first, and slurmrestd is asked when it may be."""

from __future__ import annotations

import asyncio
from typing import Any, Self, cast

import pytest

from headgate.executor.interface import Place
from headgate.gateway.rest_jobs import RestJobs

PLACE = Place("/home/ada", "headgate/portal/1")


class NotKeptError(Exception):
    """Why it may not be asked."""


class Files:
    """Plays the files: says what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def open_write(self, user: str, place: Place, **_: object) -> Self:
        self.done.append(f"open {user} {place.path}")
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def write(self, data: bytes, offset: int) -> None:
        self.done.append(f"write {len(data)} at {offset}")

    async def remove_tree(self, user: str, place: Place) -> int:
        self.done.append(f"remove {user} {place.path}")
        return 2


class Client:
    """Plays slurmrestd's client, and writes down among the files when it was asked."""

    def __init__(self, files: Files) -> None:
        self.files = files

    async def submit(self, user: str, where: str, *_: object) -> tuple[str, str]:
        self.files.done.append(f"submit {user} {where}")
        return "7", ""


def made() -> tuple[RestJobs, list[str]]:
    files = Files()
    return RestJobs(cast("Any", Client(files)), cast("Any", files)), files.done


async def test_the_script_is_kept_while_it_is_waited_and_slurmrestd_is_asked_then() -> None:
    jobs, done = made()
    when = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(jobs.submit("ada", PLACE, b"#!/bin/sh\n", save_as="batch.sh", when=when))
    while len(done) < 2:
        await asyncio.sleep(0)
    assert done == ["open ada headgate/portal/1/batch.sh", "write 10 at 0"]
    when.set_result(None)
    assert (await task).job == "7"
    assert done[2:] == ["submit ada /home/ada/headgate/portal/1"]


async def test_if_it_may_not_be_asked_the_directory_is_removed() -> None:
    jobs, done = made()
    when = asyncio.get_running_loop().create_future()
    when.set_exception(NotKeptError())
    with pytest.raises(NotKeptError):
        await jobs.submit("ada", PLACE, b"#!/bin/sh\n", save_as="batch.sh", when=when)
    assert done[2:] == ["remove ada headgate/portal/1"]
