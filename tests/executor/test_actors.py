"""The same behaviour, whichever way one acts as a user."""

from __future__ import annotations

import io
import json
import os
import pwd
import stat
import zipfile
from pathlib import Path

import pytest

from headgate.executor.interface import Actor, Place
from headgate.executor.refusal import ExecutorError, RefusedError
from tests.executor.conftest import USER, Acting, Helper

SBATCH = """#!/usr/bin/python3
import json, os, sys
said = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "script": sys.stdin.read(),
        "ids": [os.getuid(), os.getgid(), os.getgroups()], "umask": os.umask(0)}
for word in sys.argv:
    if word.startswith("--export-file="):
        said["export"] = os.fdopen(int(word.partition("=")[2])).read()
open("said.json", "w").write(json.dumps(said))
print("4711")
"""
SAYS = '#!/bin/sh\necho "$0" "$@" | sed \'s,.*/,,\'\n'


def mine(helper: Acting, path: str, content: str = "") -> Path:
    """Make a file of the user's."""
    made = helper.root / path
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(content)
    for item in (made, *made.parents):
        if item.is_relative_to(helper.root):
            os.chown(item, pwd.getpwnam(USER).pw_uid, pwd.getpwnam(USER).pw_gid)
    return made


async def refused(awaitable: object) -> str:
    with pytest.raises(RefusedError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.error


async def test_one_is_the_user_on_the_other_side(acting: Acting) -> None:
    actor: Actor = acting.client
    account = pwd.getpwnam(USER)
    identity = await actor.ping(USER)
    assert (identity.uid, identity.gid) == (account.pw_uid, account.pw_gid)


async def test_a_script_is_submitted_whole_in_its_directory_with_typed_options(acting: Acting) -> None:
    acting.program("sbatch", SBATCH)
    (acting.root / "run").mkdir()
    os.chown(acting.root / "run", pwd.getpwnam(USER).pw_uid, -1)
    script = b"#!/bin/sh\n" + b"# long\n" * 20_000
    done = await acting.client.submit(
        USER,
        acting.place("run"),
        script,
        options={"job_name": "x --partition=nope", "time": "1-00:00:00", "requeue": False, "hold": True, "tasks": 4},
        environment={"GREETING": "a,b=c\nd", "LD_PRELOAD": "/x.so"},
    )
    said = json.loads((acting.root / "run" / "said.json").read_text())
    assert done.job == "4711"
    assert said["script"].encode() == script
    assert said["cwd"] == str(acting.root / "run")
    words = ["--parsable", "--propagate=NONE", "--job-name=x --partition=nope", "--time=1-00:00:00"]
    assert said["argv"][:-1] == [*words, "--no-requeue", "--hold", "--ntasks=4"]
    login = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": f"/home/{USER}", "SHELL": "/bin/bash"}
    login |= {"USER": USER, "LOGNAME": USER}
    exported = dict(line.split("=", 1) for line in said["export"].split("\0") if line)
    assert exported == {**login, "GREETING": "a,b=c\nd", "LD_PRELOAD": "/x.so"}
    assert said["umask"] == 0o022
    assert {name: text for name, text in said["env"].items() if name != "LC_CTYPE"} == login  # Python's own


@pytest.mark.parametrize(
    "options",
    [{"wrap": "id"}, {"partition": "a b"}, {"time": "1; id"}, {"comment": "a\nb"}, {"tasks": True}, {"tasks": -1}],
    ids=["unknown", "space", "shell", "line", "bool", "negative"],
)
async def test_an_option_that_is_unknown_or_wrong_is_refused(acting: Acting, options: dict[str, str]) -> None:
    assert await refused(acting.client.submit(USER, acting.place(), b"#!/bin/sh\n", options=options)) == "request"


async def test_what_slurm_says_when_it_refuses_is_handed_on(acting: Acting) -> None:
    acting.program("sbatch", "#!/bin/sh\necho 'sbatch: error: invalid partition specified: nope' >&2\nexit 1\n")
    with pytest.raises(RefusedError, match="invalid partition specified: nope") as caught:
        await acting.client.submit(USER, acting.place(), b"#!/bin/sh\n" * 100_000)
    assert (caught.value.error, caught.value.code) == ("slurm", 1)


async def test_a_job_is_cancelled_held_released_requeued_and_changed(acting: Acting) -> None:
    for name in ("scancel", "scontrol"):
        acting.program(name, SAYS)
    client = acting.client
    assert (await client.cancel(USER, "12_3")).message == "scancel 12_3\n"
    assert (await client.hold(USER, "12")).message == "scontrol hold 12\n"
    assert (await client.release(USER, "12")).message == "scontrol release 12\n"
    assert (await client.requeue(USER, "12")).message == "scontrol requeue 12\n"
    changed = await client.update(USER, "12", {"time_limit": "2:00:00", "partition": "debug", "requeue": True})
    assert changed.message == "scontrol update JobId=12 TimeLimit=2:00:00 Partition=debug Requeue=1\n"


@pytest.mark.parametrize("job", ["0", "1,2", "-1", "1 2", "1_", "root", "", "1\n", "٣"])
async def test_what_is_no_job_is_refused(acting: Acting, job: str) -> None:
    assert await refused(acting.client.cancel(USER, job)) == "request"


@pytest.mark.parametrize("key", ["priority", "Priority", "end_time", "user_id", "admin_comment"])
async def test_what_an_owner_may_not_change_is_refused(acting: Acting, key: str) -> None:
    assert await refused(acting.client.update(USER, "1", {key: "1"})) == "request"


async def test_a_file_is_written_and_read_as_the_user(acting: Acting) -> None:
    async with await acting.client.open_write(USER, acting.place("out.txt"), mode=0o640) as file:
        await file.write(b"hello", 0)
    made = (acting.root / "out.txt").stat()
    assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (pwd.getpwnam(USER).pw_uid, 0o640)
    async with await acting.client.open_read(USER, acting.place("out.txt")) as file:
        assert (await file.read(100, 0), await file.read(2, 1), await file.read(9, 5)) == (b"hello", b"el", b"")
        assert (file.info.size, file.info.name, await file.size()) == (5, "out.txt", 5)
        with pytest.raises(RefusedError):
            await file.write(b"x", 0)
    assert await refused(acting.client.open_write(USER, acting.place("out.txt"))) == "exists"
    async with await acting.client.open_write(USER, acting.place("out.txt"), how="append") as file:
        await file.write(b" again", 0)
    assert (acting.root / "out.txt").read_text() == "hello again"
    async with await acting.client.open_write(USER, acting.place("out.txt"), how="resume") as file:
        await file.write(b"J", 0)
        await file.write(b"!", 11)
    assert (acting.root / "out.txt").read_text() == "Jello again!"
    async with await acting.client.open_write(USER, acting.place("out.txt"), how="replace") as file:
        await file.write(b"new", 0)
    assert (acting.root / "out.txt").read_text() == "new"


async def test_a_large_file_comes_back_as_it_went_and_a_growing_one_can_be_followed(acting: Acting) -> None:
    data = os.urandom(3_000_001)
    async with await acting.client.open_write(USER, acting.place("data")) as file:
        await file.write(data[:2_000_000], 0)
        async with await acting.client.open_read(USER, acting.place("data")) as other:
            assert await other.size() == 2_000_000
            await file.write(data[2_000_000:], 2_000_000)
            assert await other.size() == len(data)
            found = b""
            while piece := await other.read(1_000_000, len(found)):
                found += piece
            assert found == data
            assert await other.read(10, 10**12) == b""


async def test_a_file_is_closed_once(acting: Acting) -> None:
    file = await acting.client.open_write(USER, acting.place("out.txt"))
    await file.write(b"x", 0)
    await file.aclose()
    await file.aclose()
    assert (acting.root / "out.txt").read_text() == "x"


async def test_an_archive_that_nobody_reads_on_is_given_up(acting: Acting) -> None:
    for number in range(20):
        mine(acting, f"job/{number}").write_bytes(os.urandom(100_000))
    async with acting.client.archive(USER, acting.place("job")) as stream:
        assert await anext(aiter(stream))
        with pytest.raises(RefusedError):
            _ = stream.result
    assert (await acting.client.ping(USER)).home == pwd.getpwnam(USER).pw_dir


async def test_a_pipe_is_not_waited_for(acting: Acting) -> None:
    os.mkfifo(acting.root / "pipe", 0o666)
    (acting.root / "pipe").chmod(0o666)
    assert await refused(acting.client.open_read(USER, acting.place("pipe"))) == "not-a-file"
    assert await refused(acting.client.open_write(USER, acting.place("pipe"), how="replace")) == "not-a-file"


async def test_directories_are_made_listed_told_about_renamed_and_removed(acting: Acting) -> None:
    client = acting.client
    await client.make_directory(USER, acting.place("a/b/c"), parents=True)
    await client.make_directory(USER, acting.place("a/b/c"), parents=True)
    assert await refused(client.make_directory(USER, acting.place("a"))) == "exists"
    for name in ("x", "y", "z"):
        mine(acting, f"a/{name}", name)
    (acting.root / "a" / "link").symlink_to("/etc/passwd")
    (acting.root / "a" / os.fsdecode(b"\xff")).touch()
    listing = await client.list(USER, acting.place("a"), limit=3)
    assert [(entry.name, entry.kind) for entry in listing.entries] == [
        ("b", "directory"),
        ("link", "link"),
        ("x", "file"),
    ]
    assert listing.more
    rest = await client.list(USER, acting.place("a"), after="x")
    assert [(entry.name, entry.named) for entry in rest.entries] == [("y", True), ("z", True), ("\\xff", False)]
    assert not rest.more
    assert (await client.stat(USER, acting.place("a/x"))).size == 1
    assert (await client.stat(USER, acting.place("a/link"))).kind == "link"
    await client.rename(USER, acting.place("a/x"), "a/b/x")
    assert (acting.root / "a/b/x").read_text() == "x"
    assert await refused(client.rename(USER, acting.place("a/b"), "a/b/below")) == "request"
    assert await client.prune(USER, acting.place("a"), keep=["y"]) == 6
    assert [entry.name for entry in (await client.list(USER, acting.place("a"))).entries] == ["y"]
    assert await client.remove_tree(USER, acting.place("a")) == 2
    assert await refused(client.remove_tree(USER, acting.place())) == "request"


async def test_an_archive_holds_the_tree_and_follows_no_link(acting: Acting) -> None:
    mine(acting, "job/out.txt", "x" * 300_000)
    mine(acting, "job/deep/er/ü.txt", "umlaut")
    (acting.root / "job" / "leak").symlink_to("/etc/passwd")
    os.mkfifo(acting.root / "job" / "pipe")
    data = io.BytesIO()
    async with acting.client.archive(USER, acting.place("job")) as stream:
        async for piece in stream:
            data.write(piece)
    with zipfile.ZipFile(data) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["deep/", "deep/er/", "deep/er/ü.txt", "out.txt"]
        assert packed.read("deep/er/ü.txt") == b"umlaut"
    assert (stream.result.entries, stream.result.skipped) == (4, 2)


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return data.getvalue()


async def put(acting: Acting, data: bytes) -> None:
    mine(acting, "up.zip")
    (acting.root / "up.zip").write_bytes(data)


async def test_an_archive_is_unpacked_as_the_user_without_bits_of_power(acting: Acting) -> None:
    tool = zipfile.ZipInfo("bin/tool")
    tool.external_attr = (stat.S_IFREG | 0o6755) << 16
    await put(acting, zipped(("in/data.txt", b"data"), (tool, b"#!/bin/sh\n"), ("empty/", b"")))
    done = await acting.client.extract(USER, acting.place("up.zip"), "job")
    assert (done.entries, done.bytes) == (3, 14)
    made = (acting.root / "job/bin/tool").stat()
    assert (stat.S_IMODE(made.st_mode), made.st_uid) == (0o755, pwd.getpwnam(USER).pw_uid)
    assert (acting.root / "job/empty").is_dir()


LINK = zipfile.ZipInfo("link")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    "entry",
    ["../out", "/etc/x", "a/../../out", "a\\..\\b", "a//b", LINK],
    ids=["up", "absolute", "within", "backslash", "empty", "link"],
)
async def test_an_archive_that_would_leave_its_directory_writes_nothing(
    acting: Acting, entry: str | zipfile.ZipInfo
) -> None:
    await put(acting, zipped(("good", b"good"), (entry, b"/etc/passwd")))
    assert await refused(acting.client.extract(USER, acting.place("up.zip"), "job")) == "archive"
    assert not (acting.root / "job" / "good").exists()


