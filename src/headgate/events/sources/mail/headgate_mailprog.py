#!/usr/bin/python3 -IS
# ruff: noqa: EXE001, SIM105, SLF001, UP031 - it is made executable when it is placed, and Python 3.6 runs it
"""Write down one mail that Slurm asks for, and end: what MailProg in slurm.conf names.

slurmctld starts this program for each mail, as ``MailProg -s SUBJECT RECEIVERS``. It writes the arguments, the
``SLURM_*`` environment and the time as one record into the spool directory, whole and on disk, and ends with 0. If it
cannot, it ends with 1 and says why in one line on standard error, which slurmctld puts into its log.

This file is installed as a copy by ``headgate mailprog install`` and stands alone. It runs on Python 3.6 and newer,
without PATH, HOME, LANG or standard input, and imports only what is built into the interpreter, because slurmctld
waits for it. Whatever the arguments are, they are stored: reading them is the service's work.

The record, each part ended by a NUL byte, which neither arguments nor environment can hold::

    headgate-mail 1 | TIME | number of arguments | arguments ... | number of variables | NAME=VALUE ...

TIME is in microseconds since the epoch.
"""

import posix
import sys
import time

SPOOL = ""
"""The spool directory; written by the installation. Only where it is empty does HEADGATE_SPOOL in the environment
count: users can put variables into the environment that Slurm gives to this program."""

LONGEST_QUOTE = 400
"""Characters of the arguments that are repeated when they could not be stored."""

EINVAL = 22
"""Answered for fsync by file systems that keep directories on disk by themselves."""


def record(micros: int, argv: "list[bytes]", environment: "dict[bytes, bytes]") -> bytes:
    """Return the record. Of the environment it holds only Slurm's variables, and no credential of Slurm's."""
    variables = [
        name + b"=" + value
        for name, value in environment.items()
        if name.startswith(b"SLURM_") and not name.startswith(b"SLURM_JWT")
    ]
    parts = [b"headgate-mail 1", b"%d" % micros, b"%d" % len(argv), *argv, b"%d" % len(variables), *variables]
    return b"\0".join(parts) + b"\0"


def store(spool: bytes, name: bytes, data: bytes) -> None:
    """Put a file into the spool, whole and on disk or not at all. Raises OSError."""
    directory = posix.open(spool, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    hidden = b"." + name + b".part"
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
    file = posix.open(hidden, flags, 0o640, dir_fd=directory)
    try:
        posix.fchmod(file, 0o640)  # whatever the umask
        rest = memoryview(data)
        while rest:
            rest = rest[posix.write(file, rest) :]
        posix.fsync(file)
        posix.close(file)
        posix.rename(hidden, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        try:
            posix.unlink(hidden, dir_fd=directory)
        except OSError:
            pass  # what went wrong before is what is to be told
        raise
    try:
        posix.fsync(directory)
    except OSError as error:
        if error.errno != EINVAL:
            raise


def complain(why: str, spool: bytes) -> None:
    """Say in one line of plain ASCII what went wrong, and for which mail."""
    where = ascii(spool.decode("utf-8", "replace"))
    line = "headgate-mailprog: cannot write to %s: %s; not stored: %s" % (
        where,
        why,
        ascii(sys.argv[1:])[:LONGEST_QUOTE],
    )
    try:
        posix.write(2, line.encode("ascii", "replace") + b"\n")
    except OSError:
        pass  # nobody listens


def main() -> int:
    """Store this call; return the exit code."""
    micros = int(time.time() * 1000000)
    spool = SPOOL.encode("utf-8", "surrogateescape") or posix.environ.get(b"HEADGATE_SPOOL", b"")
    encoding, errors = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
    if not spool.startswith(b"/"):
        complain("the installation names no spool directory", spool)
        return 1
    try:
        argv = [word.encode(encoding, errors) for word in sys.argv]
        name = b"%017d-%d-%s.mail" % (micros, posix.getpid(), posix.urandom(4).hex().encode())
        store(spool, name, record(micros, argv, posix.environ))
    except (OSError, MemoryError, ValueError) as error:
        complain(getattr(error, "strerror", None) or str(error) or "out of memory", spool)
        return 1
    return 0


if __name__ == "__main__":
    # Nothing is left to tidy up, and the interpreter's own end takes time.
    posix._exit(main())
