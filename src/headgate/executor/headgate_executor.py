#!/usr/bin/python3 -IS
# ruff: noqa: EXE001, PTH100, PTH108, PTH118, PTH119, PTH120, PTH123, PTH208, S101, PT018, TRY301, PLR2004
"""Do one thing as one user: the only part of Headgate that is root.

Read this file from top to bottom; it uses the standard library of Python 3.9 and nothing of Headgate. What is done
once the child is the user, and no longer root, is in ``headgate_verbs.py`` beside it. Both belong to root, and so does
the configuration.

The service connects to a Unix socket and sends one request: four bytes of length, then a JSON object with ``verb``,
``user`` and the verb's own fields. No request holds a command or an argument list. ``Server``, as root, checks who
connected, reads the request, and hands it with its connection to a child; it never touches users' files. ``work``, in
the child, looks the user up, becomes that user for good, and only then reads the other fields and does what was asked.
A child whose request was done is kept for a while, for the same user's next one, because forking and becoming somebody
costs more than what is asked for; it does one at a time, and nothing of one is left for the next. An answer is framed
like a request, with a file descriptor beside it if one was asked for. ``ok`` is false in a refusal, which has an
``error`` (a word) and a ``message``. Each request is one line of JSON on standard error: the audit log.

With ``--self`` it runs without root for one person, and serves nobody else.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import grp
import importlib.util
import json
import os
import pwd
import re
import selectors
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any, NoReturn

Request = dict[str, Any]

MAX_REQUEST = 64 * 1024
HEADER = 4
KEPT, AGAIN = b"kept", b"again"
WORKS, WAITS = b"headgate works", b"headgate waits"  # what ps calls a child
MAX_TOLD = 1024
NOBODY_LOGS_IN = ("nologin", "false", "sync", "shutdown", "halt")
DENIED_GROUPS = "root wheel sudo adm admin disk kmem shadow docker lxd libvirt"
TOLD = ("root", "path", "to", "into", "job", "cluster")
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38


def only_roots(path: str, *, alone: bool) -> None:
    """End with a message if somebody else than root (or, without root, oneself) could write a file of ours."""
    for place in (path, os.path.dirname(path)):
        info = os.lstat(place)
        if info.st_uid not in {0, os.geteuid()} or (info.st_mode & 0o022 and not (alone and place != path)):
            sys.exit(f"{place}: must belong to root and be writable by nobody else")


def load_verbs() -> Any:
    """Load what runs as the user, from beside this file; by SSH (``headgate_remote.py``) it came with this."""
    if "headgate_verbs" in sys.modules:
        return sys.modules["headgate_verbs"]
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "headgate_verbs.py")
    if os.geteuid() == 0:
        only_roots(path, alone=False)
    specification = importlib.util.spec_from_file_location("headgate_verbs", path)
    assert specification and specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


verbs = load_verbs()

Refusal: Any = verbs.Refusal


@dataclass(frozen=True)
class Config:
    """What the administrator allows. Times are in seconds."""

    service: str = "headgate"
    socket: str = "/run/headgate-executor.sock"
    min_uid: int = 1000
    max_uid: int = 60000
    allow_users: list[str] = field(default_factory=list)
    allow_groups: list[str] = field(default_factory=list)
    deny_users: list[str] = field(default_factory=list)
    deny_groups: list[str] = field(default_factory=DENIED_GROUPS.split)
    allow_nologin: bool = False
    timeout: int = 60
    transfer_timeout: int = 3600
    frame_timeout: int = 5
    children: int = 128
    children_per_user: int = 16
    kept: int = 32
    kept_seconds: int = 60
    limits: Any = field(default_factory=verbs.Limits)


def read_config(path: str, *, alone: bool) -> Config:
    """Read the file; end with a message if it cannot be trusted, or says something that has no meaning."""
    only_roots(os.path.abspath(path), alone=alone)
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    with open(path, encoding="utf-8") as file:
        parser.read_file(file)
    given = dict(parser["executor"]) if parser.has_section("executor") else {}
    ours = {
        key: value_of(Config(), key, text) for key, text in given.items() if key != "limits" and hasattr(Config(), key)
    }
    limits = {key: value_of(verbs.Limits(), key, text) for key, text in given.items() if key not in ours}
    clusters = {
        name[6:]: verbs.Slurm(**parser[name]) for name in parser.sections() if name == "slurm" or name[:6] == "slurm "
    }
    limits["slurm"] = clusters or {"": verbs.Slurm()}
    if unknown := [name for name in parser.sections() if name != "executor" and name[:6] not in ("slurm", "slurm ")]:
        sys.exit(f"{path}: [{unknown[0]}] is unknown")
    config = Config(**ours, limits=verbs.Limits(**limits))
    places = [root for root in config.limits.roots if root != "~"] + [slurm.bin for slurm in clusters.values()]
    if any(not place.startswith("/") or place.split("/")[1] in ("", "proc", "sys", "dev") for place in places):
        sys.exit(f"{path}: roots and bin must be absolute paths, not / and not in /proc, /sys or /dev")
    if min(value for key, value in vars(config).items() if type(value) is int and key != "kept") < 1:
        sys.exit(f"{path}: uids, time-outs and numbers of children must be at least 1")
    return config


def value_of(defaults: object, key: str, text: str) -> Any:
    """Return a setting in the type its default has."""
    default = getattr(defaults, key, None)
    if isinstance(default, bool):
        return configparser.ConfigParser.BOOLEAN_STATES[text.lower()]
    if isinstance(default, int):
        return int(text, 8 if key == "umask" else 10)
    return text.split() if isinstance(default, list) else text


def read_request(data: bytes) -> tuple[str, Request]:
    """Return the verb and the other fields, of which only the user is checked; raise Refusal for anything else."""
    try:
        given = json.loads(data, object_pairs_hook=no_twins)
    except (ValueError, RecursionError):
        raise Refusal("frame", "the request is no JSON object") from None
    if not isinstance(given, dict):
        raise Refusal("frame", "the request is no JSON object")
    verb, user = given.pop("verb", None), given.get("user")
    if not isinstance(verb, str) or verb not in verbs.VERBS:
        raise Refusal("request", "the verb is unknown")
    if not isinstance(user, str) or not re.fullmatch(r"[A-Za-z0-9_][\w.@$-]{0,63}", user, re.ASCII):
        raise Refusal("user", "the user has no name that could be one")
    return verb, given


def no_twins(pairs: list[tuple[str, Any]]) -> Request:
    """Refuse an object that says something twice."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("twins")
    return dict(pairs)