async def test_an_archive_that_grows_too_much_or_is_none_is_refused(acting: Acting) -> None:
    await put(acting, zipped(("zeros", bytes(50 * 1024 * 1024))))
    assert await refused(acting.client.extract(USER, acting.place("up.zip"), "job")) == "too-large"
    await put(acting, b"PK\x05\x06 this is none")
    assert await refused(acting.client.extract(USER, acting.place("up.zip"), "job")) == "archive"


async def test_an_archive_does_not_write_through_a_link_that_lies_in_the_way(acting: Acting) -> None:
    target = mine(acting, "precious", "kept")
    mine(acting, "job/x")
    (acting.root / "job" / "x").unlink()
    (acting.root / "job" / "x").symlink_to(target)
    await put(acting, zipped(("x", b"overwritten")))
    assert await refused(acting.client.extract(USER, acting.place("up.zip"), "job")) == "link"
    assert target.read_text() == "kept"


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "./x", "a//x", "\0", "x/", "..", "a" * 5000],
    ids=["up", "within", "absolute", "dot", "empty", "nul", "slash", "dots", "long"],
)
async def test_a_path_that_is_not_plain_is_refused(acting: Acting, path: str) -> None:
    assert await refused(acting.client.open_read(USER, acting.place(path))) == "request"


