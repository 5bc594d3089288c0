"""Acting by SSH, on a real SSH server: keys, connections that are lost, and a remote side that lies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.executor import ssh
from headgate.executor.headgate_remote import MARK, framed
from headgate.executor.interface import Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.executor.ssh import SshActor
from headgate.testing.cluster import Cluster
from tests.executor.conftest import OTHER, gone, until_async
from tests.executor.sshd import USER, LoginNode, acting_by_ssh, login_node, new_key

DOCUMENTATION = Path(__file__).parents[2] / "docs"
HANGS = """#!/usr/bin/python3
import os, subprocess, time
daemon = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
open("pids.new", "w").write(f"{os.getpid()} {daemon.pid}")
os.rename("pids.new", "pids")
time.sleep(1000)
"""


@pytest.fixture
async def node() -> AsyncIterator[LoginNode]:
    async with acting_by_ssh() as made:
        yield made


async def refused(actor: SshActor, user: str = USER) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        await actor.ping(user)
    return caught.value


def processes_of(node: LoginNode) -> list[int]:
    return [int(pid) for pid in (node.root / "pids").read_text().split()]


async def test_fifty_requests_at_the_same_time_share_one_connection(node: LoginNode) -> None:
    (node.root / "file").write_text("content")
    asked = [node.client.stat(USER, node.place("file")) for _ in range(50)]
    assert {info.size for info in await asyncio.gather(*asked)} == {7}
    assert (node.logins(), len(node.sessions())) == (1, 1)


async def test_each_user_has_a_connection_of_their_own(node: LoginNode) -> None:
    first, second = await asyncio.gather(node.client.ping(USER), node.client.ping(OTHER))
    assert (first.uid, second.uid) == (pwd.getpwnam(USER).pw_uid, pwd.getpwnam(OTHER).pw_uid)
    assert len(node.sessions()) == 2


@pytest.mark.parametrize("known", ["", "changed", "missing"])
async def test_a_host_key_that_is_not_known_is_refused_before_anybody_logs_in(node: LoginNode, known: str) -> None:
    if known == "changed":
        new_key(node.directory / "another")
        text = f"[127.0.0.1]:{node.port} {(node.directory / 'another.pub').read_text()}"
        (node.directory / "known_hosts").write_text(text)
    elif known == "missing":
        (node.directory / "known_hosts").unlink()
    else:
        (node.directory / "known_hosts").write_text(known)
    error = await refused(node.client)
    assert (error.error, error.transient) == ("host-key", False)
    assert node.logins() == 0


async def test_a_key_that_the_server_does_not_take_is_refused_without_a_word_of_it(node: LoginNode) -> None:
    (node.directory / "keys" / USER).unlink()
    new_key(node.directory / "keys" / USER)
    error = await refused(node.client)
    assert (error.error, error.transient) == ("login", False)
    assert error.message == "the login node does not let Headgate log in as ada"


@pytest.mark.parametrize("kind", ["missing", "garbage", "broken", "passphrase", "open"])
async def test_a_key_that_cannot_be_used_is_refused_without_a_word_of_it(node: LoginNode, kind: str) -> None:
    path = node.directory / "keys" / USER
    text = path.read_text()
    if kind == "missing":
        path.unlink()
    elif kind == "garbage":
        path.write_text("c0ffee-secret")
    elif kind == "broken":
        path.write_text("\n".join([*text.splitlines()[:2], "c0ffeesecret", text.splitlines()[-1], ""]))
    elif kind == "passphrase":
        subprocess.run(["/usr/bin/ssh-keygen", "-q", "-p", "-N", "secret", "-f", str(path)], check=True)  # noqa: ASYNC221
    else:
        path.chmod(0o644)
    error = await refused(node.client)
    chain: list[BaseException | None] = [error, error.__cause__, error.__context__]
    assert error.error == "login"
    assert not any("secret" in str(one) or text.splitlines()[1][:16] in repr(one) for one in chain)
    assert str(node.directory) not in error.message


def program(node: LoginNode, *, principal: str = USER, valid: str = "+5m") -> Path:
    """Make a program that makes a key and signs it, as a certificate authority of a site would."""
    path = node.directory / "give-key"
    path.write_text(
        f"""#!/bin/sh
echo "$@" >>{node.directory}/asked
rm -f {node.directory}/fresh*
ssh-keygen -q -t ed25519 -N '' -f {node.directory}/fresh
ssh-keygen -q -s {node.directory}/ca -I headgate -n {principal} -V {valid} {node.directory}/fresh.pub
cat {node.directory}/fresh {node.directory}/fresh-cert.pub
"""
    )
    path.chmod(0o755)
    return path


def asked(node: LoginNode) -> list[str]:
    return (node.directory / "asked").read_text().splitlines()


async def test_a_program_gives_a_key_with_a_certificate_which_is_used_for_a_while(node: LoginNode) -> None:
    shutil.rmtree(node.directory / "authorized")
    async with node.actor(keys=None, command=[str(program(node)), "--for"], lifetime=1) as actor:
        assert (await actor.ping(USER)).uid == pwd.getpwnam(USER).pw_uid
        node.hang_up()
        await actor.ping(USER)
        assert (asked(node), node.logins()) == (["--for ada"], 2)
        await asyncio.sleep(1)
        node.hang_up()
        await actor.ping(USER)
        assert asked(node) == ["--for ada"] * 2


async def test_the_program_of_the_documentation_gives_a_key_that_is_taken(node: LoginNode) -> None:
    text = (DOCUMENTATION / "howto" / "ssh.md").read_text()
    (written,) = [block for block in text.split("```") if block.startswith("sh\n#!/bin/sh")]
    path = node.directory / "give-key"
    path.write_text(
        written[3:].replace("/etc/headgate/ca", str(node.directory / "ca")).replace("192.0.2.10", "127.0.0.1")
    )
    path.chmod(0o755)
    shutil.rmtree(node.directory / "authorized")
    async with node.actor(keys=None, command=[str(path)]) as actor:
        assert (await actor.ping(USER)).uid == pwd.getpwnam(USER).pw_uid


async def test_a_key_that_is_restricted_to_one_machine_and_without_a_terminal_is_enough(node: LoginNode) -> None:
    path = node.directory / "authorized" / USER
    path.write_text(f'from="127.0.0.1",restrict {path.read_text()}')
    assert (await node.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid


async def test_a_key_that_is_refused_later_is_got_anew_once(node: LoginNode) -> None:
    give = program(node)
    async with node.actor(keys=None, command=[str(give)], lifetime=100) as actor:
        await actor.ping(USER)
        (node.directory / "ca").unlink()
        new_key(node.directory / "ca")
        node.hang_up()
        shutil.rmtree(node.directory / "authorized")
        await actor.ping(USER)
        assert len(asked(node)) == 2
        program(node, principal=OTHER)
        node.hang_up()
        new_key(node.directory / "ca2")
        shutil.move(node.directory / "ca2.pub", node.directory / "ca.pub")
        assert (await refused(actor)).error == "login"
        assert len(asked(node)) == 3


@pytest.mark.parametrize("text", ["exit 1", "echo secret", "sleep 100", "echo secret >&2; exit 3", "yes"])
async def test_a_program_that_gives_no_key_is_refused_without_its_words(node: LoginNode, text: str) -> None:
    path = node.directory / "give-key"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    async with node.actor(keys=None, command=[str(path)], command_timeout=1) as actor:
        error = await refused(actor)
        assert error.error == "login"
        assert "secret" not in error.message


@pytest.mark.parametrize("user", ["root", "", "-oProxyCommand=id", "../ben", "ada\n", "ada ben", "%u"])
async def test_nobody_is_logged_in_whose_name_is_none(node: LoginNode, user: str) -> None:
    assert (await refused(node.client, user)).error == "user"
    assert node.log.count("Connection from") <= 1  # the test's own, to see whether the server listens


async def test_a_command_that_hangs_is_ended_with_all_it_started_and_the_connection_stays() -> None:
    async with acting_by_ssh(timeout=1) as node:
        node.program("sbatch", HANGS)
        with pytest.raises(RefusedError) as caught:
            await node.client.submit(USER, node.place(), b"#!/bin/sh\n")
        assert (caught.value.error, caught.value.transient) == ("timeout", True)
        await until_async(lambda: all(gone(pid) for pid in processes_of(node)))
        await node.client.ping(USER)
        assert node.logins() == 1


async def test_a_submission_whose_connection_is_lost_is_neither_done_nor_refused(node: LoginNode) -> None:
    node.program("sbatch", HANGS)
    submitting = asyncio.create_task(node.client.submit(USER, node.place(), b"#!/bin/sh\n"))
    await until_async((node.root / "pids").exists)
    node.hang_up()
    with pytest.raises(ExecutorError, match="not known what became of") as caught:
        await submitting
    assert caught.value.transient
    await until_async(lambda: all(gone(pid) for pid in processes_of(node)))
    assert (await node.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid
    assert node.logins() == 2


async def test_what_changes_nothing_is_asked_again_when_the_connection_is_lost(node: LoginNode) -> None:
    (node.root / "file").write_text("content")
    await node.client.ping(USER)
    node.hang_up()
    async with await node.client.open_read(USER, node.place("file")) as file:
        assert await file.read(10, 0) == b"content"
        node.hang_up()
        with pytest.raises(ExecutorError):
            await file.read(10, 0)
    assert node.logins() == 2


async def test_a_remote_side_that_stands_still_is_left(node: LoginNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "_SPARE", 0.2)
    async with node.actor(timeout=1) as actor:
        await actor.ping(USER)
        stopped = node.remote()
        for pid in stopped:
            os.kill(pid, 19)
        with pytest.raises(ExecutorError, match="did not answer within"):
            await actor.cancel(USER, "1")
        for pid in stopped:
            os.kill(pid, 18)
        await until_async(lambda: all(gone(pid) for pid in stopped))
        await actor.ping(USER)


async def test_an_idle_connection_is_closed_unless_a_file_is_open() -> None:
    async with acting_by_ssh(idle=0.3) as node:
        (node.root / "file").write_text("content")
        async with await node.client.open_read(USER, node.place("file")) as file:
            await asyncio.sleep(0.6)
            assert await file.size() == 7
        await until_async(lambda: not node.processes())
        await node.client.ping(USER)


async def test_closing_leaves_no_process_on_the_login_node(node: LoginNode) -> None:
    await node.client.ping(USER)
    await node.client.ping(OTHER)
    running = node.processes()
    assert running
    await node.client.aclose()
    await until_async(lambda: all(gone(pid) for pid in running))


async def test_connections_are_bounded_and_an_idle_one_makes_room() -> None:
    async with acting_by_ssh(connections=1) as node:
        (node.root / "file").write_text("content")
        await node.client.ping(OTHER)
        async with await node.client.open_read(USER, node.place("file")):
            error = await refused(node.client, OTHER)
            assert (error.error, error.transient) == ("busy", True)
        await node.client.ping(OTHER)
        await until_async(lambda: len(node.sessions()) == 1)


async def test_requests_of_one_user_wait_for_each_other_beyond_a_number() -> None:
    async with acting_by_ssh(requests=2) as node:
        node.program("scancel", "#!/bin/sh\nsleep 0.1\n")
        await asyncio.gather(*(node.client.cancel(USER, "1") for _ in range(8)))


async def test_a_file_whose_opener_was_cancelled_is_closed_there(node: LoginNode) -> None:
    (node.root / "file").write_text("content")
    await node.client.ping(USER)

    def held() -> int:
        places = [place for pid in node.processes() for place in Path(f"/proc/{pid}/fd").iterdir()]
        return sum(os.path.realpath(place) == str(node.root / "file") for place in places)

    for _ in range(20):
        opening = asyncio.create_task(node.client.open_read(USER, node.place("file")))
        await asyncio.sleep(0.001)
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await (await opening).aclose()
    await node.client.ping(USER)
    await until_async(lambda: held() == 0)


async def test_requests_that_are_cancelled_do_not_disturb_the_others(node: LoginNode) -> None:
    node.program("scancel", "#!/bin/sh\nsleep 0.3\n")
    await node.client.ping(USER)
    cancelling = [asyncio.create_task(node.client.cancel(USER, "1")) for _ in range(5)]
    await asyncio.sleep(0.1)
    for task in cancelling:
        task.cancel()
    await asyncio.gather(*cancelling, return_exceptions=True)
    await asyncio.sleep(0.5)
    await node.client.ping(USER)
    assert node.logins() == 1


async def test_what_a_login_shell_prints_is_in_nobodys_way() -> None:
    force = 'ForceCommand echo Welcome to the cluster; echo beware >&2; eval "$SSH_ORIGINAL_COMMAND"'
    async with acting_by_ssh(force) as node:
        assert (await node.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid


@pytest.mark.parametrize(
    ("text", "words"), [(None, "is not there"), ("exit 97", "is older than 3.9"), ("", "cannot be started")]
)
async def test_a_python_that_cannot_be_used_is_told(node: LoginNode, text: str | None, words: str) -> None:
    path = node.directory / "python"
    if text is not None:
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755 if text else 0o644)
    async with node.actor(python=str(path)) as actor:
        error = await refused(actor)
        assert error.error == "python"
        assert words in error.message


def say(data: bytes, then: bytes = b"") -> str:
    """Return a program in the place of Python that says this, and something else when it is asked."""
    return (
        f"#!/usr/bin/python3\nimport os\nos.write(1, {data!r})\nseen = b''\n"
        f"while b'ping' not in seen[-200:]: seen += os.read(0, 65536) or os._exit(0)\n"
        f"os.write(1, {then!r})\nwhile os.read(0, 65536): pass\n"
    )


HELLO = MARK + framed({"ok": True, "id": 0})


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 100,
        b"\0\0\0\1\0\0\0\0[",
        b"\0\0\0\2\0\0\0\0[]",
        (100_000).to_bytes(4, "big") + bytes(4) + b"[" * 100_000,
        framed({"ok": False, "id": 0, "error": ["x"], "message": "m"}),
        framed({"id": 0}),
    ],
    ids=["huge", "no-json", "list", "deep", "word", "neither"],
)
async def test_a_remote_side_that_begins_with_nonsense_is_an_error(node: LoginNode, data: bytes) -> None:
    node.program("python", say(MARK + data))
    async with node.actor(python=str(node.bin / "python")) as actor:
        with pytest.raises(ExecutorError, match="cannot be read"):
            await actor.ping(USER)


@pytest.mark.parametrize(
    "data",
    [
        framed({"ok": True, "id": 1}),
        framed({"ok": True, "id": 1, "uid": "x", "gid": 1, "groups": []}),
        framed({"ok": 1, "id": 1, "uid": 1, "gid": 1, "groups": []}),
        framed({"ok": False, "id": 1, "error": "Not A Word", "message": "m"}),
        framed({"id": "1"}),
        b"\xff" * 8,
        framed({"ok": True, "id": 77, "file": 1}) * 1000,
    ],
    ids=["nothing", "types", "ok", "word", "number", "lengths", "unasked"],
)
async def test_a_remote_side_that_answers_nonsense_is_an_error(node: LoginNode, data: bytes) -> None:
    node.program("python", say(HELLO, data))
    async with node.actor(python=str(node.bin / "python")) as actor:
        with pytest.raises(ExecutorError, match=r"cannot be read|was lost"):
            await actor.ping(USER)


async def test_a_connection_that_is_lost_as_soon_as_it_is_made_is_not_made_without_end(node: LoginNode) -> None:
    node.program("python", say(HELLO + b"\xff" * 8))
    async with node.actor(python=str(node.bin / "python")) as actor:
        with pytest.raises(ExecutorError, match=r"was lost|as soon as it is made"):
            await actor.ping(USER)
    assert node.logins() <= 6


async def test_a_login_that_gives_nothing_is_given_up(node: LoginNode) -> None:
    node.program("python", say(b"x" * 100))
    async with node.actor(python=str(node.bin / "python"), connect_timeout=1) as actor:
        with pytest.raises(ExecutorError, match="did not answer within 1 s"):
            await actor.ping(USER)
    await until_async(lambda: not node.processes())


async def test_a_server_that_is_not_there_may_come_back() -> None:
    with login_node() as node:
        node.process.terminate()
        node.process.wait(timeout=20)
        with pytest.raises(ExecutorError, match="cannot be reached") as caught:
            await node.actor().ping(USER)
        assert caught.value.transient


def test_without_the_extra_there_is_a_clear_error() -> None:
    program = (
        "import sys\nsys.modules['asyncssh'] = None\n"
        "from headgate.config.ssh import SshSettings\nfrom headgate.errors import ConfigError\n"
        "from headgate.executor.ssh import SshActor\n"
        "try: SshActor(SshSettings(host='h', known_hosts='/k', keys='/%u'))\n"
        "except ConfigError as error: print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "acting by SSH needs the extra ssh: install headgate[ssh]\n"


@pytest.mark.slurm
async def test_a_real_job_is_submitted_changed_and_cancelled_by_ssh(slurm_cluster: Cluster) -> None:
    async with acting_by_ssh() as node, node.actor(bin=slurm_cluster.bin) as actor:
        done = await actor.submit(
            USER, node.place(), b"#!/bin/sh\nid -un; pwd\n", options={"output": "out-%j.txt", "time": "5"}
        )
        assert slurm_cluster.wait_for_job(int(done.job), ("COMPLETED", "FAILED")) == "COMPLETED"
        async with await actor.open_read(USER, node.place(f"out-{done.job}.txt")) as file:
            assert (await file.read(1000, 0)).decode() == f"{USER}\n{node.root}\n"
        waiting = await actor.submit(
            USER, node.place(), b"#!/bin/sh\nsleep 600\n", options={"hold": True, "time": "20", "output": "/dev/null"}
        )
        await actor.update(USER, waiting.job, {"time_limit": "10"})
        await actor.cancel(USER, waiting.job)
        assert slurm_cluster.wait_for_job(int(waiting.job), ("CANCELLED",)) == "CANCELLED"
        with pytest.raises(RefusedError, match="invalid partition"):
            await actor.submit(USER, node.place(), b"#!/bin/sh\n", options={"partition": "nope"})


async def test_a_root_that_is_not_allowed_is_refused_over_there_too(node: LoginNode) -> None:
    with pytest.raises(RefusedError) as caught:
        await node.client.stat(USER, Place("/etc", "passwd"))
    assert caught.value.error == "root"