def look_up(name: str, config: Config) -> tuple[pwd.struct_passwd, list[int]]:
    """Return an account that may be acted for, and all its groups; raise Refusal for root, system accounts, others."""
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        raise Refusal("user", "there is no such user") from None
    groups = groups_of(account)
    if account.pw_name != name or 0 in (account.pw_uid, account.pw_gid) or 0 in groups:
        raise Refusal("user", "root is nobody's to act for")
    if not config.min_uid <= account.pw_uid <= config.max_uid or name == config.service:
        raise Refusal("user", "this user is a system account, or outside of the allowed range of uids")
    if not config.allow_nologin and os.path.basename(account.pw_shell) in NOBODY_LOGS_IN:
        raise Refusal("user", "this user may not log in")
    if name in config.deny_users or (config.allow_users and name not in config.allow_users):
        raise Refusal("user", "this user is not allowed")
    if set(groups) & group_ids(config.deny_groups):
        raise Refusal("user", "this user is in a group that is not allowed")
    if config.allow_groups and not set(groups) & group_ids(config.allow_groups):
        raise Refusal("user", "this user is in none of the groups that are allowed")
    return account, groups


def groups_of(account: pwd.struct_passwd) -> list[int]:
    """Return the numbers of all groups of an account."""
    return sorted(set(os.getgrouplist(account.pw_name, account.pw_gid)))


def group_ids(wanted: list[str]) -> set[int]:
    """Return the numbers of the groups that exist."""
    found = set()
    for name in wanted:
        with contextlib.suppress(KeyError):
            found.add(grp.getgrnam(name).gr_gid)
    return found


def become(account: pwd.struct_passwd, groups: list[int]) -> None:
    """Be this user and nothing more: groups, gid, uid in that order; then make sure that there is no way back."""
    uid, gid = account.pw_uid, account.pw_gid
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if os.getresuid() != (uid,) * 3 or os.getresgid() != (gid,) * 3 or set(os.getgroups()) != set(groups):
        raise Refusal("internal", "the switch to the user did not work")
    for way_back, to in ((os.setresuid, (0, 0, 0)), (os.setresgid, (0, 0, 0)), (os.setgroups, ([0],))):
        try:
            way_back(*to)
        except PermissionError:
            continue
        raise Refusal("internal", "root could be had back")
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        held = [line for line in status if line.startswith(("CapInh", "CapPrm", "CapEff", "CapAmb"))]
    if len(held) != 4 or any(int(line.split()[1], 16) for line in held):
        raise Refusal("internal", "capabilities are left")


def work(control: socket.socket, user: str, config: Config, *, alone: bool) -> NoReturn:
    """In the child: become the user, and do what comes, one request at a time, until one is not simply done."""
    try:
        starter = os.getppid()
        os.setsid()
        let_go(control.fileno())
        try:
            became = switch(user, config, alone=alone)
            verbs.prctl(PR_SET_NO_NEW_PRIVS, 1)
            verbs.prctl(PR_SET_DUMPABLE, 0)  # the user's other processes shall not look into this one
        except Refusal as refusal:
            became = refusal
        # A command is in its child's group, and ends with it, also when the server dies and the kernel tells the child.
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
        verbs.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != starter:
            os._exit(1)  # the server died before we asked to be told
        going_on = True
        while going_on:
            data, given, _, _ = socket.recv_fds(control, MAX_REQUEST, 1)
            if not given:
                break  # nobody asks any more
            verbs.call_oneself(WORKS)
            if not alone and not is_still(user, became):
                control.send(AGAIN)
                break
            with socket.socket(fileno=given[0]) as connection:
                connection.set_inheritable(False)
                connection.setblocking(True)
                going_on = do_one(control, connection, data, became, config)
            if going_on:
                # Nothing of it is there for the next: no open file, no directory. The umask is set for each.
                os.chdir("/")
                close_all_but(control.fileno())
                verbs.call_oneself(WAITS)
                control.send(KEPT)
    finally:
        os._exit(0)


def is_still(user: str, became: Any) -> bool:
    """Whether the user is who we became: another number, shell or group makes it somebody to look at anew."""
    try:
        return isinstance(became, Refusal) or became == (account := pwd.getpwnam(user), groups_of(account))
    except KeyError:
        return False


def do_one(control: socket.socket, connection: socket.socket, data: bytes, became: Any, config: Config) -> bool:
    """Do one request, write a note for the audit log, answer, and return whether this child may do another one."""
    answer = {"ok": False, "error": "internal", "message": "the executor failed"}
    descriptor, verb = None, ""
    try:
        if isinstance(became, Refusal):
            raise became
        verb, request = read_request(data)
        del request["user"]
        answer, descriptor = verbs.do(connection, became[0], config.limits, verb, request)
    except Refusal as refusal:
        answer = refusal.answer
    finally:
        control.send(json.dumps({name: answer.get(name) for name in ("ok", "error", "job")}).encode())
        with contextlib.suppress(OSError):
            verbs.send(connection, answer, descriptor)
    # What went wrong, or worked long, leaves nothing to the next: that gets a child of its own.
    return bool(answer["ok"]) and verb not in verbs.LONG and config.kept > 0


def switch(user: str, config: Config, *, alone: bool) -> tuple[pwd.struct_passwd, list[int]]:
    """Become the user; without root, make sure that it is oneself. Raises Refusal."""
    if not alone:
        account, groups = look_up(user, config)
        become(account, groups)
        return account, groups
    account = pwd.getpwuid(os.getuid())
    if user != account.pw_name:
        raise Refusal("user", "Headgate runs here for one person only")
    return account, groups_of(account)


def let_go(control: int) -> None:
    """Close what the child inherited: connections, the audit log; and forget the server's signals."""
    signal.set_wakeup_fd(-1)
    for number_ in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number_, signal.SIG_DFL)
    empty = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(empty, standard)
    close_all_but(control)


def close_all_but(control: int) -> None:
    """Close every descriptor but the standard ones and the one to the server."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor != control:
            with contextlib.suppress(OSError):
                os.close(descriptor)


@dataclass
class Caller:
    """A connection whose request is not whole yet."""

    connection: socket.socket
    deadline: float
    data: bytearray = field(default_factory=bytearray)
    wanted: int = HEADER


@dataclass
class Task:
    """A request that is being done."""

    caller: Caller
    data: bytes
    verb: str
    request: Request
    began: float
    deadline: float
    note: bytes = b""
    again: bool = False


@dataclass
class Child:
    """A process that is a user, and is told by its connection what to do. Without a task it waits for one."""

    pid: int
    user: str
    connection: socket.socket
    until: float
    task: Task | None = None
    late: bool = False
    ended: bool = False


class Server:
    """Accepts, reads requests, forks, watches over time and ends. One thread; it waits for nobody in particular."""

    def __init__(self, listener: socket.socket, config: Config, *, alone: bool) -> None:
        self.listener, self.config, self.alone = listener, config, alone
        self.peer = os.getuid() if alone else pwd.getpwnam(config.service).pw_uid
        self.callers: dict[int, Caller] = {}
        self.children: dict[int, Child] = {}
        self.stopping = False
        self.woken, waker = socket.socketpair()
        for end in (self.woken, waker, listener):
            end.setblocking(False)
        self.waker = waker
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number_ in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number_, self.stop)
        verbs.prctl(PR_SET_CHILD_SUBREAPER, 1)

    def stop(self, *_: object) -> None:
        """End after this round."""
        self.stopping = True

    def serve(self) -> None:
        """Serve until told to stop; then end every child."""
        while not self.stopping:
            with selectors.PollSelector() as watch:
                watch.register(self.woken, selectors.EVENT_READ, self.woken)
                for source in self.speaking():
                    watch.register(source.connection, selectors.EVENT_READ, source)
                if len(watch.get_map()) <= self.config.children:
                    watch.register(self.listener, selectors.EVENT_READ, self.listener)
                ready = watch.select(self.patience())
            for key, _ in ready:
                if key.data is self.woken:
                    self.woken.recv(4096)
                elif key.data is self.listener:
                    self.accept()
                elif isinstance(key.data, Child):
                    self.told(key.data)
                else:
                    self.hear(key.data)
            self.reap()
            self.judge_time()
        for pid in self.children:
            self.kill(pid)

    def speaking(self) -> list[Any]:
        """Return those of whom something is to be heard: callers, and children that do something."""
        return [*self.callers.values(), *(child for child in self.children.values() if child.task)]

    def patience(self) -> float | None:
        """Seconds until the next deadline."""
        deadlines = [caller.deadline for caller in self.callers.values()]
        for child in self.children.values():
            if child.task and not child.late:
                deadlines.append(child.task.deadline)
            elif not child.task and not child.ended:
                deadlines.append(child.until)
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def accept(self) -> None:
        """Take a connection, if it is the service's."""
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        peer, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        caller = Caller(connection, time.monotonic() + self.config.frame_timeout)
        self.callers[connection.fileno()] = caller
        if uid != self.peer:
            self.refuse(caller, Refusal("peer", "this socket is the service's"), peer_uid=uid, peer_pid=peer)
        else:
            self.hear(caller)  # it mostly is there already

    def hear(self, caller: Caller) -> None:
        """Read what is there of a request, never more than the request; begin it when it is whole."""
        try:
            while len(caller.data) < caller.wanted:
                piece = caller.connection.recv(caller.wanted - len(caller.data))
                if not piece:
                    raise Refusal("frame", "the request broke off")
                caller.data += piece
                if len(caller.data) == caller.wanted == HEADER:
                    length = int.from_bytes(caller.data, "big")
                    if not 0 < length <= MAX_REQUEST:
                        raise Refusal("frame", f"a request has 1 to {MAX_REQUEST} bytes")
                    caller.wanted += length
            self.begin(caller, bytes(caller.data[HEADER:]))
        except BlockingIOError:
            return
        except OSError:
            self.refuse(caller, Refusal("frame", "the request broke off"))
        except Refusal as refusal:
            self.refuse(caller, refusal)

    def begin(self, caller: Caller, data: bytes) -> None:
        """Have a child do it: one that waits, or a new one."""
        verb, request = read_request(data)
        own = [child for child in self.children.values() if child.user == request["user"]]
        if sum(child.task is not None for child in own) >= self.config.children_per_user:
            raise Refusal("busy", "too much is being done for this user already")
        del self.callers[caller.connection.fileno()]
        now = time.monotonic()
        allowed = self.config.transfer_timeout if verb in verbs.LONG else self.config.timeout
        task = Task(caller, data, verb, request, now, now + allowed)
        waiting = [child for child in own if not child.task and not child.ended and child.until > now]
        if not (waiting and self.give(waiting[-1], task)):
            self.fork(task)

    def give(self, child: Child, task: Task) -> bool:
        """Hand a request to a child, with its connection; return False if the child has died. It gets one at a time."""
        try:
            socket.send_fds(child.connection, [task.data], [task.caller.connection.fileno()])
        except OSError:
            child.ended = True
            return False
        child.task = task
        return True

    def fork(self, task: Task) -> None:
        """Start a child that becomes the user, for a first request."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        pid = os.fork()
        if pid == 0:
            work(theirs, task.request["user"], self.config, alone=self.alone)
        theirs.close()
        until = time.monotonic() + self.config.kept_seconds
        child = self.children[pid] = Child(pid, task.request["user"], ours, until, task)
        self.give(child, task)

    def told(self, child: Child) -> None:
        """Hear what a child says: a note on how it went, that it waits for more, or that it cannot be the user now."""
        try:
            said = child.connection.recv(4096)
        except OSError:
            said = b""
        task = child.task
        if not said or task is None:
            self.kill(child.pid)  # it has nothing more to say
            child.ended = True
        elif said == KEPT:
            child.task = None
            self.finish(task)
            self.end_orphans()
            self.children[child.pid] = self.children.pop(child.pid)  # in the order in which they did something
            waiting = [one for one in self.children.values() if not one.task and not one.ended]
            for one in waiting[: max(0, len(waiting) - self.config.kept)]:
                self.dismiss(one)
        elif said == AGAIN and not task.again:
            self.once_more(child, task)
        else:
            task.note = said

    def once_more(self, child: Child, task: Task) -> None:
        """Let a new child do what one did not begin, since it is no longer who it became."""
        task.again = True
        self.dismiss(child)
        self.fork(task)

    def dismiss(self, child: Child) -> None:
        """End a child that does nothing."""
        child.task, child.ended = None, True
        self.kill(child.pid)

    def judge_time(self) -> None:
        """Refuse requests that do not come, end children that do not end, or have been the user for long."""
        now = time.monotonic()
        for caller in [caller for caller in self.callers.values() if caller.deadline <= now]:
            self.refuse(caller, Refusal("frame", "the request did not come in time"))
        for pid, child in self.children.items():
            if child.task and child.task.deadline <= now and not child.late:
                child.late = True
                self.kill(pid)
            elif not child.task and not child.ended and child.until <= now:
                self.dismiss(child)

    def kill(self, pid: int) -> None:
        """End a child's process group, and the child if it has none yet."""
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Take what has ended. A child's process group ends with it, and so does whoever left the group."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            if ended.si_pid in self.children:
                # The child is not yet waited for, so its number is still its own, and its group's.
                self.kill(ended.si_pid)
                self.bury(self.children.pop(ended.si_pid))
            os.waitpid(ended.si_pid, 0)
            self.end_orphans()

    def end_orphans(self) -> None:
        """End processes that lost their parent: the kernel gives them to us, because we asked for them."""
        with contextlib.suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            for pid in map(int, file.read().split()):
                if pid not in self.children:
                    os.kill(pid, signal.SIGKILL)

    def bury(self, child: Child) -> None:
        """Hear what a child that died said last; finish what it did."""
        while child.task and not child.task.note and not child.ended:
            self.told(child)
        child.connection.close()
        if child.task:
            self.finish(child.task, late=child.late)

    def finish(self, task: Task, *, late: bool = False) -> None:
        """Write a request's audit line; answer for the child if it could not."""
        try:
            result = json.loads(task.note)
        except ValueError:
            refusal = Refusal("internal", "the executor's child ended without an answer")
            if late:
                refusal = Refusal("timeout", "it took longer than it may, and was ended")
            result = refusal.answer
            with contextlib.suppress(OSError):
                task.caller.connection.send(verbs.frame(result), socket.MSG_DONTWAIT)
        task.caller.connection.close()
        told = {key: str(task.request[key])[:MAX_TOLD] for key in TOLD if key in task.request}
        outcome = "ok" if result.get("ok") else result.get("error")
        seconds = round(time.monotonic() - task.began, 3)
        job = {"job": str(result["job"])[:MAX_TOLD]} if result.get("job") else {}
        audit(verb=task.verb, user=task.request["user"], **{**told, **job}, outcome=outcome, seconds=seconds)

    def refuse(self, caller: Caller, refusal: Refusal, **told: object) -> None:
        """Answer without having done anything, and hang up."""
        self.callers.pop(caller.connection.fileno(), None)
        with contextlib.suppress(OSError):
            caller.connection.send(verbs.frame(refusal.answer))
        caller.connection.close()
        audit(outcome=refusal.answer["error"], message=str(refusal), **told)


