"""Placing the program that says "look now": what triggers and EpilogSlurmctld name. Doing it again changes nothing."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.errors import SpoolError
from headgate.events.sources.mail.install import DEFAULT_PYTHON, check_program, check_python
from headgate.events.sources.mail.placing import Placed, Program, place
from headgate.events.sources.push import headgate_trigger

NAME: Final = "headgate-trigger"
DEFAULT_TARGET: Final = Path("/usr/lib/headgate") / NAME
_SHEBANG: Final = "#!/usr/bin/python3 -IS\n"
_SOCKET_LINE: Final = '\nSOCKET = ""\n'
_LONGEST: Final = 107
"""Bytes of a Unix socket's path."""
_CHECK_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be installed."""

    socket: Path
    target: Path = DEFAULT_TARGET
    python: Path = DEFAULT_PYTHON

    @property
    def configuration(self) -> str:
        """The line for slurm.conf."""
        return f"EpilogSlurmctld={self.target}"


def install_as(order: Order, slurm_user: str) -> Placed:
    """Put the program in its place, for slurmctld running as ``slurm_user``, and try it as that account.

    Raises SpoolError that says what is in the way.
    """
    program = plan(order)
    check_python(order.python)
    placed = place(program)
    check_as(order, slurm_user)
    return placed


def plan(order: Order) -> Program:
    """Return what has to be there. Raises SpoolError if the order cannot be carried out anywhere."""
    check_program(order.target, order.python)
    if order.target.name != NAME:
        raise SpoolError(f"the program has to be called {NAME}: by that name Headgate knows its own triggers")
    if not order.socket.is_absolute() or ".." in order.socket.parts or len(os.fsencode(order.socket)) > _LONGEST:
        raise SpoolError(f"the socket needs an absolute path of at most {_LONGEST} bytes, without '..'")
    return Program(order.target, program_text(order.socket, order.python).encode(), 0o755)


def program_text(socket: Path, python: Path = DEFAULT_PYTHON) -> str:
    """Return the program as it is placed: with its interpreter and the service's socket."""
    source = Path(headgate_trigger.__file__).read_text(encoding="utf-8")
    if not source.startswith(_SHEBANG) or source.count(_SOCKET_LINE) != 1:
        raise SpoolError("this copy of Headgate is damaged: headgate_trigger.py is not as it was made")
    named = source.replace(_SOCKET_LINE, f"\nSOCKET = {str(socket)!a}\n")
    return f"#!{python} -IS\n" + named.removeprefix(_SHEBANG)


def check_as(order: Order, slurm_user: str) -> None:
    """Run the program as slurmctld's account where we may: a service that listens gets a hint. Raises SpoolError."""
    try:
        uid, gid = (known := pwd.getpwnam(slurm_user)).pw_uid, known.pw_gid
    except KeyError:
        raise SpoolError(
            f"there is no user {slurm_user} on this host: give SlurmUser of slurm.conf by --slurm-user"
        ) from None
    as_root = os.geteuid() == 0
    try:
        answer = subprocess.run(
            [str(order.target), "nodes"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHECK_SECONDS,
            check=False,
            env={},
            cwd="/",
            user=uid if as_root else None,
            group=gid if as_root else None,
            extra_groups=[] if as_root else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SpoolError(f"the program is in its place, but {slurm_user} cannot run it: {error}") from error
    if answer.returncode != 0:
        said = answer.stderr.decode("utf-8", "replace").strip()
        raise SpoolError(f"the program is in its place, but does not run as {slurm_user}: {said or answer.returncode}")
