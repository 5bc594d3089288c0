# ruff: noqa: PLR2004
"""What acting by SSH runs on the login node, as the user: the helper's two files, and this one before them.

``START``, the only text that a remote shell sees, reads this file from standard input and runs it; it gets the other
two the same way. Nothing is installed and nothing is written. The helper serves one person, as with ``--self``, and
its listening socket is one end of a pair that only this process holds. This process stands between it and the
connection: it hands requests over, keeps the files that were opened, and reads and writes them when it is asked to,
because a descriptor cannot travel by SSH. It ends with the connection, and the helper with it.

Each message, in both directions, is two lengths of four bytes, then a JSON object, then bytes. A message to here has a
number, ``id``, and a ``do``; its answer has the same number, and ``ok`` is false if it is a refusal. Standard library
of Python 3.9 only.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import socket
import sys
import threading
import types
from typing import Any, BinaryIO

Head = dict[str, Any]

TOO_OLD = 97
START = (
    f"exec %s -IS -c 'import sys;sys.version_info<(3,9)and sys.exit({TOO_OLD});f=sys.stdin.buffer;"
    'exec(compile(f.read(int(f.readline())),"headgate_remote","exec"))\''
)
"""``%s``: the path of Python. Any shell that people have takes it, and every Python since 3.4."""
MARK = b"\0headgate-remote\0"
"""What the answers begin after: a login shell may have printed something before."""
PIECE = 256 * 1024
LONGEST = 16 * 1024 * 1024
LAST_SECONDS = 10
PR_SET_PDEATHSIG = 1


def framed(head: Head, data: bytes = b"") -> bytes:
    """Return a message as it travels."""
    text = json.dumps(head).encode()
    return len(text).to_bytes(4, "big") + len(data).to_bytes(4, "big") + text + data


def read_message(incoming: BinaryIO) -> tuple[Head, bytes] | None:
    """Wait for a message; None if no more will come."""
    lengths = incoming.read(8)
    head, data = int.from_bytes(lengths[:4], "big"), int.from_bytes(lengths[4:], "big")
    if len(lengths) < 8 or max(head, data) > LONGEST:
        return None
    text, more = incoming.read(head), incoming.read(data)
    return (json.loads(text), more) if len(text) == head and len(more) == data else None


class Pair(socket.socket):
    """A listening socket without an address: connections come through it, from who holds its other end."""

    def accept(self) -> tuple[socket.socket, None]:
        """Take a connection; begin to end when there will be no more."""
        data, descriptors, _, _ = socket.recv_fds(self, 1, 1)
        if not data:
            os.kill(os.getpid(), signal.SIGTERM)
        if not descriptors:
            raise OSError("no connection came")
        return socket.socket(fileno=descriptors[0]), None


class Held:
    """A file, or an archive that is being made: its descriptor, and the request that is not over."""

    def __init__(self, descriptor: int, request: socket.socket | None = None) -> None:
        self.descriptor, self.request = descriptor, request
        self.lock = threading.Lock()

    def close(self) -> None:
        """Let go of it; an archive that nobody reads any more is not made to its end."""
        if self.request:
            self.request.close()
        os.close(self.descriptor)


class Relay:
    """Answers what comes by the connection, each message in a thread: a file system may be slow."""

    def __init__(self, door: socket.socket, verbs: Any) -> None:
        self.door, self.verbs = door, verbs
        self.held: dict[int, Held] = {}
        self.last = 0
        self.saying, self.counting = threading.Lock(), threading.Lock()

    def say(self, head: Head, data: bytes = b"") -> None:
        """Send a message; end if nobody can hear it."""
        left = memoryview(framed(head, data))
        with self.saying:
            while left:
                try:
                    left = left[os.write(1, left) :]
                except OSError:
                    os._exit(1)

    def answer(self, head: Head, data: bytes) -> None:
        """Do what a message asks for."""
        try:
            told, more = getattr(self, "do_" + head["do"])(head, data)
        except self.verbs.Refusal as refusal:
            told, more = refusal.answer, b""
        except OSError as error:
            word = self.verbs.ERRORS.get(error.errno, "system")
            told, more = {"ok": False, "error": word, "message": os.strerror(error.errno or 0)}, b""
        except Exception:  # noqa: BLE001 - the next message is another one
            told, more = {"ok": False, "error": "internal", "message": "the remote side failed"}, b""
        self.say({**told, "id": head["id"]}, more)

    def do_ask(self, head: Head, data: bytes) -> tuple[Head, bytes]:
        """Hand a request to the helper; keep what it opens. ``data`` is a script."""
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self.door, [b"+"], [theirs.fileno()])
        except OSError:
            os._exit(1)
        theirs.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it refused already
            ours.sendall(self.verbs.frame(head["request"]))
            if head["request"]["verb"] == "submit":
                ours.sendall((len(data).to_bytes(4, "big") + data if data else b"") + bytes(4))
        answer, descriptor = self.receive(ours)
        if descriptor is None:
            ours.close()
            return answer, b""
        held = Held(descriptor, ours if answer.get("stream") else None)
        if not held.request:
            ours.close()
        with self.counting:
            self.last += 1
            number = self.last
        self.held[number] = held
        return {**answer, "file": number}, b""

    def receive(self, connection: socket.socket) -> tuple[Head, int | None]:
        """Wait for the helper's answer."""
        data, descriptors, _, _ = socket.recv_fds(connection, 4, 1)
        data += connection.recv(4 - len(data), socket.MSG_WAITALL) if len(data) < 4 else b""
        text = connection.recv(int.from_bytes(data, "big"), socket.MSG_WAITALL)
        answer: Head = json.loads(text)
        return answer, descriptors[0] if descriptors else None

    def do_read(self, head: Head, _: bytes) -> tuple[Head, bytes]:
        """Read from a place in a file."""
        held = self.held[head["file"]]
        with held.lock:
            return {"ok": True}, os.pread(held.descriptor, min(head["size"], PIECE), head["offset"])

    def do_write(self, head: Head, data: bytes) -> tuple[Head, bytes]:
        """Write at a place in a file."""
        held, left, offset = self.held[head["file"]], memoryview(data), head["offset"]
        with held.lock:
            while left:
                written = os.pwrite(held.descriptor, left, offset)
                left, offset = left[written:], offset + written
        return {"ok": True}, b""

    def do_size(self, head: Head, _: bytes) -> tuple[Head, bytes]:
        """Tell how large a file is now."""
        held = self.held[head["file"]]
        with held.lock:
            return {"ok": True, "size": os.fstat(held.descriptor).st_size}, b""

    def do_piece(self, head: Head, _: bytes) -> tuple[Head, bytes]:
        """Read on in an archive; after its end tell how it went."""
        held = self.held[head["file"]]
        with held.lock:
            data = os.read(held.descriptor, PIECE)
            if data or held.request is None:
                return {"ok": True}, data
            return self.receive(held.request)[0], b""

    def do_close(self, head: Head, _: bytes) -> tuple[Head, bytes]:
        """Close a file or an archive."""
        held = self.held.pop(head["file"])
        with held.lock:
            held.close()
        return {"ok": True}, b""


