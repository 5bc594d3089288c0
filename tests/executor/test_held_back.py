"""Slurm is asked when it may be, and not before; meanwhile sbatch is started, and sees nothing of its script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
from pathlib import Path

import pytest

from headgate.executor.refusal import RefusedError
from tests.executor.conftest import USER, WAITS_FOR_SCRIPT, Acting, Helper, gone, until_async

SCRIPT = b"#!/bin/sh\ntrue\n"


class NotKeptError(Exception):
    """Why it may not be asked."""


async def started(helper: Helper, when: asyncio.Future[None], script: bytes = SCRIPT) -> asyncio.Task[object]:
    """Submit what is held back, and return when sbatch is started and the script is in its file."""
    helper.program("sbatch", WAITS_FOR_SCRIPT)
    submitting = helper.client.submit(USER, helper.place("above/new"), script, save_as="batch.sh", when=when)
    task: asyncio.Task[object] = asyncio.create_task(submitting)
    batch = new(helper) / "batch.sh"
    await until_async(lambda: (new(helper) / "pid").exists() and batch.exists() and batch.read_bytes() == script)
    return task


def new(helper: Helper) -> Path:
    return helper.root / "above" / "new"


async def nothing_is_left(helper: Helper, pid: int) -> None:
    """Check that sbatch was ended without a script. The directory stays only because this sbatch wrote into it."""
    await until_async(lambda: gone(pid))
    assert not (new(helper) / "batch.sh").exists()
    assert not (new(helper) / "submitted").exists()
    assert (new(helper) / "script").read_bytes() == b""
    await until_async(lambda: [line["outcome"] for line in helper.audit()] == ["frame"])


async def test_slurm_is_asked_when_it_may_be_by_every_way(acting: Acting) -> None:
    acting.program("sbatch", WAITS_FOR_SCRIPT)
    order: list[str] = []

    async def kept() -> None:
        await asyncio.sleep(0)
        assert not (acting.root / "new" / "submitted").exists()
        order.append("kept")

    when = asyncio.ensure_future(kept())
    done = await acting.client.submit(USER, acting.place("new"), SCRIPT, save_as="batch.sh", when=when)
    assert (done.job, order) == ("4711", ["kept"])
    assert (acting.root / "new" / "script").read_bytes() == (acting.root / "new" / "batch.sh").read_bytes() == SCRIPT


async def test_if_it_may_not_be_asked_it_is_not_by_every_way(acting: Acting) -> None:
    acting.program("sbatch", WAITS_FOR_SCRIPT)

    async def kept() -> None:
        raise NotKeptError

    with pytest.raises(NotKeptError):
        await acting.client.submit(USER, acting.place("new"), SCRIPT, when=asyncio.ensure_future(kept()), save_as="b")
    assert not (acting.root / "new" / "submitted").exists()


async def test_sbatch_is_started_meanwhile_and_gets_the_script_then(helper: Helper) -> None:
    when = asyncio.get_running_loop().create_future()
    task = await started(helper, when)
    assert (new(helper) / "script").read_bytes() == b""
    assert new(helper).stat().st_uid == pwd.getpwnam(USER).pw_uid
    when.set_result(None)
    await task
    assert (new(helper) / "script").read_bytes() == SCRIPT


async def test_what_was_made_ready_is_undone_if_it_may_not_be_asked(helper: Helper) -> None:
    when = asyncio.get_running_loop().create_future()
    task = await started(helper, when)
    pid = int((new(helper) / "pid").read_text())
    when.set_exception(NotKeptError())
    with pytest.raises(NotKeptError):
        await task
    await nothing_is_left(helper, pid)


async def test_what_was_made_ready_is_undone_if_nobody_waits_for_it_any_more(helper: Helper) -> None:
    when = asyncio.get_running_loop().create_future()
    task = await started(helper, when)
    pid = int((new(helper) / "pid").read_text())
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not when.cancelled()
    await nothing_is_left(helper, pid)


async def test_an_empty_directory_is_removed_with_the_script(helper: Helper) -> None:
    helper.program("sbatch", "#!/bin/sh\ncat\n")
    when = asyncio.get_running_loop().create_future()
    submitting = helper.client.submit(USER, helper.place("above/new"), SCRIPT, save_as="batch.sh", when=when)
    task = asyncio.create_task(submitting)
    await until_async((new(helper) / "batch.sh").exists)
    when.set_exception(NotKeptError())
    with pytest.raises(NotKeptError):
        await task
    await until_async(lambda: not new(helper).exists())
    assert (helper.root / "above").exists()


async def test_a_child_that_is_killed_meanwhile_leaves_sbatch_without_a_script(helper: Helper) -> None:
    when = asyncio.get_running_loop().create_future()
    task = await started(helper, when)
    pid = int((new(helper) / "pid").read_text())
    [child] = helper.children()
    os.kill(child, signal.SIGKILL)
    await until_async(lambda: gone(pid))
    when.set_result(None)
    with pytest.raises(RefusedError) as caught:
        await task
    assert caught.value.error == "internal"
    assert (new(helper) / "script").read_bytes() == b""


@pytest.mark.parametrize("size", [65_536, 65_537, 1_000_000])
async def test_sbatch_sees_the_end_of_a_whole_script_only(helper: Helper, size: int) -> None:
    """What a pipe holds at once is handed over by it; a longer one lies in a file, for a command of its own."""
    when = asyncio.get_running_loop().create_future()
    script = b"#!/bin/sh\n".ljust(size, b"#")
    task = await started(helper, when, script)
    first = int((new(helper) / "pid").read_text())
    when.set_result(None)
    await task
    assert (new(helper) / "script").read_bytes() == script
    assert gone(first)
    assert (int((new(helper) / "pid").read_text()) == first) is (size <= 65_536)
