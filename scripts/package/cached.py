"""The Debian package as tests need it: built once for the same sources, also by several test processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from headgate.testing.cluster.directories import CACHE, locked, make_directory
from scripts.package import debian
from scripts.package.releases import Release
from scripts.package.wheel import ROOT

PACKAGES = CACHE / "packages"
"""One directory a release, in it one package; may be removed when no test runs."""

_SOURCES = ("src", "scripts/package", "examples", "requirements/run.txt", "pyproject.toml", "CHANGELOG.md", "README.md")


def package(release: Release) -> Path:
    """Return the package of a release; build it if the sources have changed since."""
    home = PACKAGES / release.suite
    for directory in (CACHE, PACKAGES, home):
        make_directory(directory)
    place = home / _digest()
    with locked(home):
        if not place.exists():
            for other in home.iterdir():
                for file in other.iterdir():
                    file.unlink()
                other.rmdir()
            partial = home / "partial"
            partial.mkdir()
            debian.build(release, partial)
            partial.rename(place)
    return next(place.glob("*.deb"))


def _digest() -> str:
    sum_ = hashlib.sha256()
    for path in _files():
        sum_.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return sum_.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for name in _SOURCES:
        path = ROOT / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)
