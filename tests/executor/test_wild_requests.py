"""Whatever is sent to the root helper: an answer, no effect outside of the root, nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from headgate.executor import headgate_verbs as verbs
from tests.executor.conftest import OTHER, USER, Helper, answer, running, until

TRIES = settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(TRIES, max_examples=100)


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    """Return a helper whose user may write right beside the root, so that only the helper keeps them from it."""
    with running(frame_timeout=1) as made:
        outside = made.directory / "outside"
        (outside / "below").mkdir(parents=True)
        for name in ("precious", "below/precious"):
            (outside / name).write_text("outside")
        (outside / "up.zip").write_bytes(b"PK\5\6" + bytes(18))
        for place in (outside, *outside.rglob("*")):
            shutil.chown(place, USER, USER)
        for name in ("sbatch", "scancel", "scontrol"):
            made.program(name, "#!/bin/sh\necho 4711\n")
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left(helper: Helper) -> Iterator[None]:
    lines = helper.log.stat().st_size
    helper.ask(verb="ping", user=USER)
    until(lambda: helper.children() == [] and helper.log.stat().st_size > lines)
    before = (tree(helper.directory / "outside"), at_rest(helper))
    yield
    until(lambda: helper.children() == [])
    assert helper.ask(verb="ping", user=USER)["ok"] is True
    until(lambda: helper.children() == [] and descriptors(helper) == before[1])
    assert helper.process.poll() is None
    assert tree(helper.directory / "outside") == before[0]
    assert "Traceback" not in helper.log.read_text()


def tree(place: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Return all that a change in a directory would change."""
    return {
        str(path): (*path.lstat()[:2], path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (place, *place.rglob("*"))
    }


def descriptors(helper: Helper) -> int:
    """Return how many are open in the helper, but for the one to each child that it keeps."""
    return len(list(Path(f"/proc/{helper.process.pid}/fd").iterdir())) - len(helper.waiting())


def at_rest(helper: Helper) -> int:
    """Wait until the last connection is closed; return how many descriptors are open then."""
    seen: list[int] = []

    def settled() -> bool:
        seen.append(descriptors(helper))
        time.sleep(0.05)
        return len(seen) >= 10 and len(set(seen[-10:])) == 1

    until(settled)
    return seen[-1]


def planted(helper: Helper) -> None:
    """Put ways out of the root into it, as its user could."""
    shutil.rmtree(helper.root / "a", ignore_errors=True)
    (helper.root / "a" / "b").mkdir(parents=True)
    (helper.root / "a" / "file").write_text("inside")
    for name, target in (
        ("link", "../../outside"),
        ("b/precious", "../../../outside/precious"),
        ("proc", "/proc/self"),
    ):
        (helper.root / "a" / name).symlink_to(target)
    for place in (helper.root / "a", *(helper.root / "a").rglob("*")):
        os.chown(place, pwd.getpwnam(USER).pw_uid, -1, follow_symlinks=False)


WORDS = some.sampled_from(
    [
        *("", ".", "..", "/", "//", "~", "a", "b", "file", "link", "proc", "precious", "up.zip", "cwd", "root"),
        *("\0", "\n", "\ud800", "\udcff", "ü", "x" * 255, "x" * 256, "%u", "-rf", "*"),
    ]
)
PATHS = some.lists(WORDS, max_size=5).map("/".join) | some.sampled_from(
    ["../outside/precious", "a/link/precious", "a/b/precious", "a/proc/root/etc/passwd", "a/../../outside", "x/" * 3000]
)
PLAIN = some.sampled_from(
    [
        "",
        "a",
        "a/b",
        "a/file",
        "a/new",
        "a/b/new",
        "a/link",
        "a/link/new",
        "a/link/precious",
        "a/b/precious",
        "a/proc/cwd",
    ]
)
LEAVES = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.sampled_from([-1, 0, 1, 0o777, 0o4777, 2**31, 2**63, 2**64, 10**400])
    | some.floats()
    | some.text(max_size=20)
    | PATHS
)
ANYTHING = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=8) | WORDS, inner, max_size=4),
    max_leaves=12,
)
OPTIONS = some.dictionaries(
    some.sampled_from([*verbs.SUBMIT_OPTIONS, *verbs.UPDATE_KEYS, "wrap", "uid", "export"]),
    LEAVES | some.sampled_from(["--uid=0", "x --uid=0", "1", "1:00", "debug", "$(id)", "a\nb"]),
    max_size=4,
)


def near(helper: Helper) -> dict[str, some.SearchStrategy[Any]]:
    """Return for each field what it might be in a request that is nearly right."""
    roots = [str(helper.root), f"{helper.root}/", f"{helper.root}/a", f"{helper.root}/a/link", f"{helper.root}x"]
    roots += ["/", "/etc", "/proc/self/root", f"{helper.directory}", f"{helper.root}/../outside", "~", f"/home/{USER}"]
    return {
        "root": some.just(str(helper.root)) | some.sampled_from(roots),
        "path": PLAIN | PLAIN | PATHS,
        "to": PLAIN | PLAIN | PATHS,
        "into": PLAIN | PLAIN | PATHS,
        "job": some.sampled_from(["1", "1_2", "0", "-1", "1 2", "\u0661"]) | some.text(max_size=5),
        "cluster": some.sampled_from(["", "x", "..", "/"]),
        "options": OPTIONS,
        "changes": OPTIONS,
        "environment": some.dictionaries(some.text(max_size=6) | some.just("A"), some.text(max_size=6) | LEAVES),
        "how": some.sampled_from(["create", "replace", "append", "resume", "read", ""]),
        "mode": some.integers(-1, 0o10000),
        "after": PATHS,
        "limit": some.integers(-1, 20_000),
        "parents": some.booleans(),
        "save_as": PLAIN | PATHS,
        "keep": some.lists(WORDS, max_size=3),
    }