def load(name: str, source: str) -> Any:
    """Make a module of a text."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec"), module.__dict__)  # noqa: S102 - it came as this file did
    return module


def serve_alone(door: Pair, executor: Any, verbs: Any, head: Head) -> None:
    """Be the helper, in a process of its own."""
    verbs.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    empty = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(empty, standard)
    slurm = {name: verbs.Slurm(**place) for name, place in head["slurm"].items()}
    limits = verbs.Limits(roots=head["roots"], slurm=slurm)
    config = executor.Config(
        timeout=head["timeout"], transfer_timeout=head["transfer_timeout"], children_per_user=128, limits=limits
    )
    server = executor.Server(door, config, alone=True)
    server.serve()
    # What it started is killed; now what that leaves behind, for no systemd does so here.
    signal.alarm(LAST_SECONDS)
    server.children.clear()
    with contextlib.suppress(ChildProcessError):
        while True:
            server.end_orphans()
            os.waitpid(-1, 0)


def main() -> None:
    """Get the other files, start the helper, say that it is there, and answer."""
    incoming = sys.stdin.buffer
    first = read_message(incoming)
    if first is None:
        return
    head = first[0]
    os.write(1, MARK)
    account = pwd.getpwuid(os.getuid())
    verbs = load("headgate_verbs", head["verbs"])
    if os.getuid() == 0 or account.pw_name != head["user"]:
        refusal = {"ok": False, "error": "user", "message": "the login node takes this user for somebody else"}
        os.write(1, framed({**refusal, "id": 0}))
        return
    executor = load("headgate_executor", head["executor"])
    os.environ.clear()
    os.umask(0o077)
    os.chdir("/")
    ours, theirs = socket.socketpair()
    door = Pair(fileno=theirs.detach())
    if os.fork() == 0:
        try:
            ours.close()
            serve_alone(door, executor, verbs, head)
        finally:
            os._exit(1)
    door.close()
    relay = Relay(ours, verbs)
    relay.say({"ok": True, "id": 0})
    while (message := read_message(incoming)) is not None:
        threading.Thread(target=relay.answer, args=message, daemon=True).start()
    os._exit(0)  # threads may be reading from a file system that does not answer


if __name__ == "__main__":
    main()
