# ruff: noqa: PTH118, PTH123, PTH208, D402
"""What the executor does once it is the user: the second file of the root helper.

Nothing here runs as root. ``headgate_executor`` reads a request's verb and user, becomes the user in a child of its
own, and calls ``do``, which checks every other field (``VERBS`` lists them all) and does what was asked. Standard
library only; installed beside ``headgate_executor``, as root's.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import heapq
import json
import os
import pwd
import re
import selectors
import signal
import socket
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Request = dict[str, Any]
Answer = dict[str, Any]

MAX_LIST = 10_000
MAX_DEPTH = 200
MAX_PATH = 4096
MAX_NAME = 255
CHUNK = 256 * 1024
F_GETPIPE_SZ = 1032
PATH = "/usr/local/bin:/usr/bin:/bin"
LIBC = ctypes.CDLL(None, use_errno=True)


class Refusal(Exception):  # noqa: N818 - it is an answer
    """Why a request is not done: a word for programs, a message for people."""

    def __init__(self, error: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.answer: Answer = {"ok": False, "error": error, "message": message, **more}


ERRORS = {
    errno.ENOENT: "not-found", errno.EACCES: "forbidden", errno.EPERM: "forbidden", errno.EEXIST: "exists",
    errno.ENOTDIR: "not-a-directory", errno.EISDIR: "not-a-file", errno.ELOOP: "link", errno.EXDEV: "link",
    errno.ENOSPC: "full", errno.EDQUOT: "full", errno.ENXIO: "not-a-file", errno.ENOTEMPTY: "exists",
    errno.EINVAL: "request",
}  # fmt: skip


@dataclass(frozen=True)
class Slurm:
    """Where one cluster's commands are."""

    bin: str = "/usr/bin"
    conf: str = ""


@dataclass(frozen=True)
class Limits:
    """What a verb may use. Sizes are in bytes."""

    roots: list[str] = field(default_factory=list)
    umask: int = 0o022
    max_script: int = 4 * 1024 * 1024
    max_output: int = 1024 * 1024
    max_entries: int = 100_000
    max_total: int = 64 * 1024**3
    max_ratio: int = 200
    slurm: dict[str, Slurm] = field(default_factory=lambda: {"": Slurm()})


def frame(answer: Answer) -> bytes:
    """Return an answer with its length before it."""
    data = json.dumps(answer).encode()
    return len(data).to_bytes(4, "big") + data


def prctl(option: int, value: int) -> None:
    """Set an option of this process: prctl(2)."""
    if LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def call_oneself(name: bytes) -> None:
    """Set the name that others see of this process, at most 15 bytes: PR_SET_NAME."""
    LIBC.prctl(15, ctypes.c_char_p(name), 0, 0, 0)


Check = Callable[[Any], Any]


def matching(pattern: str, longest: int = 1024) -> Check:
    """Return a check that text is printable and looks like this."""
    compiled = re.compile(pattern)

    def check(value: Any) -> str:
        if (
            not isinstance(value, str)
            or len(value) > longest
            or not value.isprintable()
            or not compiled.fullmatch(value)
        ):
            raise Refusal("request", "has a form that is not allowed")
        return value

    return check


def number(least: int, most: int) -> Check:
    """Return a check for a whole number within these bounds."""

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Refusal("request", f"is no whole number from {least} to {most}")
        return value

    return check


def boolean(value: Any) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise Refusal("request", "is neither true nor false")
    return value


def relative(value: Any) -> list[str]:
    """Return the components of a path below a root; "" is the root itself. Nothing is normalised: ``..`` is refused."""
    if value == "":
        return []
    parts = value.split("/") if isinstance(value, str) and len(value) <= MAX_PATH else [""]
    if any(part in ("", ".", "..") or "\0" in part or len(os.fsencode(part)) > MAX_NAME for part in parts):
        raise Refusal("request", "is no plain relative path")
    return parts


