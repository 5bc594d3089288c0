"""Placing the hand-off: the spool directory, the program that names it, and who may do what with them.

``plan`` decides, ``place`` does it, ``check_as`` tries it as the account that slurmctld runs as. Doing it again changes
nothing.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.errors import SpoolError
from headgate.events.sources.mail import headgate_mailprog
from headgate.events.sources.mail.aside import MODE as SPOOL_MODE
from headgate.events.sources.mail.placing import Directory, Placed, Program, Step, place

DEFAULT_TARGET: Final = Path("/usr/lib/headgate/headgate-mailprog")
DEFAULT_PYTHON: Final = Path("/usr/bin/python3")
_MAX_PYTHON: Final = 120
"""Characters: Linux reads 128 of a script's first line before 5.1."""
_SHEBANG: Final = "#!/usr/bin/python3 -IS\n"
_SPOOL_LINE: Final = '\nSPOOL = ""\n'
_CHECK_SECONDS: Final = 30
_CHECK: Final = """\
import posix, sys
spool, target = sys.argv[1:]
if sys.version_info < (3, 6): print("it is older than Python 3.6")
elif not posix.access(spool, posix.W_OK | posix.X_OK): print("it may not write to " + spool)
elif not posix.access(target, posix.R_OK | posix.X_OK): print("it may not run " + target)
"""


@dataclass(frozen=True, slots=True)
class Account:
    """Who slurmctld runs as, and the group Headgate's account is in."""

    user: str
    uid: int
    group: str
    gid: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be installed."""

    spool: Path
    target: Path = DEFAULT_TARGET
    python: Path = DEFAULT_PYTHON

    @property
    def configuration(self) -> str:
        """The line for slurm.conf."""
        return f"MailProg={self.target}"


def install_as(order: Order, slurm_user: str, group: str) -> list[Placed]:
    """Put everything in its place for slurmctld running as ``slurm_user`` and Headgate as a member of ``group``.

    Returns what is there now. Raises SpoolError that says what is in the way.
    """
    who = account(slurm_user, group)
    steps = plan(order, who)
    check_python(order.python)
    placed = [place(step) for step in steps]
    check_as(order, who)
    return placed


def account(user: str, group: str) -> Account:
    """Look up both names. Raises SpoolError that says what to do if this host does not know one."""
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        raise SpoolError(
            f"there is no user {user} on this host: give SlurmUser of slurm.conf by --slurm-user"
        ) from None
    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        raise SpoolError(
            f"there is no group {group} on this host: make it, or give the group of Headgate's account by --group"
        ) from None
    return Account(user, uid, group, gid)


def program_text(spool: Path, python: Path = DEFAULT_PYTHON) -> str:
    """Return the hand-off program as it is placed: with its interpreter and its spool directory."""
    source = Path(headgate_mailprog.__file__).read_text(encoding="utf-8")
    if not source.startswith(_SHEBANG) or source.count(_SPOOL_LINE) != 1:
        raise SpoolError("this copy of Headgate is damaged: headgate_mailprog.py is not as it was made")
    named = source.replace(_SPOOL_LINE, f"\nSPOOL = {str(spool)!a}\n")
    return f"#!{python} -IS\n" + named.removeprefix(_SHEBANG)


def plan(order: Order, who: Account) -> list[Step]:
    """Return what has to be there. Raises SpoolError if the order cannot be carried out anywhere."""
    _check_absolute("the spool", order.spool)
    check_program(order.target, order.python)
    return [
        Directory(order.spool, who.uid, who.gid, SPOOL_MODE),
        Program(order.target, program_text(order.spool, order.python).encode(), 0o755),
    ]


def check_program(target: Path, python: Path) -> None:
    """Raise SpoolError if slurm.conf cannot name a program at ``target``, or its first line not this interpreter."""
    for what, path in (("the program", target), ("the interpreter", python)):
        _check_absolute(what, path)
        if not str(path).isascii() or not str(path).isprintable() or set(str(path)) & set(" #\"'\\"):
            raise SpoolError(f"the path of {what} holds a blank or another character that it must not: {str(path)!a}")
    if len(str(python)) > _MAX_PYTHON:
        raise SpoolError(f"the path of the interpreter is longer than {_MAX_PYTHON} characters")


def _check_absolute(what: str, path: Path) -> None:
    if not path.is_absolute() or ".." in path.parts:
        raise SpoolError(f"{what} needs an absolute path without '..', not {str(path)!a}")


def check_python(python: Path) -> None:
    """Raise SpoolError if there is no such interpreter, so that no program is placed that cannot run."""
    try:
        found = python.stat()
    except OSError as error:
        raise SpoolError(f"there is no interpreter {python}: give another one by --python") from error
    if not stat.S_ISREG(found.st_mode) or not os.access(python, os.X_OK):
        raise SpoolError(f"{python} is not a program: give another interpreter by --python")


def check_as(order: Order, who: Account) -> None:
    """Try the interpreter, the spool and the program, as slurmctld's account where we may.

    Raises SpoolError that says what that account cannot do.
    """
    argv = [str(order.python), "-IS", "-c", _CHECK, str(order.spool), str(order.target)]
    as_root = os.geteuid() == 0
    user_name = who.user if as_root else "this account"
    try:
        answer = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_SECONDS,
            check=False,
            env={},
            cwd="/",
            user=who.uid if as_root else None,
            group=pwd.getpwuid(who.uid).pw_gid if as_root else None,
            extra_groups=os.getgrouplist(who.user, pwd.getpwuid(who.uid).pw_gid) if as_root else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpoolError(f"{user_name} cannot run {order.python}: {error}; give another one by --python") from error
    said = (answer.stdout + answer.stderr).decode("utf-8", "replace").strip()
    if answer.returncode != 0 or said:
        raise SpoolError(f"everything is in its place, but {user_name} cannot use it: {said or answer.returncode}")
