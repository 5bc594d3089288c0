"""Children that are kept for the same user's next request: nothing of one request, and no right, is carried on."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from headgate.executor.refusal import ExecutorError, RefusedError
from tests.executor.conftest import OTHER, USER, Helper, gone, running, until, until_async
from tests.executor.test_headgate_executor import HANGS, TRY, in_group

T = TypeVar("T")
TELLS = "#!/bin/sh\nenv | sort\npwd\numask\nls /proc/$$/fd\n"


async def kept(helper: Helper, user: str = USER) -> int:
    """Ask for something, and return the child that was kept."""
    before = set(helper.waiting())
    await done(helper, helper.client.ping(user))
    await until_async(lambda: bool(helper.waiting()))
    [child] = set(helper.waiting()) - before or before
    return child


async def done(helper: Helper, asked: Awaitable[T]) -> T:
    """Wait for an answer, and for the helper to know that it is done: then its child waits for the next request."""
    lines = len(helper.audit())
    answer = await asked
    await until_async(lambda: len(helper.audit()) == lines + 1)
    return answer


async def test_a_child_does_the_users_next_requests_each_with_its_audit_line(helper: Helper) -> None:
    helper.program("sbatch", "#!/bin/sh\necho 4711\n")
    child = await kept(helper)
    (helper.root / "there").write_text("text")
    await done(helper, helper.client.submit(USER, helper.place(), b"#!/bin/sh\n"))
    async with await done(helper, helper.client.open_read(USER, helper.place("there"))) as opened:
        assert await opened.read(10, 0) == b"text"
    await until_async(lambda: helper.waiting() == [child])
    assert [(line["verb"], line["outcome"]) for line in helper.audit()] == [
        ("ping", "ok"),
        ("submit", "ok"),
        ("open-read", "ok"),
    ]


async def test_nothing_of_a_request_is_left_for_the_next(helper: Helper) -> None:
    helper.program("scancel", TELLS)
    helper.program("sbatch", "#!/bin/sh\necho 4711\n")
    (helper.root / "in").mkdir(mode=0o777)
    (helper.root / "in").chmod(0o777)
    first = await done(helper, helper.client.cancel(USER, "1"))
    [child] = helper.waiting()
    place, script = helper.place("in"), b"#!/bin/sh\n"
    submitting = helper.client.submit(USER, place, script, environment={"LEFT": "1"}, save_as="batch.sh")
    await done(helper, submitting)
    async with await done(helper, helper.client.open_write(USER, helper.place("in/new"), parents=True)):
        pass
    assert (await done(helper, helper.client.list(USER, place))).entries
    assert await done(helper, helper.client.cancel(USER, "1")) == first
    assert helper.waiting() == [child]


async def test_a_kept_child_does_nothing_for_another_user(helper: Helper) -> None:
    child = await kept(helper)
    assert (await helper.client.ping(OTHER)).uid == pwd.getpwnam(OTHER).pw_uid
    assert (await helper.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid
    await until_async(lambda: len(helper.waiting()) == 2)
    assert child in helper.waiting()


async def test_what_went_wrong_is_not_carried_on(helper: Helper) -> None:
    child = await kept(helper)
    with pytest.raises(RefusedError):
        await helper.client.stat(USER, helper.place("missing"))
    await until_async(lambda: gone(child))
    assert await kept(helper) != child


async def test_what_worked_long_is_not_carried_on(helper: Helper) -> None:
    child = await kept(helper)
    await helper.client.prune(USER, helper.place())
    await until_async(lambda: gone(child))


async def test_a_user_with_another_group_is_looked_at_anew(helper: Helper) -> None:
    child = await kept(helper)
    with in_group(USER, TRY) as gid:
        assert gid in (await helper.client.ping(USER)).groups
        await until_async(lambda: gone(child))
    assert gid not in (await helper.client.ping(USER)).groups


async def test_a_user_who_is_no_longer_allowed_is_refused_at_once() -> None:
    with running(deny_groups=TRY) as helper:
        child = await kept(helper)
        with in_group(USER, TRY), pytest.raises(RefusedError) as caught:
            await helper.client.ping(USER)
        assert caught.value.error == "user"
        await until_async(lambda: gone(child))
        await until_async(lambda: [line["outcome"] for line in helper.audit()] == ["ok", "user"])


async def test_of_many_the_one_that_waited_longest_goes() -> None:
    with running(kept=1) as helper:
        first = await kept(helper)
        await helper.client.ping(OTHER)
        await until_async(lambda: gone(first))
        await until_async(lambda: helper.children() == [] and len(helper.waiting()) == 1)


async def test_a_child_is_kept_for_a_time_only() -> None:
    with running(kept_seconds=1) as helper:
        child = await kept(helper)
        await until_async(lambda: gone(child))
        assert (await helper.client.ping(USER)).uid == pwd.getpwnam(USER).pw_uid


async def test_none_is_kept_if_the_administrator_wants_none() -> None:
    with running(kept=0) as helper:
        await helper.client.ping(USER)
        await until_async(lambda: helper.children() == [] and helper.waiting() == [])


async def test_what_a_command_leaves_behind_ends_though_its_child_stays(helper: Helper) -> None:
    left = "#!/bin/sh\nsetsid /bin/sleep 1000 >/dev/null 2>&1 &\necho $! >pid.new\nmv pid.new pid\necho 4711\n"
    helper.program("sbatch", left)
    child = await kept(helper)
    await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n")
    pid = int((helper.root / "pid").read_text())
    await until_async(lambda: gone(pid))
    await until_async(lambda: helper.waiting() == [child])


async def test_one_that_died_meanwhile_is_replaced(helper: Helper) -> None:
    child = await kept(helper)
    os.kill(helper.process.pid, signal.SIGSTOP)
    asking = asyncio.create_task(helper.client.ping(USER))
    os.kill(child, signal.SIGKILL)
    until(lambda: gone(child))
    os.kill(helper.process.pid, signal.SIGCONT)
    assert (await asking).uid == pwd.getpwnam(USER).pw_uid


async def test_time_ends_what_a_kept_child_started() -> None:
    with running(timeout=1) as helper:
        helper.program("sbatch", HANGS)
        await kept(helper)
        with pytest.raises(RefusedError) as caught:
            await helper.client.submit(USER, helper.place(), b"#!/bin/sh\n")
        assert caught.value.error == "timeout"
        pids = [int(pid) for pid in (helper.root / "pids").read_text().split()]
        await until_async(lambda: all(gone(pid) for pid in pids))


async def test_what_a_kept_child_started_dies_with_the_helper(helper: Helper) -> None:
    helper.program("sbatch", "#!/bin/sh\necho $$ >pid.new\nmv pid.new pid\nexec sleep 1000\n")
    child = await kept(helper)
    asking = asyncio.create_task(helper.client.submit(USER, helper.place(), b"#!/bin/sh\n"))
    await until_async((helper.root / "pid").exists)
    pid = int((helper.root / "pid").read_text())
    os.kill(helper.process.pid, signal.SIGKILL)
    with pytest.raises(ExecutorError):
        await asking
    await until_async(lambda: gone(pid) and gone(child))
