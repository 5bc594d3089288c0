"""Putting everything in its place: what is there already and right stays as it is."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headgate.config.settings import SpoolSettings
from headgate.errors import ConfigError
from headgate.events.sources.mail.install import DEFAULT_TARGET, Order, install_as
from headgate.events.sources.mail.placing import Directory, Placed, Program, place
from headgate.executor import headgate_executor, headgate_verbs
from headgate.service.setup import units
from headgate.service.setup.document import executor_configuration

ACCOUNT: Final = "headgate"
EXECUTOR: Final = Path("/usr/lib/headgate/executor")
EXECUTOR_FILES: Final = (Path(headgate_executor.__file__), Path(headgate_verbs.__file__))
EXECUTOR_INI: Final = Path("/etc/headgate/executor.ini")
_PACKAGED: Final = (Path("/usr/lib/systemd/system/headgate.service"), Path("/lib/systemd/system/headgate.service"))
_OWN_UNITS: Final = Path("/etc/systemd/system")
_SYSUSERS: Final = Path("/etc/sysusers.d/headgate.conf")
_TMPFILES: Final = Path("/etc/tmpfiles.d/headgate.conf")
_OTHER_TARGET: Final = Path("/usr/local/lib/headgate/headgate-mailprog")
_SECONDS: Final = 180


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be placed. ``spool``: where Slurm's mails wait; ``slurm_commands``: for the executor."""

    spool: Path
    slurm_user: str
    slurm_commands: Path
    executor: bool


def packaged() -> bool:
    """Say whether a package of the system has brought the units, and so all that belongs to the program."""
    return any(path.exists() for path in _PACKAGED)


def program() -> Path:
    """Return the program that a unit has to start: that of this very environment."""
    return Path(sys.executable).parent / "headgate"


def hand_off(spool: Path) -> Path:
    """Return where the hand-off program for this spool lies.

    The one that a package has brought names the usual spool, and comes back with each upgrade; another spool needs
    another program.
    """
    if packaged() and spool != SpoolSettings().path:
        return _OTHER_TARGET
    return DEFAULT_TARGET


def system(wanted: Wanted) -> list[Placed]:
    """Place the account, directories, units, executor and hand-off. Raises ConfigError or SpoolError."""
    if os.geteuid() != 0:
        raise ConfigError("this needs root: it makes an account, and directories of the system")
    placed: list[Placed] = []
    if not packaged():
        placed += _by_hand(wanted)
    _directories()
    placed += install_as(Order(wanted.spool, hand_off(wanted.spool)), wanted.slurm_user, ACCOUNT)
    if wanted.executor and not EXECUTOR_INI.exists():
        placed.append(place(Program(EXECUTOR_INI, executor_configuration(wanted.slurm_commands).encode(), 0o644)))
    return placed


def _by_hand(wanted: Wanted) -> list[Placed]:
    """Do what the Debian package does where the program came as a wheel."""
    placed = [
        place(Program(_SYSUSERS, units.account().encode(), 0o644)),
        place(Program(_TMPFILES, units.directories().encode(), 0o644)),
    ]
    _run("systemd-sysusers", str(_SYSUSERS))
    names = units.UNITS if wanted.executor else units.UNITS[:1]
    placed += [place(Program(_OWN_UNITS / name, units.unit(name, program()).encode(), 0o644)) for name in names]
    if wanted.executor:
        placed += [place(Program(EXECUTOR / file.name, file.read_bytes(), 0o644)) for file in EXECUTOR_FILES]
    if Path("/run/systemd/system").is_dir():
        _run("systemctl", "daemon-reload")
    return placed


def _directories() -> None:
    """Make the directories again where somebody has removed them since the installation."""
    try:
        own, group = pwd.getpwnam(ACCOUNT), grp.getgrnam(ACCOUNT).gr_gid
    except KeyError:
        raise ConfigError(f"there is no account {ACCOUNT}: install the package again, or make it") from None
    place(Directory(Path("/etc/headgate"), 0, group, 0o750))
    place(Directory(Path("/var/lib/headgate"), own.pw_uid, group, 0o750))
    place(Directory(Path("/var/spool/headgate"), 0, 0, 0o755))


def write_configuration(path: Path, text: str) -> bool:
    """Write the configuration if there is none, readable by root and the service; say whether it was written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(text)
            file.flush()
            os.fchown(descriptor, 0, grp.getgrnam(ACCOUNT).gr_gid)
            os.fchmod(descriptor, 0o640)
            os.fsync(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return True


def as_account(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a headgate command as Headgate's account, the way the service will; return what it said."""
    own = pwd.getpwnam(ACCOUNT)
    argv = [str(program()), *arguments]
    try:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            cwd="/",
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": own.pw_dir},
            user=own.pw_uid,
            group=own.pw_gid,
            extra_groups=os.getgrouplist(ACCOUNT, own.pw_gid),
        )
    except OSError as error:
        advice = "install it where every account may read it, such as below /opt"
        raise ConfigError(f"the account {ACCOUNT} cannot run {argv[0]} ({error.strerror}): {advice}") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"`headgate {' '.join(arguments)}` did not end within {_SECONDS} seconds") from error


def _run(*argv: str) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{argv[0]} cannot be run: {error}; Headgate's service needs systemd") from error
    if done.returncode:
        raise ConfigError(f"{argv[0]} failed: {done.stderr.strip()}")
