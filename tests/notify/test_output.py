"""The end of a job's output is read as its owner, by a real executor, and by nobody else's right."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.executor.client import ExecutorClient
from headgate.executor.refusal import RefusedError
from headgate.model.mail import MailRequest, MailScope
from headgate.model.message import LogTail
from headgate.notify.output import OutputReader
from tests.executor.conftest import OTHER, USER, Helper, running
from tests.executor.sshd import acting_by_ssh
from tests.notify.jobs import ENDED


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    with running() as started:
        yield started


def written(helper: Helper, name: str, text: str, *, owner: str = USER, mode: int = 0o600) -> Path:
    """Write a file that only its owner can read."""
    path = helper.root / name
    path.write_text(text)
    path.chmod(mode)
    shutil.chown(path, owner, owner)
    return path


def asked(path: Path | str, user: str = USER) -> MailRequest:
    return replace(ENDED, user=user, uid=4_000_000, stdout=str(path), work_dir="/")


async def tail(helper: Helper, request: MailRequest, roots: tuple[str, ...] | None = None) -> LogTail | None:
    reader = OutputReader(helper.client, roots or ("~", str(helper.root)))
    return await reader.tail(request, 2)


async def noted(helper: Helper) -> int:
    """Return how many requests the executor has noted, beside those made here: it notes one after it was answered."""
    path = written(helper, "noted.out", "one\n")

    def mine() -> int:
        return sum("noted.out" in str(line) for line in helper.audit())

    for _ in range(2):  # what was asked before the first is noted when the second is
        before = mine()
        await tail(helper, asked(path))
        async with asyncio.timeout(20):
            while mine() == before:
                await asyncio.sleep(0.01)
    return len(helper.audit()) - mine()


async def test_the_owners_file_is_read_though_we_may_not(helper: Helper) -> None:
    path = written(helper, "slurm-1.out", "one\ntwo\nthree\n")
    assert await tail(helper, asked(path)) == LogTail(path=str(path), lines=("two", "three"))


async def test_without_an_executor_nothing_is_read(helper: Helper) -> None:
    path = written(helper, "slurm-2.out", "secret\n")
    assert await OutputReader().tail(asked(path), 2) is None


async def test_a_job_cannot_have_another_users_file_read(helper: Helper) -> None:
    path = written(helper, "slurm-3.out", "secret\n", owner=OTHER)
    assert await tail(helper, asked(path)) is None


async def test_a_link_leads_nowhere(helper: Helper) -> None:
    path = helper.root / "slurm-4.out"
    path.symlink_to("/etc/passwd")
    assert await tail(helper, asked(path)) is None


@pytest.mark.parametrize("path", ["/etc/passwd", "{root}/../../etc/passwd", "relative/../../etc/passwd", "/dev/null"])
async def test_what_lies_outside_of_the_roots_is_not_asked_for(helper: Helper, path: str) -> None:
    before = await noted(helper)
    assert await tail(helper, asked(path.format(root=helper.root))) is None
    assert await noted(helper) == before


async def test_what_is_no_regular_file_is_not_read(helper: Helper) -> None:
    path = helper.root / "slurm-5.out"
    os.mkfifo(path, 0o666)
    assert await tail(helper, asked(path)) is None


@pytest.mark.parametrize("user", ["root", "nobody-of-this-name", ""])
async def test_nobody_is_acted_for_who_may_not_be(helper: Helper, user: str) -> None:
    path = written(helper, "slurm-6.out", "text\n", mode=0o644)
    assert await tail(helper, asked(path, user)) is None


async def test_an_executor_that_is_away_is_no_trouble(helper: Helper, tmp_path: Path) -> None:
    path = written(helper, "slurm-7.out", "text\n")
    reader = OutputReader(ExecutorClient(tmp_path / "none.sock"), (str(helper.root),))
    assert await reader.tail(asked(path), 2) is None


async def test_an_array_as_a_whole_has_no_output(helper: Helper) -> None:
    path = written(helper, "slurm-8.out", "text\n")
    assert await tail(helper, replace(asked(path), scope=MailScope.ARRAY_SUMMARY)) is None


async def test_by_ssh_the_owners_file_is_read_on_the_login_node() -> None:
    async with acting_by_ssh() as node:
        path = node.root / "slurm-9.out"
        path.write_text("x" * 100_000 + "\none\ntwo\nthree\n")
        reader = OutputReader(node.client, ["~", str(node.root)])
        assert await reader.tail(asked(path), 2) == LogTail(path=str(path), lines=("two", "three"))


async def test_a_file_is_opened_and_a_directory_listed_as_the_owner(helper: Helper) -> None:
    written(helper, "slurm-10.out", "text\n")
    reader = OutputReader(helper.client, ("~", str(helper.root)))
    async with await reader.opened(USER, str(helper.root / "slurm-10.out")) as file:
        assert await file.read(100, 0) == b"text\n"
    listing = await reader.listed(USER, str(helper.root))
    assert "slurm-10.out" in [one.name for one in listing.entries]


@pytest.mark.parametrize("path", ["/etc/passwd", "{root}/../../etc/passwd", "{root}/nothing", "{root}/hidden"])
async def test_what_the_owner_may_not_open_is_refused_in_words(helper: Helper, path: str) -> None:
    written(helper, "hidden", "secret\n", owner=OTHER)
    reader = OutputReader(helper.client, ("~", str(helper.root)))
    with pytest.raises(RefusedError) as refused:
        await reader.opened(USER, path.format(root=helper.root))
    assert refused.value.message


async def test_without_an_executor_neither_files_nor_directories_are_opened(helper: Helper) -> None:
    written(helper, "slurm-11.out", "text\n", mode=0o644)
    for asked_for in (OutputReader().opened, OutputReader().listed):
        with pytest.raises(RefusedError, match="no executor"):
            await asked_for(USER, str(helper.root / "slurm-11.out"))