@pytest.mark.parametrize("root", ["/etc", "/proc/self/root", "/", "relative", "", "{root}/../..", "{root}x"])
async def test_a_root_that_is_not_allowed_is_refused(acting: Acting, root: str) -> None:
    place = Place(root.format(root=acting.root), "passwd")
    assert await refused(acting.client.open_read(USER, place)) in {"root", "request"}


async def test_no_component_may_be_a_link_wherever_it_leads(acting: Acting) -> None:
    mine(acting, "real/file", "content")
    for name, target in (("etc", "/etc"), ("inner", "real"), ("proc", "/proc/self/root"), ("file", "real/file")):
        (acting.root / name).symlink_to(target)
    found = [
        await refused(acting.client.open_read(USER, acting.place(path)))
        for path in ("etc/passwd", "inner/file", "proc/etc/passwd", "file")
    ]
    assert set(found) <= {"link", "not-a-directory"}
    assert await refused(acting.client.open_read(USER, Place(str(acting.root / "inner"), "file"))) in {
        "link",
        "not-a-directory",
    }
    assert await refused(acting.client.open_write(USER, acting.place("file"), how="replace")) == "link"


async def test_a_file_that_is_not_the_users_is_not_read(acting: Acting) -> None:
    secret = acting.root / "secret"
    secret.write_text("root's")
    secret.chmod(0o600)
    assert await refused(acting.client.open_read(USER, acting.place("secret"))) == "forbidden"
    assert await refused(acting.client.open_read(USER, acting.place("missing"))) == "not-found"


async def test_a_directory_that_cannot_be_entered_starts_nothing(acting: Acting) -> None:
    acting.program("sbatch", SBATCH)
    (acting.root / "closed").mkdir(mode=0o700)
    assert await refused(acting.client.submit(USER, acting.place("closed"), b"#!/bin/sh\n")) == "forbidden"
    assert await refused(acting.client.submit(USER, acting.place("missing"), b"#!/bin/sh\n")) == "not-found"
    assert list(acting.root.rglob("said.json")) == []


async def test_a_script_beyond_the_bound_is_refused(acting: Acting) -> None:
    acting.program("sbatch", SBATCH)
    assert await refused(acting.client.submit(USER, acting.place(), b"#" * (5 * 1024 * 1024))) == "too-large"


async def test_a_helper_that_is_not_there_is_an_error_that_may_pass(helper: Helper) -> None:
    helper.client.path.unlink()
    with pytest.raises(ExecutorError, match="cannot be reached") as caught:
        await helper.client.ping(USER)
    assert caught.value.transient