def audit(**told: object) -> None:
    """Write one line about one request: who, what, where, how it went; never what was in it."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **told}
    with contextlib.suppress(OSError):
        os.write(2, json.dumps(line).encode() + b"\n")


def listening_socket(config: Config, inherited: int | None) -> socket.socket:
    """Return the socket systemd (or whoever started us) opened; without one, open it at the configured path."""
    if inherited is None and os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1":
        inherited = 3
    if inherited is not None:
        os.set_inheritable(inherited, False)
        return socket.socket(fileno=inherited)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(config.socket)
    os.umask(0o177)
    listener.bind(config.socket)
    os.chown(config.socket, pwd.getpwnam(config.service).pw_uid, 0)
    listener.listen(128)
    return listener


def main() -> None:
    """Read the configuration, and serve."""
    parser = argparse.ArgumentParser(description="Does single things as users, for Headgate.")
    parser.add_argument("--config", default="/etc/headgate/executor.ini")
    parser.add_argument("--self", action="store_true", dest="alone", help="run without root, for oneself only")
    parser.add_argument("--listen-fd", type=int, help="a listening socket that was opened for us")
    given = parser.parse_args()
    if given.alone == (os.geteuid() == 0):
        sys.exit("headgate-executor runs as root; with --self as anybody else")
    try:
        config = read_config(given.config, alone=given.alone)
    except (OSError, configparser.Error, ValueError, TypeError, KeyError) as error:
        sys.exit(f"{given.config}: {error}")
    if given.alone:
        verbs.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    listener = listening_socket(config, given.listen_fd)
    os.environ.clear()
    os.umask(0o077)
    os.chdir("/")
    Server(listener, config, alone=given.alone).serve()


if __name__ == "__main__":
    main()
