"""A user exchanges directories and files for links out of the root while everything is done on them at once.

What lies outside belongs to the same user, so only the way a path is opened keeps it from being read or changed.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from headgate.executor.refusal import RefusedError
from tests.executor.conftest import USER, Helper, running, until_async
from tests.executor.test_wild_requests import tree

FLIP = """
import ctypes, os, signal, sys, tempfile
libc = ctypes.CDLL(None)
root, outside, nursery = sys.argv[1:]
count, going = 0, True
def stop(*_):
    global going
    going = False
signal.signal(signal.SIGTERM, stop)
pairs = [("first", "first.link"), ("deep/second", "deep/second.link"), ("last/file", "last/link"), ("doomed", "spare")]

def mend(one, other, kind):
    if os.path.lexists(one):
        return
    if not os.path.islink(other):
        os.symlink(outside + ("/file" if kind == "file" else ""), one)
    elif kind == "file":
        with open(nursery + "/file", "w") as file:
            file.write("inside")
        os.rename(nursery + "/file", one)
    else:
        fresh = tempfile.mkdtemp(dir=nursery)
        os.mkdir(fresh + "/sub")
        for name in ("file", "sub/file"):
            with open(f"{fresh}/{name}", "w") as file:
                file.write("inside")
        os.rename(fresh, one)

while going:
    for one, other in pairs:
        a, b = f"{root}/{one}", f"{root}/{other}"
        if libc.renameat2(-100, a.encode(), -100, b.encode(), 2):
            kind = "file" if "last" in one else "directory"
            for names in ((a, b), (b, a)):
                try:
                    mend(*names, kind)
                except OSError:
                    pass
        else:
            count += 1
