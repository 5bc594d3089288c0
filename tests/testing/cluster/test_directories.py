from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from headgate.testing.cluster.directories import locked, make_directory


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives directories away")
def test_a_directory_has_the_mode_it_should_have_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        make_directory(tmp_path / "a" / "b", mode=0o755)
    finally:
        os.umask(before)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o755


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_who_waited_for_a_directory_that_was_made_anew_locks_the_new_one(tmp_path: Path) -> None:
    directory, old = tmp_path / "here", tmp_path / "old"
    directory.mkdir()
    order: list[str] = []

    def second() -> None:
        with locked(directory):
            order.append("second")

    with locked(directory):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        directory.rename(old)
        directory.mkdir()
        with locked(directory):
            # The old lock goes first: the other thread finds itself with a directory that is no longer there.
            order.append("first")
    other.join()
    assert order == ["first", "second"]
