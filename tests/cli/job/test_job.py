"""``headgate job`` against a real gateway, in processes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from tests.gateway.site import Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


class Commands:
    """The command line of somebody who has an app's token in a file."""

    def __init__(self, gateway: Gateway, directory: Path) -> None:
        self.gateway, self.directory = gateway, directory
        token = directory / "token"
        token.write_text(gateway.token + "\n")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("HEADGATE")}
        url = f"http://127.0.0.1:{gateway.port}"
        self.env = {**clean, "HEADGATE_URL": url, "HEADGATE_TOKEN_FILE": str(token), "HEADGATE_USER": "ada"}

    async def __call__(
        self, *words: str, text: str = "", stderr: int = asyncio.subprocess.PIPE
    ) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "headgate.cli.main", "job", *words, cwd=self.directory, env=self.env,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=stderr,
        )  # fmt: skip
        async with asyncio.timeout(90):
            out, err = await process.communicate(text.encode())
        return process.returncode or 0, out.decode(), (err or b"").decode()

    async def said(self, *words: str, text: str = "") -> str:
        status, out, err = await self(*words, text=text)
        assert status == 0, err
        return out


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def job(slurm_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Commands]:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    async with Gateway(slurm_cluster, tmp_path_factory.mktemp("job")) as running:
        yield Commands(running, tmp_path_factory.mktemp("here"))


async def test_a_script_is_submitted_watched_and_read(job: Commands) -> None:
    script = "#!/bin/bash\necho hello\nsleep 2\nexit 3\n"
    number = (await job.said("submit", "--script=-", "-o", "job_name=mine", "-o", "time=5", text=script)).strip()
    assert await job.said("output", number, "--follow") == "hello\n"
    status, out, err = await job("watch", number)
    assert status == 3
    assert "FAILED (3)" in err
    assert out == "" or "ended" in out
    shown = json.loads(await job.said("show", number, "--json"))
    assert (shown["name"], shown["exit_code"]) == ("mine", 3)
    assert "FAILED (3)" in await job.said("show", number)
    assert number in await job.said("list", "--phase=ended")


async def test_a_command_with_options_of_its_own_is_run_as_it_is(job: Commands) -> None:
    number = (await job.said("submit", "--", "/usr/bin/printf", "%s|", "--json", "a b")).strip()
    status, _, _ = await job("watch", number)
    assert status == 0
    assert await job.said("output", number) == "--json|a b|"


async def test_files_are_put_and_got(job: Commands) -> None:
    number = (await job.said("submit", "--hold-back", "/bin/true")).strip()
    (job.directory / "data").write_text("some data")
    await job.said("put", number, "data", "in/data")
    assert [one["name"] for one in json.loads(await job.said("files", number, "in", "--json"))] == ["data"]
    await job.said("get", number, "in/data", "back")
    assert (job.directory / "back").read_text() == "some data"
    status, _, err = await job("get", number, "in/data", "no/such/directory/back")
    assert status == 1
    assert "cannot be written: No such file or directory" in err
    await job.said("delete", number)
    status, _, err = await job("show", number)
    assert status == 1
    assert "no such job" in err


async def test_a_job_that_a_signal_ended_is_told_as_a_shell_tells_it(job: Commands) -> None:
    number = (await job.said("submit", "--script=-", text="#!/bin/bash\nkill -KILL $$\n")).strip()
    status, _, err = await job("watch", number)
    assert (status, "FAILED" in err) == (128 + 9, True)


async def test_a_transfer_shows_how_far_it_is_on_a_terminal(job: Commands) -> None:
    number = (await job.said("submit", "--hold-back", "/bin/true")).strip()
    (job.directory / "shown").write_bytes(bytes(3000))
    terminal, other_end = os.openpty()
    try:
        status, out, _ = await job("put", number, "shown", stderr=other_end)
        seen = os.read(terminal, 65536).decode()
    finally:
        os.close(terminal)
        os.close(other_end)
    assert (status, out) == (0, "")
    assert "shown" in seen
    assert "3.0/3.0 kB" in seen


async def test_a_job_is_held_released_changed_and_cancelled(job: Commands) -> None:
    number = (await job.said("submit", "-o", "hold=true", "-o", "time=20", "/bin/sleep", "300")).strip()
    await job.said("update", number, "--time-limit=5")
    await job.said("release", number)
    await job.said("cancel", number)
    status, _, err = await job("watch", number)
    assert status != 0
    assert "CANCELLED" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("submit", "-o", "partition=nope", "/bin/true"), "partition"),
        (("submit", "-o", "nonsense", "/bin/true"), "NAME=VALUE"),
        (("submit",), "command"),
        (("show", "nobody"), "no such job"),
        (("--token-file=/nowhere", "list"), "token"),
        (("--url=http://127.0.0.1:9", "list"), "reached"),
        (("--ca-file=/nowhere", "list"), "certificates"),
        (("put", "nobody", "/nowhere"), "no file"),
    ],
)
async def test_what_goes_wrong_is_said_so(job: Commands, words: tuple[str, ...], said: str) -> None:
    status, out, err = await job(*words)
    assert (status, out) == (1, "")
    assert said in err
    assert err.startswith("headgate: ")
    assert "Traceback" not in err