print(count)
"""
LEAST = 3
"""How often each thing has to be done and to be refused in a race, else it was none."""
SECONDS = 12.0
PATIENCE = 120.0
"""Seconds that a busy machine has more, until each thing was done and refused that often."""


@pytest.fixture(params=[True, False], ids=["openat2", "walking"])
def helper(request: pytest.FixtureRequest) -> Iterator[Helper]:
    with running(openat2=request.param) as made:
        assert made.ask(verb="ping", user=USER)["openat2"] is request.param
        for place in (made.directory / "outside" / "sub", made.directory / "nursery"):
            place.mkdir(parents=True)
        for name in ("file", "sub/file", "up.zip"):
            (made.directory / "outside" / name).write_text("outside")
        for name in ("deep", "last"):
            (made.root / name).mkdir()
        (made.root / "up.zip").write_bytes(zipped())
        for above in ("outside", "nursery", "files"):
            for place in (made.directory / above, *(made.directory / above).rglob("*")):
                shutil.chown(place, USER, USER)
        yield made


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name in ("file", "sub/file", "new/file"):
            packed.writestr(name, "inside")
    return data.getvalue()


def contents(data: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return [packed.read(name) for name in packed.namelist() if not name.endswith("/")]


class Race:
    """Everything that can be done on paths that change meanwhile; what came of it is counted."""

    def __init__(self, helper: Helper) -> None:
        self.helper, self.client = helper, helper.client
        self.turn, self.end = 0, time.monotonic() + SECONDS
        self.read: set[bytes] = set()
        self.words: set[str] = set()
        self.done, self.refused = Counter[str](), Counter[str]()
        self.ways: dict[str, Callable[[str], Awaitable[object]]] = {
            "open-read": lambda at: self.take(f"{at}/file"),
            "read-last": lambda _: self.take("last/file"),
            "open-write": lambda at: self.give(f"{at}/file"),
            "write-last": lambda _: self.give("last/file"),
            "create": lambda at: self.give(f"{at}/new{self.turn}"),
            "list": lambda at: self.client.list(USER, helper.place(at)),
            "stat": lambda at: self.client.stat(USER, helper.place(f"{at}/file")),
            "archive": self.archive,
            "extract": lambda at: self.client.extract(USER, helper.place("up.zip"), at),
            "extract-from": lambda at: self.client.extract(USER, helper.place(f"{at}/up.zip"), "unpacked"),
            "prune": lambda at: self.client.prune(USER, helper.place(at), ["up.zip"]),
            "prune-below": lambda at: self.client.prune(USER, helper.place(f"{at}/sub")),
            "remove-tree": lambda at: self.client.remove_tree(USER, helper.place(f"{at}/sub")),
            "remove-doomed": lambda _: self.client.remove_tree(USER, helper.place("doomed")),
            "make-directory": lambda at: self.client.make_directory(USER, helper.place(f"{at}/made{self.turn}")),
            "make-directories": lambda at: self.client.make_directory(
                USER, helper.place(f"{at}/sub/{self.turn}/x"), parents=True
            ),
            "rename-out": lambda at: self.client.rename(USER, helper.place(f"{at}/file"), f"{at}/sub/file"),
            "rename-in": lambda at: self.client.rename(USER, helper.place("up.zip"), f"{at}/up.zip"),
        }

    async def take(self, path: str) -> None:
        async with await self.client.open_read(USER, self.helper.place(path)) as file:
            self.read.add(await file.read(100, 0))

    async def give(self, path: str) -> None:
        async with await self.client.open_write(USER, self.helper.place(path), how="replace") as file:
            await file.write(b"inside", 0)

    async def archive(self, at: str) -> None:
        data = b""
        async with self.client.archive(USER, self.helper.place(at)) as stream:
            async for piece in stream:
                data += piece
        self.read.update(contents(data))

    def least(self) -> int:
        """Return how often the rarest thing was done, or refused."""
        return min(min(self.done[name], self.refused[name]) for name in self.ways)

    def goes_on(self) -> bool:
        late = time.monotonic() - self.end
        return late < 0 or (late < PATIENCE and self.least() < LEAST)

    async def run(self, name: str) -> None:
        """Do one thing again and again until the race is over."""
        while self.goes_on():
            self.turn += 1
            at = ("first", "deep/second", "doomed")[self.turn % 3]
            try:
                await self.ways[name](at)
                self.done[name] += 1
            except RefusedError as error:
                self.words.add(error.error)
                self.refused[name] += error.error in {"link", "not-a-directory"}
            if name in {"rename-in", "extract-from"}:
                self.replant()

    def replant(self) -> None:
        """Put an archive where one is looked for, in a directory that nobody exchanges."""
        fresh = self.helper.directory / "nursery" / f"up{self.turn}"
        fresh.write_bytes(zipped())
        shutil.chown(fresh, USER, USER)
        fresh.rename(self.helper.root / "up.zip")


async def test_no_exchange_of_directories_files_and_links_ever_wins(helper: Helper) -> None:
    outside = helper.directory / "outside"
    before = tree(outside)
    command = [sys.executable, "-c", FLIP, str(helper.root), str(outside), str(helper.directory / "nursery")]
    flipping = subprocess.Popen(command, user=USER, cwd="/", stdout=subprocess.PIPE)  # noqa: ASYNC220 - started once
    race = Race(helper)
    try:
        await asyncio.gather(*map(race.run, race.ways))
    finally:
        flipping.send_signal(signal.SIGTERM)
        told, _ = flipping.communicate(timeout=20)
    assert b"inside" in race.read
    assert not any(b"outside" in data for data in race.read)
    assert race.words <= {"link", "not-a-directory", "not-found", "exists", "busy", "not-a-file", "archive"}
    assert tree(outside) == before
    assert int(told) > 1000
    assert race.least() >= LEAST
    assert helper.ask(verb="ping", user=USER)["ok"] is True
    await until_async(lambda: helper.children() == [])


def test_what_is_outside_is_within_the_users_own_reach(helper: Helper) -> None:
    """Else the test above would prove nothing."""
    for words in (["cat", "outside/file"], ["touch", "outside/sub/new"], ["rm", "outside/sub/new"]):
        subprocess.run(words, user=USER, cwd=helper.directory, check=True, stdout=subprocess.DEVNULL)
    assert Path(helper.directory / "outside").owner() == USER
