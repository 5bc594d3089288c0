"""Opening beneath a root, by the kernel's openat2 and by the fallback for older kernels."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate.executor import headgate_verbs as verbs

Open = Callable[[int, list[str], int], int]


def open_descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def by_kernel(directory: int, parts: list[str], flags: int) -> int:
    return verbs.openat2(directory, "/".join(parts) or ".", flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0)


def by_walking(directory: int, parts: list[str], flags: int) -> int:
    return verbs.walk_down(directory, parts, flags | os.O_CLOEXEC, 0)


@pytest.fixture(params=[by_kernel, by_walking], ids=["openat2", "walking"])
def opener(request: pytest.FixtureRequest) -> Open:
    if request.param is by_kernel and not verbs.OPENAT2:
        pytest.skip("this kernel has no openat2")
    chosen: Open = request.param
    return chosen


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root" / "a" / "b").mkdir(parents=True)
    (tmp_path / "root" / "a" / "b" / "file").write_text("content")
    for name, target in (("out", ".."), ("up", "/"), ("proc", "/proc/self/root"), ("in", "a"), ("own", "a/b/file")):
        (tmp_path / "root" / name).symlink_to(target)
    opened = os.open(tmp_path / "root", os.O_PATH | os.O_DIRECTORY)
    yield opened
    os.close(opened)


def test_a_file_below_is_opened_and_nothing_stays_open(opener: Open, root: int) -> None:
    before = open_descriptors()
    with os.fdopen(opener(root, ["a", "b", "file"], os.O_RDONLY), encoding="utf-8") as file:
        assert file.read() == "content"
    os.close(opener(root, [], os.O_RDONLY | os.O_DIRECTORY))
    assert open_descriptors() == before


@pytest.mark.parametrize("path", ["out/secret", "up/etc/passwd", "proc/etc/passwd", "in/b/file", "own", "a/b/file/x"])
def test_no_link_is_followed_and_nothing_stays_open(opener: Open, root: int, path: str) -> None:
    before = open_descriptors()
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        opener(root, path.split("/"), os.O_RDONLY)
    assert open_descriptors() == before


def test_swapping_a_directory_for_a_link_meanwhile_wins_nothing(opener: Open, root: int, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").write_text("stolen")
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    one, two = tmp_path / "root" / "a", tmp_path / "root" / "link"
    swap = (
        f"import ctypes\nl = ctypes.CDLL(None)\nwhile 1: l.renameat2(-100, {bytes(one)!r}, -100, {bytes(two)!r}, 2)\n"
    )
    racer = subprocess.Popen([sys.executable, "-c", swap])
    seen = {"content": 0, "refused": 0}
    try:
        while min(seen.values()) < 500:
            try:
                with os.fdopen(opener(root, ["a", "b", "file"], os.O_RDONLY), encoding="utf-8") as file:
                    seen[file.read()] += 1
            except OSError:
                seen["refused"] += 1
    finally:
        racer.kill()
        racer.wait()


@pytest.mark.parametrize("table", [verbs.SUBMIT_OPTIONS, verbs.UPDATE_KEYS], ids=["submit", "update"])
def test_no_value_becomes_an_option_or_a_second_word(table: dict[str, tuple[str, verbs.Check]]) -> None:
    hostile = ["-x", "--uid=0", "a b", "a\nb", "a\0b", "a=b --uid=0", "", "$(id)", ";", "\x1b[2J", 5, True, None, ["x"]]
    for key, (word, _) in table.items():
        for value in hostile:
            try:
                words = verbs.among(table)({key: value})
            except verbs.Refusal:
                continue
            assert len(words) <= 1
            assert all(made.startswith(tuple(word.split("|"))) for made in words)
            assert not any(character in made for made in words for character in "\n\0\x1b")


def test_the_verbs_of_the_table_are_those_that_are_done() -> None:
    assert verbs.VERBS.keys() == verbs.ACTIONS.keys()
    assert verbs.VERBS.keys() >= verbs.LONG
