"""Files larger than memory: what is served and taken passes through, and the service does not grow with it.

By default 2 GiB of a file of 10 GiB go over the socket; with ``HEADGATE_WHOLE_FILE=1`` all of it does.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.site import Gateway, until

pytestmark = [pytest.mark.slurm, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

MIB, GIB = 1 << 20, 1 << 30
SIZE = 10 * GIB
READ = SIZE if os.environ.get("HEADGATE_WHOLE_FILE") else 2 * GIB
UPLOADED = 2 * GIB
MOST = 64 * MIB
"""By how much the service's memory may grow, at its highest."""


def highest(gateway: Gateway) -> int:
    """Return the most memory the service ever had, in bytes: VmHWM of proc(5)."""
    status = Path(f"/proc/{gateway.headgate.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def as_ada(*argv: str) -> None:
    subprocess.run(["/usr/sbin/runuser", "-u", "ada", "--", *argv], check=True)


async def test_an_output_of_10_gb_is_read_in_ranges_in_little_memory(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\n")
        over = await gateway.ended(ada, made["id"])
        output = f"{over['directory']}/slurm-{over['slurm_id']}.out"
        as_ada("truncate", f"--size={SIZE}", output)
        end = b"the very end\n"
        as_ada("sh", "-c", 'printf "the very end\\n" >>"$1"', "sh", output)
        path = f"/jobs/{made['id']}/out"
        tail = await ada.get(path, headers={"Range": f"bytes=-{len(end)}"})
        assert (tail.status_code, tail.content) == (206, end)
        assert tail.headers["content-range"] == f"bytes {SIZE}-{SIZE + len(end) - 1}/{SIZE + len(end)}"
        middle = await ada.get(path, headers={"Range": f"bytes={SIZE - 4}-{SIZE + 2}"})
        assert middle.content == b"\0\0\0\0the"
        beyond = await ada.get(path, headers={"Range": f"bytes={2 * SIZE}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{SIZE + len(end)}")
        before, received = highest(gateway), 0
        for start in range(0, READ, GIB):
            headers = {"Range": f"bytes={start}-{start + GIB - 1}"}
            async with ada.stream("GET", path, headers=headers) as answer:
                assert (answer.status_code, answer.headers["content-length"]) == (206, str(GIB))
                async for piece in answer.aiter_raw():
                    received += len(piece)
        assert received == READ
        assert highest(gateway) - before < MOST
        assert (await ada.delete(f"/jobs/{made['id']}")).status_code == 200


async def test_an_output_is_followed_while_it_grows_and_a_slow_reader_costs_no_memory(gateway: Gateway) -> None:
    """The job has 512 MiB in its output when the reader comes, and writes on; the reader takes its time."""
    script = "#!/bin/sh\ntruncate -s 512M $1\nfor i in 1 2 3; do echo line $i; sleep 1; done\n"
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=script.replace("$1", '"$PWD/slurm-$SLURM_JOB_ID.out"'))
        await until(lambda: Path(f"{made['directory']}/slurm-{made['slurm_id']}.out").exists())
        before, received, end = highest(gateway), 0, b""
        async with ada.stream("GET", f"/jobs/{made['id']}/out", params={"follow": "true"}) as answer:
            await asyncio.sleep(2)
            async for piece in answer.aiter_raw():
                received += len(piece)
                end = (end + piece)[-21:]
        assert end == b"line 1\nline 2\nline 3\n"
        assert received == 512 * MIB + len(end)
        assert highest(gateway) - before < MOST


async def test_an_upload_of_2_gb_lands_as_the_user_in_little_memory(gateway: Gateway) -> None:
    piece = os.urandom(MIB)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(UPLOADED // MIB):
            yield piece

    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\n", start=False)
        before = highest(gateway)
        answer = await ada.put(f"/jobs/{made['id']}/files/in/large.bin", content=pieces(), timeout=120)
        assert answer.status_code == 201, answer.text
        assert answer.json()["size"] == UPLOADED
        assert highest(gateway) - before < MOST
        landed = Path(made["directory"]) / "in/large.bin"
        assert landed.stat().st_size == UPLOADED
        assert (landed.owner(), landed.group()) == ("ada", "ada")
        assert [one.name for one in landed.parent.iterdir()] == ["large.bin"]
        assert (await ada.delete(f"/jobs/{made['id']}")).status_code == 200
