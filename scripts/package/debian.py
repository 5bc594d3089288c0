"""Builds the Debian package of a release, with that release's own Python, in a tree of its own."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from headgate import __version__
from headgate.testing.chroot.debian import clean
from headgate.testing.chroot.machine import Machine, why_not
from headgate.testing.cluster.errors import ClusterError
from scripts.package import contents, environment, wheel
from scripts.package.contents import ENVIRONMENT, File
from scripts.package.environment import BUILD
from scripts.package.releases import Release

_STAGE: Final = f"{BUILD}/stage"
_KEPT: Final = re.compile(r"python.*|headgate")
"""What stays of the environment's bin directory: programs of the packages in it are nobody's business."""


def version(release: Release, ours: str = __version__) -> str:
    """Return the package's version: ours in Debian's order, where ~ comes before the end, and the release."""
    ordered = re.sub(r"\.?(dev|a|b|rc)(?=\d)", lambda found: "~" + found[1].replace("dev", "0dev"), ours)
    return f"{ordered}+deb{release.number}"


def build(release: Release, output: Path) -> Path:
    """Build the package into a directory and return where it is. Raises ClusterError if it cannot be built here.

    Fetched are Debian's packages of the tree, once, and the Python packages that requirements/run.txt names, by hash.
    """
    reason = why_not()
    if reason:
        raise ClusterError(reason)
    tree = clean(release.suite, "python3")
    with (
        tempfile.TemporaryDirectory(prefix="headgate-deb-") as directory,
        Machine(tree, Path(directory) / "root", "build", shared=environment.cache()) as machine,
    ):
        environment.make(machine, str(ENVIRONMENT))
        _trim(machine)
        return _package(machine, release, output)


def _trim(machine: Machine) -> None:
    """Take away what nobody needs of the environment, and compile the rest."""
    for program in machine.path(ENVIRONMENT).joinpath("bin").iterdir():
        if not _KEPT.fullmatch(program.name):
            program.unlink()
    machine.path(ENVIRONMENT).joinpath(".lock").unlink(missing_ok=True)  # uv's
    for note in machine.path(ENVIRONMENT).rglob("*.dist-info/uv_cache.json"):  # when uv installed it
        record = note.with_name("RECORD")
        kept = [line for line in record.read_text().splitlines(keepends=True) if note.name not in line]
        record.write_text("".join(kept))
        note.unlink()
    # What is compiled counts whatever the files' times are: so the package does not depend on when it was built.
    compiling = ("-m", "compileall", "-q", "-j2", "--invalidation-mode", "unchecked-hash")
    machine.run(f"{ENVIRONMENT}/bin/python", *compiling, f"{ENVIRONMENT}/lib")


def _package(machine: Machine, release: Release, output: Path) -> Path:
    stage = machine.path(_STAGE)
    moment = wheel.moment()
    place = stage / ENVIRONMENT.relative_to("/")
    place.parent.mkdir(parents=True)
    machine.path(ENVIRONMENT).rename(place)
    _write(stage, contents.files(moment))
    program = stage / contents.PROGRAM.relative_to("/")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.symlink_to(os.path.relpath(ENVIRONMENT / "bin/headgate", contents.PROGRAM.parent))
    architecture = machine.run("/usr/bin/dpkg", "--print-architecture").strip()
    values = {
        "version": version(release),
        "architecture": architecture,
        "python": ".".join(map(str, release.python)),
        "python_next": ".".join(map(str, release.python_next)),
        "size": str(sum(path.lstat().st_size for path in stage.rglob("*")) // 1024),
    }
    sums = File("md5sums", "".join(_sums(stage)).encode())
    _write(stage / "DEBIAN", [*contents.control(values), sums])
    name = f"headgate_{values['version']}_{architecture}.deb"
    argv = ("/usr/bin/dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", _STAGE, f"{BUILD}/{name}")
    machine.run(*argv, env={"SOURCE_DATE_EPOCH": str(moment)})
    output.mkdir(parents=True, exist_ok=True)
    made = output / name
    shutil.copyfile(machine.path(f"{BUILD}/{name}"), made)
    return made


def _write(root: Path, files: Iterable[File]) -> None:
    for file in files:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(file.mode)


def _sums(stage: Path) -> Iterable[str]:
    """Yield what dpkg --verify compares files with."""
    for path in sorted(stage.rglob("*")):
        if path.is_file() and not path.is_symlink():
            sum_ = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            yield f"{sum_}  {path.relative_to(stage)}\n"
