from __future__ import annotations

import errno
from pathlib import Path

import pytest

from headgate.errors import NotFoundError, SpoolError
from headgate.events.sources.mail.aside import Aside

NAME = "00000000000000001-1-00000001.mail"


@pytest.fixture
def aside(tmp_path: Path) -> Aside:
    (tmp_path / NAME).write_bytes(b"content")
    return Aside(tmp_path / "unreadable")


def test_nothing_was_ever_set_aside(aside: Aside) -> None:
    assert aside.all() == []
    with pytest.raises(NotFoundError):
        aside.path(NAME)


def test_a_record_keeps_its_name_and_its_reason(aside: Aside, tmp_path: Path) -> None:
    assert aside.put(tmp_path / NAME, "no good") == NAME
    assert not (tmp_path / NAME).exists()
    assert (aside.directory / NAME).read_bytes() == b"content"
    assert (aside.directory / f"{NAME}.why").read_text() == "no good\n"


def test_a_reason_is_bounded(aside: Aside, tmp_path: Path) -> None:
    aside.put(tmp_path / NAME, "x" * 100_000)
    assert len(aside.all()[0].why) == 2000


def test_a_reason_that_was_lost_is_said(aside: Aside, tmp_path: Path) -> None:
    aside.put(tmp_path / NAME, "no good")
    (aside.directory / f"{NAME}.why").unlink()
    assert [one.why for one in aside.all()] == ["the reason is not known"]


def test_with_the_disk_full_the_record_is_moved_without_its_reason(
    aside: Aside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    aside.put(tmp_path / NAME, "no good")
    assert [(one.name, one.why) for one in aside.all()] == [(NAME, "the reason is not known")]


def test_what_is_gone_leaves_no_reason_behind(aside: Aside, tmp_path: Path) -> None:
    (tmp_path / NAME).unlink()
    with pytest.raises(FileNotFoundError):
        aside.put(tmp_path / NAME, "no good")
    assert list(aside.directory.iterdir()) == []


def test_a_link_in_the_place_of_the_directory_is_not_followed(aside: Aside, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    aside.directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SpoolError, match="not a directory"):
        aside.put(tmp_path / NAME, "no good")
    assert (tmp_path / NAME).exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []
