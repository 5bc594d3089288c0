"""The root helper itself: who may ask, for whom, and what is left when something goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import grp
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headgate.executor.refusal import ExecutorError, RefusedError
from tests.executor.conftest import (
    OTHER,
    SERVICE,
    SOURCE,
    USER,
    WAITS_FOR_SCRIPT,
    Helper,
    answer,
    gone,
    running,
    until,
    until_async,
)

HANGS = """#!/usr/bin/python3
import os, subprocess, sys, time
child = subprocess.Popen(["/bin/sleep", "1000"])
daemon = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
open("pids", "w").write(f"{os.getpid()} {child.pid} {daemon.pid} ")
time.sleep(1000)
"""


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


TRY = f"headgate-try-{os.getpid()}"


@contextlib.contextmanager
def in_group(user: str, group: str) -> Iterator[int]:
    """Put a user into a group of the tests' own, for a while."""
    subprocess.run(["/usr/sbin/groupadd", "--system", group], check=True)
    try:
        subprocess.run(["/usr/sbin/usermod", "--append", f"--groups={group}", user], check=True)
        yield grp.getgrnam(group).gr_gid
    finally:
        subprocess.run(["/usr/sbin/groupdel", group], check=True)


@pytest.mark.parametrize("account", [OTHER, USER, "nobody", "root"])
def test_only_the_services_account_is_served(helper: Helper, account: str) -> None:
    request = framed(json.dumps({"verb": "ping", "user": USER}).encode())
    assert helper.say(request, account)["error"] == "peer"
    assert helper.say(request)["ok"] is True
    until(lambda: len(helper.audit()) == 2)
    first = helper.audit()[0]
    assert (first["outcome"], first["peer_uid"]) == ("peer", pwd.getpwnam(account).pw_uid)


@pytest.mark.parametrize(
    "user", ["root", "daemon", "slurm", "nobody", SERVICE, "no-such-user", "", "../ada", "0", "ada\n"]
)
def test_nobody_but_ordinary_users_is_acted_for(helper: Helper, user: str) -> None:
    assert helper.ask(verb="ping", user=user)["error"] == "user"


@pytest.mark.parametrize(
    "settings",
    [
        {"max_uid": 1000},
        {"min_uid": 50000},
        {"allow_users": OTHER},
        {"deny_users": USER},
        {"allow_groups": "daemon no-such-group"},
        {"deny_groups": USER},
    ],
    ids=["below", "above", "not-listed", "denied", "in-no-group", "in-a-group"],
)
def test_a_user_the_administrator_does_not_allow_is_refused(settings: dict[str, Any]) -> None:
    with running(**settings) as helper:
        assert helper.ask(verb="ping", user=USER)["error"] == "user"


def test_root_is_refused_even_if_the_range_holds_it() -> None:
    with running(min_uid=1, max_uid=10**6, allow_nologin="yes", deny_groups="") as helper:
        assert helper.ask(verb="ping", user="root")["error"] == "user"
        assert helper.ask(verb="ping", user=SERVICE)["error"] == "user"
        assert helper.ask(verb="ping", user="daemon")["ok"] is True


def test_the_user_has_all_groups_of_theirs_and_none_of_the_services(helper: Helper) -> None:
    with in_group(USER, TRY) as gid:
        told = helper.ask(verb="ping", user=USER)
    account = pwd.getpwnam(USER)
    assert (told["uid"], told["gid"]) == (account.pw_uid, account.pw_gid)
    assert sorted(told["groups"]) == sorted([account.pw_gid, gid])  # type: ignore[call-overload]


def test_a_member_of_a_denied_group_is_refused() -> None:
    with running(deny_groups=TRY) as helper, in_group(USER, TRY):
        assert helper.ask(verb="ping", user=USER)["error"] == "user"


def test_a_command_has_the_users_ids_no_descriptor_of_ours_and_no_way_to_more(helper: Helper) -> None:
    helper.program("scancel", "#!/bin/sh\ncat /proc/self/status\necho open\nls /proc/$$/fd\necho end\npwd\n")
    message = str(helper.ask(verb="cancel", user=USER, job="1")["message"])
    said = dict(line.split(":\t", 1) for line in message.splitlines() if ":\t" in line)
    uid = str(pwd.getpwnam(USER).pw_uid)
    assert said["Uid"].split() == said["Gid"].split() == [uid] * 4
    assert {said[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert said["NoNewPrivs"] == "1"
    opened, _, where = message.partition("\nopen\n")[2].partition("\nend\n")
    assert opened.split() == ["0", "1", "10", "2"]  # 10 is the shell's own script
    assert where == "/\n"


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\0",
        b"\xff\xff\xff\xff" + b"x" * 100,
        b"GET / HTTP/1.1\r\n\r\n",
        framed(b"{"),
        framed(b"[]"),
        framed(b"[" * 60_000),
        framed(b'{"verb": "ping", "user": "ada", "user": "root"}'),
        framed(b"\xff\xfe"),
    ],
    ids=["empty", "huge", "http", "broken", "list", "deep", "twins", "bytes"],
)
def test_garbage_is_refused_and_the_next_request_is_served(helper: Helper, data: bytes) -> None:
    assert helper.say(data)["error"] == "frame"
    assert helper.ask(verb="ping", user=USER)["ok"] is True


@pytest.mark.parametrize(
    "request_",
    [{"verb": "run"}, {"verb": ["ping"]}, {}, {"verb": "ping", "argv": ["id"]}, {"verb": "stat", "root": "/etc"}],
    ids=["verb", "list", "nothing", "field", "missing"],
)
def test_a_request_with_other_fields_than_the_verbs_is_refused(helper: Helper, request_: dict[str, object]) -> None:
    assert helper.ask(user=USER, **request_)["error"] == "request"


def test_slow_requests_hold_nobody_up_and_are_ended() -> None:
    with running(frame_timeout=1) as helper:
        slow = [helper.connect() for _ in range(20)]
        for connection in slow:
            connection.sendall(b"\0\0")
        assert helper.ask(verb="ping", user=USER)["ok"] is True
        for connection in slow:
            assert answer(connection)["error"] == "frame"
            connection.close()


def test_a_script_that_breaks_off_is_not_submitted(helper: Helper) -> None:
    helper.program("sbatch", WAITS_FOR_SCRIPT)
    request = json.dumps({"verb": "submit", "user": USER, "root": str(helper.root), "path": ""}).encode()
    with helper.connect() as connection:
        connection.sendall(framed(request) + framed(b"#!/bin/sh\n") + b"\0\0\1\0" + b"rm -rf")
        until((helper.root / "pid").exists)
        connection.shutdown(1)
        assert answer(connection)["error"] == "frame"
    assert gone(int((helper.root / "pid").read_text()))
    assert (helper.root / "script").read_bytes() == b""
    assert not (helper.root / "submitted").exists()


async def test_time_ends_a_command_with_all_its_children_also_those_that_left_its_group() -> None:
    with running(timeout=1) as helper:
        helper.program("sbatch", HANGS)
        with pytest.raises(RefusedError) as caught:
            await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n")
        assert (caught.value.error, caught.value.transient) == ("timeout", True)
        pids = [int(pid) for pid in (helper.root / "pids").read_text().split()]
        await until_async(lambda: all(gone(pid) for pid in pids))
        await until_async(lambda: [line["outcome"] for line in helper.audit()] == ["timeout"])


async def test_a_command_that_prints_without_end_is_ended(helper: Helper) -> None:
    helper.program("sbatch", "#!/bin/sh\necho $$ >pid\nexec yes\n")
    with pytest.raises(RefusedError) as caught:
        await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n")
    assert caught.value.error == "output"
    pid = int((helper.root / "pid").read_text())
    await until_async(lambda: gone(pid))


async def test_one_user_cannot_take_all_places() -> None:
    with running(children_per_user=2) as helper:
        helper.program("scancel", "#!/bin/sh\nexec sleep 1000\n")
        held = [asyncio.create_task(helper.client.cancel(USER, "1")) for _ in range(2)]
        await until_async(lambda: len(helper.children()) == 2)
        with pytest.raises(RefusedError) as caught:
            await helper.client.ping(USER)
        assert (caught.value.error, caught.value.transient) == ("busy", True)
        assert (await helper.client.ping(OTHER)).uid == pwd.getpwnam(OTHER).pw_uid
        for pid in helper.children():
            with contextlib.suppress(ProcessLookupError):  # the other user's, which has just ended
                os.kill(pid, signal.SIGKILL)
        for task in held:
            with pytest.raises(RefusedError) as caught:
                await task
            assert caught.value.error == "internal"
        assert (await helper.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_what_runs_dies_with_the_helper(helper: Helper, number: int) -> None:
    helper.program("sbatch", "#!/bin/sh\necho $$ >pid.new\nmv pid.new pid\nexec sleep 1000\n")
    task = asyncio.create_task(helper.client.submit(USER, helper.place(), b"#!/bin/sh\n"))
    await until_async((helper.root / "pid").exists)
    pid = int((helper.root / "pid").read_text())
    os.kill(helper.process.pid, number)
    with pytest.raises(ExecutorError):
        await task
    await until_async(lambda: gone(pid))


async def test_each_request_is_one_line_of_the_audit_log_without_contents(helper: Helper) -> None:
    helper.program("sbatch", "#!/bin/sh\necho 4711\n")
    await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n# secret\n", environment={"TOKEN": "secret"})
    with pytest.raises(RefusedError):
        await helper.client.stat(USER, helper.place("no\nline\x1b[2J"))
    until(lambda: len(helper.audit()) == 2)
    first, second = helper.audit()
    assert {key: first[key] for key in ("verb", "user", "job", "outcome", "root")} == {
        "verb": "submit",
        "user": USER,
        "job": "4711",
        "outcome": "ok",
        "root": str(helper.root),
    }
    assert (second["verb"], second["path"], second["outcome"]) == ("stat", "no\nline\x1b[2J", "not-found")
    assert "secret" not in helper.log.read_text()
    assert helper.log.read_bytes().isascii()


async def test_a_symlink_that_is_swapped_in_while_opening_never_wins(helper: Helper) -> None:
    """A process of the user exchanges a directory and a link to another one, as fast as it can."""
    for name, content in (("job", "mine"), ("elsewhere", "stolen")):
        place = (helper.root if name == "job" else helper.directory) / name
        place.mkdir()
        (place / "file").write_text(content)
    (helper.root / "link").symlink_to(helper.directory / "elsewhere")
    swap = (
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        f"a, b = b'{helper.root}/job', b'{helper.root}/link'\n"
        "while True: libc.renameat2(-100, a, -100, b, 2)\n"
    )
    racer = subprocess.Popen(  # noqa: ASYNC220 - it is started once
        [sys.executable, "-c", swap], user=USER, cwd="/"
    )
    won = {"mine": 0, "refused": 0}
    try:
        while min(won.values()) < 20:
            try:
                with await helper.client.open_read(USER, helper.place("job/file")) as file:
                    won[os.read(file.descriptor, 100).decode()] += 1
            except RefusedError as error:
                won["refused"] += error.error in {"link", "not-a-directory"}
    finally:
        racer.kill()
        racer.wait()


def start(config: Path, *, program: Path = SOURCE / "headgate_executor.py") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-IS", str(program), f"--config={config}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("what", ["group", "others", "owner", "directory", "program"])
def test_files_that_somebody_else_could_write_are_not_used(helper: Helper, what: str) -> None:
    config, verbs = helper.directory / "executor.ini", helper.directory / "headgate_verbs.py"
    {
        "group": lambda: config.chmod(0o664),
        "others": lambda: config.chmod(0o646),
        "owner": lambda: os.chown(config, pwd.getpwnam(USER).pw_uid, -1),
        "directory": lambda: helper.directory.chmod(0o777),
        "program": lambda: verbs.chmod(0o666),
    }[what]()
    done = start(config, program=helper.directory / "headgate_executor.py")
    assert done.returncode == 1
    assert "must belong to root and be writable by nobody else" in done.stderr


@pytest.mark.parametrize(
    "text",
    ["[other]\n", "[executor]\nrots = /home\n", "[executor]\nmin_uid = 0\n", "[executor]\nroots = /proc/1/root\n"],
    ids=["section", "key", "uid", "root"],
)
def test_a_configuration_that_makes_no_sense_is_not_used(tmp_path: Path, text: str) -> None:
    (tmp_path / "executor.ini").write_text(text)
    (tmp_path / "executor.ini").chmod(0o600)
    done = start(tmp_path / "executor.ini")
    assert done.returncode == 1
    assert "executor.ini" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_does_not_run_for_itself_as_root() -> None:
    command = [sys.executable, "-IS", str(SOURCE / "headgate_executor.py"), "--self"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "--self" in done.stderr


def test_systemd_hands_it_its_socket(helper: Helper) -> None:
    """As systemd does: the listening socket is descriptor 3, LISTEN_PID is the process's own number."""
    import socket

    path = helper.directory / "activated.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(8)
        start = (
            "import os, sys\nos.dup2(int(sys.argv[1]), 3)\nos.set_inheritable(3, True)\n"
            "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1')\nos.execv(sys.executable, sys.argv[2:])\n"
        )
        program = [sys.executable, "-IS", str(helper.directory / "headgate_executor.py")]
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                start,
                str(listener.fileno()),
                *program,
                f"--config={helper.directory}/executor.ini",
            ],
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
    try:
        helper.client.path = path
        assert helper.ask(verb="ping", user=USER)["ok"] is True
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_wild_requests_from_the_right_peer_are_all_answered(helper: Helper) -> None:
    import random

    chance = random.Random(4)
    wild: list[object] = [
        None,
        0,
        -1,
        2**70,
        True,
        1.5,
        "",
        "a",
        "..",
        "/",
        "\0",
        "\ud800",
        [],
        [[]],
        {},
        {"a": 1},
        "x" * 5000,
    ]
    verbs = ["submit", "cancel", "update", "open-read", "open-write", "list", "stat", "make-directory", "rename"]
    fields = [
        "root",
        "path",
        "to",
        "job",
        "options",
        "environment",
        "how",
        "mode",
        "after",
        "limit",
        "changes",
        "cluster",
    ]
    deadline = time.monotonic() + 240
    for _ in range(300):
        request = {
            name: chance.choice([*wild, str(helper.root)]) for name in chance.sample(fields, chance.randrange(6))
        }
        told = helper.ask(verb=chance.choice(verbs), user=USER, **request)
        assert told["ok"] or told["error"] not in {"internal", "system"}, (request, told)
        assert time.monotonic() < deadline
    assert helper.ask(verb="ping", user=USER)["ok"] is True