@some.composite
def requests(draw: some.DrawFn, helper: Helper) -> dict[str, Any]:
    """A verb, mostly with its own fields, mostly with values that could be."""
    verb = draw(some.sampled_from([*verbs.VERBS]))
    fields, wrong = near(helper), draw(some.integers(0, 4)) == 4  # hypothesis likes small numbers
    request: dict[str, Any] = {"verb": verb, "user": USER}
    for name in verbs.VERBS[verb]:
        if draw(some.integers(0, 9)) < (4 if name in verbs.OPTIONAL else 9):
            request[name] = draw(ANYTHING if wrong and draw(some.booleans()) else fields[name])
    if wrong:
        for name in draw(some.lists(some.sampled_from([*fields, "verb", "user", "argv"]), max_size=2)):
            request[name] = draw(ANYTHING)
    return request


def asked(helper: Helper, request: object, account: str | None = None) -> dict[str, Any]:
    """Send a request as it stands, a script after it, and return the answer; an archive is read to its end."""
    data = json.dumps(request).encode()
    with helper.connect(account) as opened:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            opened.sendall(len(data).to_bytes(4) + data + b"\0\0\0\2#!" + bytes(4))
        header, passed, _, _ = socket.recv_fds(opened, 4, 4)
        told: dict[str, Any] = json.loads(opened.recv(int.from_bytes(header), socket.MSG_WAITALL))
        told["descriptors"] = [read_out(descriptor) for descriptor in passed]
        return answer(opened) | {"descriptors": told["descriptors"]} if told.get("stream") else told


def read_out(descriptor: int) -> bytes:
    """Read what a descriptor gives, if it is for reading; close it."""
    found = b""
    with contextlib.suppress(OSError):
        while piece := os.read(descriptor, 65536):
            found += piece
    os.close(descriptor)
    return found


def test_a_request_that_is_nearly_right_is_done_within_the_root_or_refused(helper: Helper) -> None:
    seen: dict[str, int] = {}

    @TRIES
    @given(requests(helper))
    def each(request: dict[str, Any]) -> None:
        planted(helper)
        told = asked(helper, request)
        assert told["ok"] is True or told["error"] not in {"internal", "system", "peer"}, told
        assert not any(b"outside" in data for data in told["descriptors"])
        outcome = "ok" if told["ok"] else told["error"]
        seen[outcome] = seen.get(outcome, 0) + 1

    each()
    assert {"ok", "request"} <= seen.keys()


def test_what_is_no_request_is_refused(helper: Helper) -> None:
    @TRIES
    @given(ANYTHING)
    def each(request: object) -> None:
        told = asked(helper, request)
        assert told["error"] in {"frame", "request", "user"}

    each()


@some.composite
def frames(draw: some.DrawFn) -> bytes:
    """Bytes whose lengths are wrong, that break off, or that are no JSON."""
    data = draw(some.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
    deep = draw(some.sampled_from([b"", b"[" * 60_000, b'{"a":' * 10_000, b"9" * 60_000, b'"\\ud800"']))
    length = draw(some.sampled_from([0, 1, len(data + deep), 65536, 65537, 2**31, 2**32 - 1]) | some.integers(0, 300))
    whole = length.to_bytes(4) + data + deep
    return whole[: draw(some.integers(0, len(whole)))] if draw(some.booleans()) else whole


def test_frames_of_any_kind_are_answered_or_given_up_in_time(helper: Helper) -> None:
    @FEW
    @given(frames(), some.booleans())
    def each(data: bytes, hangs_up: bool) -> None:
        with helper.connect() as opened:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                opened.sendall(data)
                opened.shutdown(socket.SHUT_WR)
            if not hangs_up:
                assert answer(opened)["ok"] is False

    each()


def test_a_submission_whose_script_comes_in_any_pieces_is_answered(helper: Helper) -> None:
    @FEW
    @given(some.lists(some.binary(max_size=50)), some.integers(0, 2**32 - 1), some.booleans())
    def each(pieces: list[bytes], length: int, broken: bool) -> None:
        planted(helper)
        request = json.dumps({"verb": "submit", "user": USER, "root": str(helper.root), "path": "a"}).encode()
        data = b"".join(len(piece).to_bytes(4) + piece for piece in [request, *filter(None, pieces)])
        with helper.connect() as opened:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                opened.sendall(data + (length.to_bytes(4) if broken else bytes(4)))
                opened.shutdown(socket.SHUT_WR)
            told = answer(opened)
        assert told["ok"] is True if not broken or length == 0 else told["error"] in {"frame", "too-large"}

    each()


@pytest.mark.parametrize("account", [OTHER, USER, "nobody", "root"])
def test_from_anybody_else_everything_is_refused(helper: Helper, account: str) -> None:
    @FEW
    @given(requests(helper) | ANYTHING)
    def each(request: object) -> None:
        planted(helper)
        before = tree(helper.root)
        told = asked(helper, request, account)
        assert (told["ok"], told["error"], told["descriptors"]) == (False, "peer", [])
        assert tree(helper.root) == before

    each()


def test_a_user_may_be_called_anything_and_is_nobody(helper: Helper) -> None:
    @FEW
    @given(some.text() | WORDS | some.sampled_from(["root", "0", "daemon", f"{USER}\n", USER.upper(), f" {USER}"]))
    def each(user: str) -> None:
        if user not in {USER, OTHER}:
            assert asked(helper, {"verb": "ping", "user": user})["error"] == "user"

    each()
