"""Writing the pack into a directory: all of it, or nothing.

The directory may be new, empty, or a pack that was built before and not changed since. In the last case ``.git`` stays,
since StackStorm installs packs from repositories.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from headgate.errors import HeadgateError
from headgate.pack.content import content

RECORD: Final = ".headgate-pack.json"
"""In the directory: which files were written, and what was in them."""
_KEPT: Final = ".git"
_PASSED_OVER: Final = "__pycache__"
_MOST_NAMED: Final = 5
_MOST_BYTES: Final = 16 * 1024 * 1024


class PackError(HeadgateError):
    """The pack cannot be written there."""


def build(directory: Path, files: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Write the pack; return the paths of its files. Raises PackError, and then nothing was changed."""
    files = content() if files is None else files
    target = Path(os.path.abspath(directory))  # noqa: PTH100 - a link in it stays one
    try:
        _refuse_others(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _write(beside / "new", files)
            _put_in_place(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise PackError(f"{error.filename or target} cannot be written: {error.strerror or error}") from error
    return tuple(sorted(files))


def _refuse_others(target: Path) -> None:
    """Raise PackError if something is there that was not written by us as it is."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise PackError(f"{target} is no directory")
    there = set(_paths(target)) if target.exists() else set()
    if not there:
        return
    written = _record(target)
    if written is None:
        raise PackError(f"{target} is not empty, and holds no pack that was built by Headgate")
    foreign = sorted(path for path in there - {RECORD} if path not in written)
    changed = sorted(path for path in there & written.keys() if _sum((target / path).read_bytes()) != written[path])
    for paths, what in ((foreign, "holds what is not Headgate's"), (changed, "holds what was changed by hand")):
        if paths:
            more = ", …" if len(paths) > _MOST_NAMED else ""
            raise PackError(f"{target} {what}: {', '.join(paths[:_MOST_NAMED])}{more}; move it elsewhere first")


def _paths(target: Path) -> Iterator[str]:
    """Return the files of a directory, and links in it, but not the repository's."""
    for above, directories, names in os.walk(target):
        where = Path(above)
        directories[:] = [one for one in directories if one != _PASSED_OVER and (where != target or one != _KEPT)]
        links = [one for one in directories if (where / one).is_symlink()]
        yield from (str((where / name).relative_to(target)) for name in [*names, *links] if name != _KEPT)


def _record(target: Path) -> Mapping[str, str] | None:
    path = target / RECORD
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return None
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict):
        return None
    return {str(name): str(value) for name, value in files.items()}


def _write(new: Path, files: Mapping[str, str]) -> None:
    sums = {path: _sum(text.encode()) for path, text in sorted(files.items())}
    record = json.dumps({"files": sums}, indent=1) + "\n"
    for path, text in {**files, RECORD: record}.items():
        place = new / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    for above, _, names in os.walk(new):
        Path(above).chmod(0o755)  # StackStorm reads it as another account
        for name in names:
            (Path(above) / name).chmod(0o644)


def _put_in_place(beside: Path, target: Path) -> None:
    """Have the new directory take the old one's place; should that fail, the old one comes back."""
    new, old = beside / "new", beside / "old"
    if not target.exists():
        new.rename(target)
        return
    target.rename(old)
    try:
        if (old / _KEPT).exists():
            (old / _KEPT).rename(new / _KEPT)
        new.rename(target)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            (new / _KEPT).rename(old / _KEPT)
        old.rename(target)
        raise


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
