"""Putting one directory or one program into its place, once and for all: only what differs is changed."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headgate.errors import SpoolError

Outcome = Literal["made", "changed", "as it was"]


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, its owner and group, and its mode."""

    path: Path
    uid: int
    gid: int
    mode: int


@dataclass(frozen=True, slots=True)
class Program:
    """A program: its content and mode. It belongs to whoever places it, who should be root."""

    path: Path
    content: bytes
    mode: int


Step = Directory | Program


@dataclass(frozen=True, slots=True)
class Placed:
    """What is there now."""

    path: Path
    outcome: Outcome
    owner: str
    group: str
    mode: int

    def __str__(self) -> str:
        """One line, as ls(1) would put it."""
        return f"{stat.filemode(self.mode)} {self.owner}:{self.group} {self.path} ({self.outcome})"


def place(step: Step) -> Placed:
    """Put it there. Raises SpoolError that says what is in the way."""
    try:
        _make_parents(step.path.parent)
        outcome = _directory(step) if isinstance(step, Directory) else _program(step)
        found = step.path.lstat()
    except PermissionError as error:
        hint = "" if os.geteuid() == 0 else "; run this as root"
        raise SpoolError(f"{error.filename or step.path} cannot be changed: {error.strerror}{hint}") from error
    except OSError as error:
        raise SpoolError(f"{error.filename or step.path} cannot be made: {error.strerror}") from error
    return Placed(step.path, outcome, _user(found.st_uid), _group(found.st_gid), found.st_mode)


def _make_parents(path: Path) -> None:
    """Make what is missing above, for all to pass; refuse directories in which anybody could swap things."""
    for parent in (*reversed(path.parents), path):
        try:
            mode = parent.stat().st_mode
        except FileNotFoundError:
            parent.mkdir(mode=0o755)
            parent.chmod(0o755)  # whatever the umask
            continue
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise SpoolError(f"anybody may write to {parent}, and so replace what is in it: choose another place")


def _directory(step: Directory) -> Outcome:
    outcome: Outcome = "as it was"
    try:
        step.path.mkdir(mode=0o700)
        outcome = "made"
    except FileExistsError:
        if not stat.S_ISDIR(step.path.lstat().st_mode):
            raise SpoolError(f"{step.path} is there already and is not a directory") from None
    found = step.path.lstat()
    if (found.st_uid, found.st_gid) != (step.uid, step.gid):
        os.chown(step.path, step.uid, step.gid, follow_symlinks=False)
        outcome = outcome if outcome == "made" else "changed"
    if stat.S_IMODE(step.path.lstat().st_mode) != step.mode:  # after chown, which takes bits away
        step.path.chmod(step.mode)
        outcome = outcome if outcome == "made" else "changed"
    return outcome


def _program(step: Program) -> Outcome:
    try:
        found = step.path.lstat()
    except FileNotFoundError:
        _write(step)
        return "made"
    if not stat.S_ISREG(found.st_mode):
        raise SpoolError(f"{step.path} is there already and is not a file")
    right_owner = found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == step.mode
    if right_owner and step.path.read_bytes() == step.content:
        return "as it was"
    _write(step)
    return "changed"


def _write(step: Program) -> None:
    """Replace the program at once: slurmctld may start it at any moment."""
    hidden = step.path.with_name(f".{step.path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(step.content)
            file.flush()
            os.fchmod(descriptor, step.mode)
            os.fsync(descriptor)
        hidden.rename(step.path)
    except BaseException:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