def absolute(value: Any) -> str:
    """Check for an absolute path without ``.``, ``..`` or empty components."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise Refusal("request", "is no absolute path")
    return "/" + "/".join(relative(value.strip("/")))


def names(value: Any) -> list[str]:
    """Check for a list of names within one directory."""
    if not isinstance(value, list) or any(len(relative(name)) != 1 for name in value):
        raise Refusal("request", "is no list of names")
    return value


def environment(value: Any) -> dict[str, str]:
    """Check for variables of a job. They never become the environment of a process of ours."""
    if not isinstance(value, dict) or any(
        not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        or re.match(r"SLURM_|SBATCH_", name)
        or not isinstance(text, str)
        or b"\0" in os.fsencode(text)
        for name, text in value.items()
    ):
        raise Refusal("request", "is no set of variables (SLURM_ and SBATCH_ are Slurm's)")
    return value


def among(table: dict[str, tuple[str, Check]]) -> Check:
    """Return a check for an object with some of these keys; it gives the arguments, each one word."""

    def check(value: Any) -> list[str]:
        if not isinstance(value, dict) or not value.keys() <= table.keys():
            raise Refusal("request", "is no object, or has a key that is unknown")
        words = []
        for key, given in value.items():
            word, rule = table[key]
            try:
                checked = rule(given)
            except Refusal as refusal:
                raise Refusal("request", f"{key} {refusal}") from None
            if isinstance(checked, bool) and "|" in word:
                words.append(word.split("|")[0 if checked else 1])
            elif not isinstance(checked, bool) or "=" in word:
                words.append(f"{word}{int(checked) if isinstance(checked, bool) else checked}")
            elif checked:
                words.append(word)
        return words

    return check


COUNT, NAME, LIST = number(0, 10**9), matching(r"[\w][\w.@+-]*", 128), matching(r"[\w][\w.@+,-]*")
TEXT, WORD = matching(r"[^\n]*"), matching(r"[^\s]+")
TIME = matching(r"UNLIMITED|\d{1,9}(-\d{1,2}(:\d{1,2}){0,2}|(:\d{1,2}){1,2})?")
MEMORY, RANGE, TRES = matching(r"\d{1,12}[KMGT]?"), matching(r"\d{1,9}(-\d{1,9})?"), matching(r"[\w:,./=-]+")
ARRAY, BEGIN, LOGIC = matching(r"[\d,:%-]+"), matching(r"[\w:+/-]+"), matching(r"[\w:,?+&|*().!\[\]-]+")
SUBMIT_OPTIONS: dict[str, tuple[str, Check]] = {
    "account": ("--account=", NAME),
    "array": ("--array=", ARRAY),
    "begin": ("--begin=", BEGIN),
    "comment": ("--comment=", TEXT),
    "constraint": ("--constraint=", LOGIC),
    "cpus_per_gpu": ("--cpus-per-gpu=", COUNT),
    "cpus_per_task": ("--cpus-per-task=", COUNT),
    "deadline": ("--deadline=", BEGIN),
    "dependency": ("--dependency=", LOGIC),
    "error": ("--error=", TEXT),
    "exclude": ("--exclude=", LOGIC),
    "exclusive": ("--exclusive", boolean),
    "gpus": ("--gpus=", TRES),
    "gpus_per_node": ("--gpus-per-node=", TRES),
    "gpus_per_task": ("--gpus-per-task=", TRES),
    "gres": ("--gres=", TRES),
    "hold": ("--hold", boolean),
    "input": ("--input=", TEXT),
    "job_name": ("--job-name=", TEXT),
    "licenses": ("--licenses=", LOGIC),
    "mail_type": ("--mail-type=", LIST),
    "mail_user": ("--mail-user=", WORD),
    "memory": ("--mem=", MEMORY),
    "memory_per_cpu": ("--mem-per-cpu=", MEMORY),
    "memory_per_gpu": ("--mem-per-gpu=", MEMORY),
    "nice": ("--nice=", COUNT),
    "nodelist": ("--nodelist=", LOGIC),
    "nodes": ("--nodes=", RANGE),
    "open_mode": ("--open-mode=", matching("append|truncate")),
    "output": ("--output=", TEXT),
    "partition": ("--partition=", LIST),
    "qos": ("--qos=", NAME),
    "requeue": ("--requeue|--no-requeue", boolean),
    "reservation": ("--reservation=", LIST),
    "signal": ("--signal=", matching(r"([BR]{1,2}:)?\w+(@\d{1,5})?")),
    "tasks": ("--ntasks=", COUNT),
    "tasks_per_node": ("--ntasks-per-node=", COUNT),
    "time": ("--time=", TIME),
    "time_min": ("--time-min=", TIME),
    "wckey": ("--wckey=", NAME),
}
# What an owner may change, by Slurm's own rules within these: no priority, no end time, no other owner.
UPDATE_KEYS: dict[str, tuple[str, Check]] = {
    "account": ("Account=", NAME),
    "array_throttle": ("ArrayTaskThrottle=", COUNT),
    "begin": ("StartTime=", BEGIN),
    "comment": ("Comment=", TEXT),
    "constraint": ("Features=", LOGIC),
    "deadline": ("Deadline=", BEGIN),
    "dependency": ("Dependency=", LOGIC),
    "job_name": ("JobName=", TEXT),
    "mail_type": ("MailType=", LIST),
    "mail_user": ("MailUser=", WORD),
    "nice": ("Nice=", COUNT),
    "nodes": ("NumNodes=", RANGE),
    "partition": ("Partition=", LIST),
    "qos": ("QOS=", NAME),
    "requeue": ("Requeue=", boolean),
    "reservation": ("ReservationName=", LIST),
    "time_limit": ("TimeLimit=", TIME),
}
JOB = matching(r"[1-9][0-9]{0,9}(_[0-9]{1,7})?")
PLACE: dict[str, Check] = {"root": absolute, "path": relative}
MODE = number(0, 0o777)
ON_JOB: dict[str, Check] = {"job": JOB, "cluster": NAME}
VERBS: dict[str, dict[str, Check]] = {
    "ping": {},
    "submit": {
        **PLACE,
        "options": among(SUBMIT_OPTIONS),
        "environment": environment,
        "cluster": NAME,
        "save_as": NAME,
    },
    "cancel": ON_JOB,
    "hold": ON_JOB,
    "release": ON_JOB,
    "requeue": ON_JOB,
    "update": {**ON_JOB, "changes": among(UPDATE_KEYS)},
    "open-read": PLACE,
    "open-write": {**PLACE, "how": matching("create|replace|append|resume"), "mode": MODE, "parents": boolean},
    "list": {**PLACE, "after": matching(r"[^/\0]*"), "limit": number(1, MAX_LIST)},
    "stat": PLACE,
    "make-directory": {**PLACE, "parents": boolean, "mode": MODE},
    "rename": {**PLACE, "to": relative},
    "archive": PLACE,
    "extract": {**PLACE, "into": relative},
    "prune": {**PLACE, "keep": names},
    "remove-tree": PLACE,
}
OPTIONAL: Request = {
    "cluster": "", "options": [], "environment": {}, "how": "create", "mode": None, "after": "", "limit": MAX_LIST,
    "parents": False, "keep": [], "save_as": "",
}  # fmt: skip
LONG = {"archive", "extract", "prune", "remove-tree"}


def checked(verb: str, given: Request) -> Request:
    """Return a request whose every field was checked; raise Refusal for anything else."""
    fields = VERBS[verb]
    if missing := [name for name in fields if name not in given and name not in OPTIONAL]:
        raise Refusal("request", f"{missing[0]} is missing")
    request = {name: OPTIONAL[name] for name in fields if name in OPTIONAL}
    for name, value in given.items():
        if name not in fields:
            raise Refusal("request", "there is a field that is unknown")
        try:
            request[name] = fields[name](value)
        except Refusal as refusal:
            raise Refusal("request", f"{name} {refusal}") from None
        except (ValueError, TypeError):
            raise Refusal("request", f"{name} has a form that is not allowed") from None
    return request


DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
THROUGH = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def openat2(directory: int, path: str, flags: int, mode: int) -> int:
    """Open by openat2(2) with RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH."""
    how = struct.pack("=QQQ", flags, mode if flags & os.O_CREAT else 0, 0x02 | 0x04 | 0x08)
    result: int = LIBC.syscall(
        ctypes.c_long(437), ctypes.c_int(directory), ctypes.c_char_p(os.fsencode(path)),
        ctypes.c_char_p(how), ctypes.c_size_t(len(how)),
    )  # fmt: skip
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def walk_down(directory: int, parts: list[str], flags: int, mode: int) -> int:
    """Open component by component, for kernels before 5.6: no component may be a symbolic link."""
    here = os.dup(directory)
    for part in parts[:-1]:
        try:
            below = os.open(part, THROUGH, dir_fd=here)
        finally:
            os.close(here)
        here = below
    try:
        return os.open(parts[-1] if parts else ".", flags | os.O_NOFOLLOW, mode, dir_fd=here)
    finally:
        os.close(here)


def kernel_has_openat2() -> bool:
    """Ask the kernel (and a filter of system calls before it)."""
    with contextlib.suppress(OSError):
        slash = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        os.close(openat2(slash, ".", THROUGH, 0))
        os.close(slash)
        return True
    return False


OPENAT2 = kernel_has_openat2()


def open_beneath(directory: int, parts: list[str], flags: int, mode: int = 0) -> int:
    """Open what lies at ``parts`` below a directory, wherever its components may be made to point meanwhile."""
    flags |= os.O_CLOEXEC | os.O_NOFOLLOW
    if OPENAT2:
        return openat2(directory, "/".join(parts) or ".", flags, mode)
    return walk_down(directory, parts, flags, mode)


def open_root(root: str, limits: Limits, account: pwd.struct_passwd) -> int:
    """Open the root a request names. The part the administrator configured may be a link; what is below may not."""
    for allowed in limits.roots:
        base = (account.pw_dir if allowed == "~" else allowed.replace("%u", account.pw_name)).rstrip("/")
        if base.count("/") >= 1 and (root == base or root.startswith(base + "/")):
            trusted = os.open(base, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            return open_beneath(trusted, relative(root[len(base) + 1 :]), THROUGH)
    raise Refusal("root", "the directory is beneath none of the roots that the administrator allows")


def open_regular(directory: int, parts: list[str], flags: int, mode: int = 0) -> int:
    """Open a regular file; a pipe or a device is neither waited for nor read."""
    opened = open_beneath(directory, parts, flags | os.O_NONBLOCK | os.O_NOCTTY, mode)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise Refusal("not-a-file", "this is no regular file")
    os.set_blocking(opened, True)
    return opened


def parent(directory: int, parts: list[str]) -> tuple[int, str]:
    """Open the directory that holds what is named; raise Refusal for the root itself."""
    if not parts:
        raise Refusal("request", "path must name something below the root")
    return open_beneath(directory, parts[:-1], THROUGH), parts[-1]


def described(name: str, info: os.stat_result) -> Answer:
    """Return what is told about a file. A name that is no UTF-8 is told as text and can not be asked for."""
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")
    return {
        "name": shown, "named": shown == name, "kind": kinds.get(stat.S_IFMT(info.st_mode), "other"),
        "size": info.st_size, "mode": stat.S_IMODE(info.st_mode), "uid": info.st_uid, "gid": info.st_gid,
        "modified_ns": info.st_mtime_ns, "inode": info.st_ino,
    }  # fmt: skip


@dataclass
class Job:
    """One request in its child: the connection, the user, the root that was opened."""

    connection: socket.socket
    limits: Limits
    account: pwd.struct_passwd
    request: Request
    root: int = -1


def send(connection: socket.socket, answer: Answer, descriptor: int | None = None) -> None:
    """Send an answer, and a descriptor beside it."""
    data = frame(answer)
    if descriptor is not None:
        data = data[socket.send_fds(connection, [data], [descriptor]) :]
    connection.sendall(data)


def open_read(job: Job) -> tuple[Answer, int]:
    """Hand back a file, open for reading."""
    opened = open_regular(job.root, job.request["path"], os.O_RDONLY)
    return described(job.request["path"][-1], os.fstat(opened)), opened


def open_write(job: Job) -> tuple[Answer, int]:
    """Hand back a file, open for writing: a new one, an emptied one, at its end, or one that is there already."""
    more = {"create": os.O_CREAT | os.O_EXCL, "replace": os.O_CREAT, "append": os.O_CREAT | os.O_APPEND, "resume": 0}
    mode = 0o666 if job.request["mode"] is None else job.request["mode"]
    if job.request["parents"]:
        os.close(make_all(job.root, job.request["path"][:-1], 0o700))
    opened = open_regular(job.root, job.request["path"], os.O_WRONLY | more[job.request["how"]], mode)
    if job.request["how"] == "replace":
        os.ftruncate(opened, 0)
    return described(job.request["path"][-1], os.fstat(opened)), opened


def list_directory(job: Job) -> Answer:
    """Tell what is in a directory, in the order of names, from the name after ``after`` on."""
    directory, limit = open_beneath(job.root, job.request["path"], DIRECTORY), job.request["limit"]
    with os.scandir(directory) as entries:
        following = (entry for entry in entries if entry.name > job.request["after"])
        first = heapq.nsmallest(limit + 1, following, key=lambda entry: entry.name)
        told = []
        for entry in first[:limit]:
            with contextlib.suppress(FileNotFoundError):
                told.append(described(entry.name, entry.stat(follow_symlinks=False)))
    return {"entries": told, "more": len(first) > limit}


def tell(job: Job) -> Answer:
    """Tell about one file; about a symbolic link itself, not where it leads."""
    if not job.request["path"]:
        return described("", os.fstat(job.root))
    directory, name = parent(job.root, job.request["path"])
    return described(name, os.stat(name, dir_fd=directory, follow_symlinks=False))


def make_directory(job: Job) -> Answer:
    """Make a directory; with ``parents`` those above it too, and then it may be there already."""
    mode, parents = 0o777 if job.request["mode"] is None else job.request["mode"], job.request["parents"]
    directory, name = job.root, ""
    if not parents:
        directory, name = parent(job.root, job.request["path"])
        os.mkdir(name, mode, dir_fd=directory)
    else:
        make_all(job.root, job.request["path"], mode)
    return {}


def make_all(root: int, parts: list[str], mode: int = 0o777) -> int:
    """Make all these directories where they are missing, and return the last one, to go through."""
    here = os.dup(root)
    for part in parts:
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, mode, dir_fd=here)
        below = os.open(part, THROUGH, dir_fd=here)
        os.close(here)
        here = below
    return here


def rename(job: Job) -> Answer:
    """Give something another name below the same root; what had that name is replaced."""
    source, name = parent(job.root, job.request["path"])
    target, new_name = parent(job.root, job.request["to"])
    os.rename(name, new_name, src_dir_fd=source, dst_dir_fd=target)
    return {}


def prune(job: Job) -> Answer:
    """Remove everything in a directory but what is to be kept."""
    directory = open_beneath(job.root, job.request["path"], DIRECTORY)
    removed = 0
    for name in os.listdir(directory):
        if name not in job.request["keep"]:
            removed += remove(directory, name)
    return {"removed": removed}


def remove_tree(job: Job) -> Answer:
    """Remove a file, or a directory with all that is in it. Links are removed, not followed."""
    directory, name = parent(job.root, job.request["path"])
    return {"removed": remove(directory, name)}


def remove(directory: int, name: str, depth: int = 0) -> int:
    """Remove one entry of an open directory; return how many entries went."""
    try:
        os.unlink(name, dir_fd=directory)
    except IsADirectoryError:
        if depth > MAX_DEPTH:
            raise Refusal("too-deep", f"there are more than {MAX_DEPTH} directories in one another") from None
        below = os.open(name, DIRECTORY, dir_fd=directory)
        gone = sum(remove(below, entry, depth + 1) for entry in os.listdir(below))
        os.close(below)
        os.rmdir(name, dir_fd=directory)
        return gone + 1
    return 1


def archive(job: Job) -> Answer:
    """Hand back a pipe, write a directory into it as a zip file, and tell at the end how that went."""
    directory = open_beneath(job.root, job.request["path"], DIRECTORY)
    out, into = os.pipe2(os.O_CLOEXEC)
    send(job.connection, {"ok": True, "stream": True}, out)
    os.close(out)
    count = size = skipped = 0
    try:
        with (
            open(into, "wb", buffering=CHUNK) as sink,
            zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, True, 1) as packed,
        ):
            for name, opened in entries_of(directory, ""):
                info = None if opened is None else os.fstat(opened)
                if opened is None or info is None or name.encode("utf-8", "replace").decode() != name:
                    skipped += 1
                    continue
                count, size = count + 1, size + info.st_size
                if count > job.limits.max_entries or size > job.limits.max_total:
                    raise Refusal("too-large", "the directory holds more than an archive may")
                pack(packed, name, opened, info)
    except BrokenPipeError:
        raise Refusal("gone", "nobody reads the archive any more") from None
    return {"entries": count, "bytes": size, "skipped": skipped}


def entries_of(directory: int, above: str, depth: int = 0) -> Iterator[tuple[str, int | None]]:
    """Yield the path and an open descriptor of each file and directory; None for what is no file or cannot be read."""
    for name in sorted(os.listdir(directory)):
        path, opened = above + name, None
        try:
            kind = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
            if stat.S_ISDIR(kind) and depth < MAX_DEPTH:
                opened = os.open(name, DIRECTORY, dir_fd=directory)
            elif stat.S_ISREG(kind):
                opened = open_regular(directory, [name], os.O_RDONLY)
        except (OSError, Refusal):
            opened = None
        yield path, opened
        if opened is not None:
            if stat.S_ISDIR(os.fstat(opened).st_mode):
                yield from entries_of(opened, path + "/", depth + 1)
            os.close(opened)


def pack(packed: zipfile.ZipFile, name: str, opened: int, info: os.stat_result) -> None:
    """Put one entry into an archive: as many bytes as the file had when it was opened, or fewer."""
    when = max(time.localtime(info.st_mtime)[:6], (1980, 1, 1, 0, 0, 0))
    is_directory = stat.S_ISDIR(info.st_mode)
    entry = zipfile.ZipInfo(name + "/" * is_directory, min(when, (2107, 12, 31, 23, 59, 58)))
    entry.external_attr = (stat.S_IFMT(info.st_mode) | info.st_mode & 0o777) << 16 | (0x10 if is_directory else 0)
    entry.compress_type, left = zipfile.ZIP_DEFLATED, 0 if is_directory else info.st_size
    entry.file_size = left
    with packed.open(entry, "w", force_zip64=left > 1 << 30) as target:
        while left and (data := os.read(opened, min(left, CHUNK))):
            target.write(data)
            left -= len(data)


def extract(job: Job) -> Answer:
    """Unpack a zip file that lies below the root, into a directory there. All names and sizes are judged before."""
    opened = open_regular(job.root, job.request["path"], os.O_RDONLY)
    target, size = make_all(job.root, job.request["into"]), 0
    try:
        with open(opened, "rb") as file, zipfile.ZipFile(file) as packed:
            entries = [(judged(entry), entry) for entry in packed.infolist()]
            size = sum(entry.file_size for _, entry in entries)
            compressed = os.fstat(opened).st_size
            if len(entries) > job.limits.max_entries or size > job.limits.max_total:
                raise Refusal("too-large", "the archive holds more than it may")
            if size > 1024 * 1024 + compressed * job.limits.max_ratio:
                raise Refusal("too-large", "the archive grows more than it may")
            for parts, entry in entries:
                unpack(packed, entry, target, parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, struct.error) as error:
        raise Refusal("archive", f"the archive cannot be read: {error}") from None
    return {"entries": len(entries), "bytes": size}


def judged(entry: zipfile.ZipInfo) -> list[str]:
    """Return the components of an entry's path; raise Refusal for what would leave the directory, or is a link."""
    kind = stat.S_IFMT(entry.external_attr >> 16)
    try:
        parts = relative(entry.orig_filename.removesuffix("/"))
    except (Refusal, ValueError):
        parts = []
    if not parts or "\\" in entry.orig_filename or len(parts) > MAX_DEPTH:
        raise Refusal("archive", "an entry of the archive has a path that is not allowed")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or entry.flag_bits & 1:
        raise Refusal("archive", "an entry of the archive is a link, a device, or encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refusal("archive", "an entry of the archive is compressed in a way that is not allowed")
    return parts


def unpack(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: int, parts: list[str]) -> None:
    """Write one entry below the target; an existing file is replaced, a link in the way is an error."""
    if entry.is_dir():
        os.close(make_all(target, parts))
        return
    above = make_all(target, parts[:-1])
    mode = entry.external_attr >> 16 & 0o777 or 0o666
    opened = open_regular(above, [parts[-1]], os.O_WRONLY | os.O_CREAT, mode)
    os.close(above)
    os.ftruncate(opened, 0)
    left = entry.file_size
    with open(opened, "wb") as file, packed.open(entry) as source:
        while left and (data := source.read(min(left, CHUNK))):
            file.write(data)
            left -= len(data)


def submit(job: Job) -> Answer:
    """Run sbatch in the directory, with the whole script as its standard input; make the directory if it is to.

    sbatch is started before the script is here: meanwhile it makes itself ready. It never sees a part of a script.
    """
    words, keep = ["sbatch", "--parsable", "--propagate=NONE", *job.request["options"]], None
    if job.request["save_as"]:
        directory = make_all(job.root, job.request["path"], 0o700)
    else:
        directory = open_beneath(job.root, job.request["path"], THROUGH)
    os.fchdir(directory)
    if job.request["environment"]:
        # sbatch would give the job nothing but what is in this file, and reads it without taking it for its own.
        wanted = login(job.account) | job.request["environment"]
        variables = b"".join(os.fsencode(f"{name}={text}") + b"\0" for name, text in wanted.items())
        keep = in_memory("environment", variables)
        words.append(f"--export-file={keep}")
    input_end, pipe = os.pipe2(os.O_CLOEXEC)
    command = start(job, words, input_end, keep)
    os.close(input_end)
    try:
        script = receive_script(job, directory)
    except (Refusal, OSError):
        end(command)
        raise
    if not hand_over(pipe, script):
        end(command)
        command = start(job, words, in_memory("script", script), keep)
    os.close(pipe)
    output, complaint = finish(job, command)
    found = re.search(r"^(\d{1,10})(?:;(\S+))?\s*\Z", output, re.MULTILINE)
    if not found:
        raise Refusal("slurm", "sbatch named no job", code=0, output=output, complaint=complaint)
    return {"job": found[1], "message": complaint}


def receive_script(job: Job, directory: int) -> bytes:
    """Take the script, and keep it in a file if that has a name.

    A script that breaks off is no script: the file and its directory are removed again.
    """
    name = job.request["save_as"]
    if not name:
        return b"".join(pieces(job))
    opened, script = open_regular(directory, [name], os.O_WRONLY | os.O_CREAT, 0o600), []
    try:
        with open(opened, "wb") as file:
            file.truncate()
            for piece in pieces(job):
                script.append(piece)
                file.write(piece)
                file.flush()
    except (Refusal, OSError):
        unmake(job, directory)
        raise
    return b"".join(script)


def pieces(job: Job) -> Iterator[bytes]:
    """Take a script's pieces of known length, up to one of no length."""
    size = 0
    while length := int.from_bytes(receive(job.connection, 4), "big"):
        size += length
        if size > job.limits.max_script:
            raise Refusal("too-large", f"the script has more than {job.limits.max_script} bytes")
        yield receive(job.connection, length)


def unmake(job: Job, directory: int) -> None:
    """Remove what was made for a script that did not come."""
    with contextlib.suppress(OSError, Refusal):
        os.unlink(job.request["save_as"], dir_fd=directory)
        above, own = parent(job.root, job.request["path"])
        os.rmdir(own, dir_fd=above)


def hand_over(pipe: int, script: bytes) -> bool:
    """Give a script to the command that waits for it, if that can be done at once; return whether it was.

    A command must never see the beginning of a script, and then its end because this process was ended meanwhile.
    """
    if len(script) > fcntl.fcntl(pipe, F_GETPIPE_SZ):
        return False
    os.set_blocking(pipe, False)
    with contextlib.suppress(BrokenPipeError):  # it ended without a script, and says why
        return os.write(pipe, script) == len(script)
    return True


def on_job(*words: str) -> Callable[[Job], Answer]:
    """Return a verb that runs one command on one job."""

    def act(job: Job) -> Answer:
        os.chdir("/")
        output, complaint = run(job, [*words, job.request["job"]])
        if "error:" in complaint:  # scancel ends with 0 for a job that slurmctld does not know
            raise Refusal("slurm", complaint.strip(), code=0)
        return {"message": output + complaint}

    return act


def update(job: Job) -> Answer:
    """Change what an owner may change of a job."""
    os.chdir("/")
    if not job.request["changes"]:
        raise Refusal("request", "changes names nothing to change")
    output, complaint = run(job, ["scontrol", "update", f"JobId={job.request['job']}", *job.request["changes"]])
    return {"message": output + complaint}


def receive(connection: socket.socket, length: int) -> bytes:
    """Read exactly so many bytes."""
    data = bytearray()
    while len(data) < length:
        piece = connection.recv(min(length - len(data), CHUNK))
        if not piece:
            raise Refusal("frame", "the request broke off")
        data += piece
    return bytes(data)


def in_memory(name: str, data: bytes | bytearray) -> int:
    """Return a file without a path that holds these bytes."""
    made = os.memfd_create(name, os.MFD_CLOEXEC)
    with open(made, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(made, 0, os.SEEK_SET)
    return made


def run(job: Job, words: list[str]) -> tuple[str, str]:
    """Run one of Slurm's commands and return what it printed on both outputs; raise Refusal when it fails."""
    return finish(job, start(job, words))


@dataclass
class Command:
    """One of Slurm's commands that was started, and the pipes it prints to."""

    name: str
    pid: int
    out: int
    complaints: int


def start(job: Job, words: list[str], stdin: int | None = None, keep: int | None = None) -> Command:
    """Start one of Slurm's commands."""
    slurm = job.limits.slurm.get(job.request["cluster"])
    if slurm is None:
        raise Refusal("request", "there is no such cluster")
    variables = login(job.account) | ({"SLURM_CONF": slurm.conf} if slurm.conf else {})
    (out, out_end), (complaints, complaints_end) = os.pipe2(os.O_CLOEXEC), os.pipe2(os.O_CLOEXEC)
    moves = [(os.POSIX_SPAWN_DUP2, out_end, 1), (os.POSIX_SPAWN_DUP2, complaints_end, 2)]
    if stdin is not None:
        moves.append((os.POSIX_SPAWN_DUP2, stdin, 0))
    if keep is not None:
        os.set_inheritable(keep, True)
    # Not a fork, which would copy what this process has of memory. All else that is open is closed on exec.
    pid = os.posix_spawn(
        os.path.join(slurm.bin, words[0]), words, variables, file_actions=moves,
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],
    )  # fmt: skip
    os.close(out_end)
    os.close(complaints_end)
    return Command(words[0], pid, out, complaints)


def finish(job: Job, command: Command) -> tuple[str, str]:
    """Wait for a command's end and return what it printed on both outputs; raise Refusal when it failed."""
    printed = {command.out: bytearray(), command.complaints: bytearray()}
    if not gather(printed, job.limits.max_output):
        end(command)
        raise Refusal("output", f"{command.name} printed more than {job.limits.max_output} bytes")
    code = os.waitstatus_to_exitcode(os.waitpid(command.pid, 0)[1])
    output, complaint = (text.decode("utf-8", "replace") for text in printed.values())
    if code:
        message = complaint.strip() or output.strip() or f"{command.name} failed"
        raise Refusal("slurm", message, code=code, output=output, complaint=complaint)
    return output, complaint


def end(command: Command) -> None:
    """End a command that shall not do anything more."""
    os.kill(command.pid, signal.SIGKILL)
    os.waitpid(command.pid, 0)


def gather(printed: dict[int, bytearray], most: int) -> bool:
    """Read pipes to their ends; return False once there is more in them than may be."""
    with selectors.PollSelector() as watch:
        for pipe in printed:
            watch.register(pipe, selectors.EVENT_READ)
        while watch.get_map():
            for key, _ in watch.select():
                data = os.read(key.fd, CHUNK)
                printed[key.fd] += data
                if not data:
                    watch.unregister(key.fd)
            if sum(map(len, printed.values())) > most:
                return False
    return True


def login(account: pwd.struct_passwd) -> dict[str, str]:
    """Return all the environment that a command of ours has, beside SLURM_CONF."""
    return {
        "PATH": PATH, "HOME": account.pw_dir, "SHELL": account.pw_shell,
        "USER": account.pw_name, "LOGNAME": account.pw_name,
    }  # fmt: skip


def ping(job: Job) -> Answer:
    """Tell who one is here."""
    home = job.account.pw_dir
    return {"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "home": home, "openat2": OPENAT2}


ACTIONS: dict[str, Callable[[Job], Answer | tuple[Answer, int]]] = {
    "ping": ping, "submit": submit, "cancel": on_job("scancel"), "hold": on_job("scontrol", "hold"),
    "release": on_job("scontrol", "release"), "requeue": on_job("scontrol", "requeue"), "update": update,
    "open-read": open_read, "open-write": open_write, "list": list_directory, "stat": tell,
    "make-directory": make_directory, "rename": rename, "archive": archive, "extract": extract, "prune": prune,
    "remove-tree": remove_tree,
}  # fmt: skip


def do(
    connection: socket.socket, account: pwd.struct_passwd, limits: Limits, verb: str, given: Request
) -> tuple[Answer, int | None]:
    """Check the fields, do it, and return the answer and a descriptor that goes with it. Raises Refusal."""
    try:
        os.umask(limits.umask)
        job = Job(connection, limits, account, checked(verb, given))
        if "root" in job.request:
            job.root = open_root(job.request["root"], limits, account)
        done = ACTIONS[verb](job)
    except OSError as error:
        code = error.errno or 0
        raise Refusal(ERRORS.get(code, "system"), os.strerror(code)) from None
    except MemoryError:
        raise Refusal("too-large", "this needs more memory than it may") from None
    answer, descriptor = done if isinstance(done, tuple) else (done, None)
    return {**answer, "ok": True}, descriptor
