from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from headgate.builds.deploy.directory import Directory
from headgate.builds.deploy.parcel import Parcel, Piece
from headgate.builds.deploy.request import DeployError


def piece(directory: Path, key: str, content: bytes) -> Piece:
    file = directory / hashlib.sha256(key.encode()).hexdigest()
    file.write_bytes(content)
    return Piece(file, key, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def parcel(directory: Path, content: bytes = b"one") -> Parcel:
    return Parcel("", piece(directory, "a/b/x.tar.gz", content), (piece(directory, "m/x.tar.gz.meta.txt", b"{}"),))


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


async def test_files_get_the_names_that_objects_would_have(out: Path, tmp_path: Path) -> None:
    target = Directory(out)
    assert await target.send(parcel(tmp_path)) is False
    assert files(out) == {"a/b/x.tar.gz": b"one", "m/x.tar.gz.meta.txt": b"{}"}
    assert stat.S_IMODE((out / "a/b/x.tar.gz").stat().st_mode) == 0o644
    assert target.url("", "a/b/x.tar.gz") == f"file://{out}/a/b/x.tar.gz"


async def test_the_same_bytes_are_found(out: Path, tmp_path: Path) -> None:
    await Directory(out).send(parcel(tmp_path))
    assert await Directory(out).send(parcel(tmp_path)) is True
    assert len(files(out)) == 2


async def test_a_file_of_another_content_stays_as_it_is(out: Path, tmp_path: Path) -> None:
    await Directory(out).send(parcel(tmp_path))
    with pytest.raises(DeployError, match="another file of that name"):
        await Directory(out).send(parcel(tmp_path, b"forged"))
    assert files(out)["a/b/x.tar.gz"] == b"one"
    assert len(files(out)) == 2


async def test_it_is_replaced_if_that_is_wanted(out: Path, tmp_path: Path) -> None:
    await Directory(out).send(parcel(tmp_path))
    await Directory(out, overwrite=True).send(parcel(tmp_path, b"two"))
    assert files(out)["a/b/x.tar.gz"] == b"two"


async def test_what_fails_half_way_leaves_no_part_of_a_file(out: Path, tmp_path: Path) -> None:
    whole = parcel(tmp_path)
    whole.companions[0].file.unlink()
    with pytest.raises(DeployError, match="cannot be written"):
        await Directory(out).send(whole)
    assert files(out) == {"a/b/x.tar.gz": b"one"}


async def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="cannot be written: No such file"):
        await Directory(tmp_path / "none").send(parcel(tmp_path))
    with pytest.raises(DeployError, match="cannot be written: No such file"):
        await Directory(tmp_path / "none").try_writing()


async def test_trying_leaves_nothing(out: Path) -> None:
    await Directory(out).try_writing()
    assert files(out) == {}
