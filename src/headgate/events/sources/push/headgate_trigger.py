#!/usr/bin/python3 -IS
# ruff: noqa: EXE001, SIM105, SLF001 - it is made executable when it is placed, and Python 3.6 runs it
"""Tell Headgate to look now, and end: what triggers name, and EpilogSlurmctld in slurm.conf.

slurmctld starts this program as ``headgate-trigger nodes HOSTLIST`` for a trigger about nodes, as
``headgate-trigger jobs JOB`` for one about jobs, and without arguments as EpilogSlurmctld. It sends one datagram to the
service's socket and ends with 0, whatever becomes of that: slurmctld waits for it, and nothing depends on it. Neither
which node nor which job is passed on; the service asks Slurm.

This file is installed as a copy by ``headgate trigger install`` and stands alone. It runs on Python 3.6 and newer,
without PATH, HOME, LANG or open standard streams, and never waits.
"""

import _socket
import posix
import sys

SOCKET = ""
"""The service's socket; written by the installation. Only where it is empty does HEADGATE_HINTS in the environment
count: users can put variables into the environment that Slurm gives to an epilog."""


def hint(arguments: "list[str]") -> "bytes | None":
    """Return what to say; None if this is no call of Slurm's."""
    if not arguments:
        return b"headgate-hint 1 epilog jobs"
    if arguments[0] in {"nodes", "jobs"}:
        return b"headgate-hint 1 trigger " + arguments[0].encode()
    return None


def send(place: bytes, data: bytes) -> None:
    """Send a datagram without waiting. Raises OSError."""
    sender = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    sender.setblocking(False)
    sender.sendto(data, _socket.MSG_DONTWAIT, place)


def main() -> None:
    """Say it, or end in silence."""
    place = SOCKET.encode("utf-8", "surrogateescape") or posix.environ.get(b"HEADGATE_HINTS", b"")
    data = hint(sys.argv[1:])
    if data is None or not place.startswith(b"/"):
        return
    try:
        send(place, data)
    except OSError:
        pass  # nobody listens, or has not yet heard what was said before: both are well


if __name__ == "__main__":
    main()
    # Nothing is left to tidy up, and the interpreter's own end takes time.
    posix._exit(0)
