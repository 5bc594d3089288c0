from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from headgate.errors import SlurmCommandError, SlurmOutputError
from headgate.slurm import process
from headgate.testing.slurm import FakeSlurm

ENV = {"PATH": "/usr/bin:/bin"}


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie whose parent has not looked yet does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


async def until_dead(*pids: int) -> None:
    while any(is_alive(pid) for pid in pids):
        await asyncio.sleep(0.01)


async def test_answer_holds_exit_code_and_both_outputs_apart(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", "echo jobs; echo a warning >&2; exit 3")
    assert await process.run([command], env=ENV, timeout=30) == process.Answer(3, "jobs\n", "a warning\n")


async def test_command_gets_no_other_environment_than_the_one_given(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", "/usr/bin/env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort")
    os.environ["HEADGATE_TEST_SECRET"] = "s"
    try:
        answer = await process.run([command], env={**ENV, "LC_ALL": "C"}, timeout=30)
    finally:
        del os.environ["HEADGATE_TEST_SECRET"]
    assert answer.stdout == "LC_ALL=C\nPATH=/usr/bin:/bin\n"


async def test_arguments_reach_the_command_word_by_word(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", """printf '<%s>' "$@" """)
    words = ["a b", "$(id)", ";", "", "*", "-x"]
    assert (await process.run([command, *words], env=ENV, timeout=30)).stdout == "".join(f"<{w}>" for w in words)


async def test_standard_input_is_empty(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", "cat; echo done")
    assert (await process.run([command], env=ENV, timeout=30)).stdout == "done\n"


async def test_output_that_is_not_utf8_is_read_with_replacements(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", r"printf 'a\377b'")
    assert (await process.run([command], env=ENV, timeout=30)).stdout == "a\ufffdb"


async def test_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path)
    fake.hangs("sacct")
    with pytest.raises(SlurmCommandError, match=r"^sacct did not answer within 0\.5 s$") as caught:
        await process.run([fake.bin / "sacct"], env=ENV, timeout=0.5)
    assert caught.value.transient
    pids = fake.hanging("sacct")
    assert pids is not None
    await until_dead(*pids)


async def test_child_that_keeps_the_pipes_open_after_its_parent_is_killed_too(tmp_path: Path) -> None:
    command = script(tmp_path / "sacct", f"sleep 600 & echo $! >{tmp_path}/pid; exit 0")
    with pytest.raises(SlurmCommandError, match="did not answer"):
        await process.run([command], env=ENV, timeout=0.5)
    await until_dead(int((tmp_path / "pid").read_text()))


async def test_cancelled_task_leaves_no_process(tmp_path: Path) -> None:
    fake = FakeSlurm(tmp_path)
    fake.hangs("squeue")
    task = asyncio.create_task(process.run([fake.bin / "squeue"], env=ENV, timeout=600))
    while (pids := fake.hanging("squeue")) is None:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_dead(*pids)


async def test_task_cancelled_while_the_command_starts_leaves_no_process(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", f"sleep 600 & echo $! >{tmp_path}/pid; wait")
    task = asyncio.create_task(process.run([command], env=ENV, timeout=600))
    await asyncio.sleep(0)  # one turn of the loop: the process is made, its pipes are not joined yet
    await asyncio.sleep(0)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)  # noqa: ASYNC251 - the loop must stand still here, or it would finish the start
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_dead(int((tmp_path / "pid").read_text()))


async def test_endless_output_is_cut_off_and_refused(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", f"echo $$ >{tmp_path}/pid; exec yes")
    with pytest.raises(SlurmOutputError, match="squeue printed more than 100000 bytes") as caught:
        await process.run([command], env=ENV, timeout=600, stdout_limit=100_000)
    assert not caught.value.transient
    await until_dead(int((tmp_path / "pid").read_text()))


async def test_flood_on_standard_error_is_read_but_not_kept(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", "yes warning | head -c 1000000 >&2; echo jobs")
    answer = await process.run([command], env=ENV, timeout=30)
    assert answer.stdout == "jobs\n"
    assert len(answer.stderr) == process.STDERR_LIMIT


async def test_missing_command_is_an_error_that_waiting_does_not_mend(tmp_path: Path) -> None:
    with pytest.raises(SlurmCommandError, match=r"^/\S*squeue cannot be started: No such file or directory$") as caught:
        await process.run([tmp_path / "squeue"], env=ENV, timeout=30)
    assert not caught.value.transient


async def test_command_killed_by_a_signal_says_so(tmp_path: Path) -> None:
    command = script(tmp_path / "squeue", "kill -9 $$")
    assert (await process.run([command], env=ENV, timeout=30)).code == -9


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_command_runs_as_another_account_without_the_groups_of_this_one() -> None:
    daemon = process.Account("daemon", 1, 1)
    answer = await process.run(["/usr/bin/id"], env=ENV, timeout=30, account=daemon)
    assert answer.stdout.split()[0].startswith("uid=1(")
    assert "root" not in answer.stdout
