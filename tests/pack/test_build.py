"""Writing the pack into a directory: all of it, or nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from headgate.pack.build import RECORD, PackError, build

FILES = {"pack.yaml": "---\nname: slurm\n", "actions/ping.py": "PING = 1\n"}
HEAD = "ref: refs/heads/main\n"
NEWER = {"pack.yaml": "---\nname: slurm\n", "actions/pong.py": "PONG = 1\n"}


def there(directory: Path) -> dict[str, str]:
    """Everything in a directory but the record, and nothing beside it."""
    assert [one.name for one in directory.parent.iterdir()] == [directory.name]
    found = {str(one.relative_to(directory)): one.read_text() for one in directory.rglob("*") if one.is_file()}
    found.pop(RECORD, None)
    return found


def repository(directory: Path) -> None:
    """Make it one, as far as it matters."""
    (directory / ".git" / "objects").mkdir(parents=True)
    (directory / ".git" / "HEAD").write_text(HEAD)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "packs").mkdir()
    return tmp_path / "packs" / "slurm"


def test_a_new_directory_is_made_for_others_to_read(target: Path) -> None:
    old = os.umask(0o077)
    try:
        assert build(target, FILES) == ("actions/ping.py", "pack.yaml")
    finally:
        os.umask(old)
    assert there(target) == FILES
    assert target.stat().st_mode & 0o777 == 0o755
    assert (target / "actions").stat().st_mode & 0o777 == 0o755
    assert (target / "actions/ping.py").stat().st_mode & 0o777 == 0o644


def test_an_empty_directory_is_filled(target: Path) -> None:
    target.mkdir()
    build(target, FILES)
    assert there(target) == FILES


def test_directories_above_are_made(tmp_path: Path) -> None:
    build(tmp_path / "a" / "b" / "slurm", FILES)
    assert there(tmp_path / "a" / "b" / "slurm") == FILES


def test_a_pack_that_was_built_before_is_replaced(target: Path) -> None:
    build(target, FILES)
    build(target, NEWER)
    assert there(target) == NEWER
    assert json.loads((target / RECORD).read_text())["files"].keys() == NEWER.keys()


def test_building_twice_writes_the_same(target: Path) -> None:
    build(target, FILES)
    first = {one: one.read_bytes() for one in target.rglob("*") if one.is_file()}
    build(target, FILES)
    assert {one: one.read_bytes() for one in target.rglob("*") if one.is_file()} == first


def test_a_repository_in_it_stays(target: Path) -> None:
    build(target, FILES)
    repository(target)
    (target / "actions" / "__pycache__").mkdir()
    (target / "actions" / "__pycache__" / "ping.pyc").write_text("left by Python")
    build(target, NEWER)
    assert (target / ".git" / "HEAD").read_text() == HEAD
    assert sorted(one.name for one in target.iterdir()) == [".git", RECORD, "actions", "pack.yaml"]
    assert sorted(one.name for one in (target / "actions").iterdir()) == ["pong.py"]


def test_what_is_somebody_elses_is_not_touched(target: Path) -> None:
    target.mkdir()
    (target / "pack.yaml").write_text("name: slurm\n")
    with pytest.raises(PackError, match="not empty, and holds no pack"):
        build(target, FILES)
    assert there(target) == {"pack.yaml": "name: slurm\n"}


@pytest.mark.parametrize("record", ["", "[]", '{"files": 3}', "[" * 100_000, '{"files": {}}'])
def test_a_record_that_does_not_say_so_makes_no_pack(target: Path, record: str) -> None:
    target.mkdir()
    (target / RECORD).write_text(record)
    (target / "notes").write_text("mine")
    with pytest.raises(PackError):
        build(target, FILES)
    assert there(target) == {"notes": "mine"}


def test_files_that_were_added_are_named(target: Path) -> None:
    build(target, FILES)
    (target / "rules").mkdir()
    (target / "rules" / "mine.yaml").write_text("mine")
    with pytest.raises(PackError, match=r"not Headgate's: rules/mine\.yaml; move it elsewhere"):
        build(target, NEWER)
    assert there(target) == {**FILES, "rules/mine.yaml": "mine"}


def test_files_that_were_changed_are_named(target: Path) -> None:
    build(target, FILES)
    (target / "actions/ping.py").write_text("PING = 2\n")
    with pytest.raises(PackError, match=r"changed by hand: actions/ping\.py"):
        build(target, NEWER)
    assert there(target) == {**FILES, "actions/ping.py": "PING = 2\n"}


def test_links_are_not_followed(target: Path, tmp_path: Path) -> None:
    build(target, FILES)
    (target / "elsewhere").symlink_to(tmp_path)
    with pytest.raises(PackError, match="elsewhere"):
        build(target, NEWER)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(PackError, match="no directory"):
        build(tmp_path / "link", NEWER)


def test_a_file_is_no_directory(target: Path) -> None:
    target.write_text("mine")
    with pytest.raises(PackError, match="no directory"):
        build(target, FILES)
    assert target.read_text() == "mine"


def test_nothing_is_left_of_what_could_not_be_written(target: Path) -> None:
    build(target, FILES)
    with pytest.raises(PackError, match="cannot be written"):
        build(target, {"a": "a file", "a/b": "no directory"})
    assert there(target) == FILES


def test_the_old_pack_comes_back_if_the_new_one_cannot_take_its_place(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(target, FILES)
    repository(target)
    rename = Path.rename

    def refuses(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device", str(to))
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuses)
    with pytest.raises(PackError, match="No space left"):
        build(target, NEWER)
    monkeypatch.undo()
    assert (target / "actions/ping.py").read_text() == "PING = 1\n"
    assert (target / ".git" / "HEAD").exists()
    assert [one.name for one in target.parent.iterdir()] == ["slurm"]
