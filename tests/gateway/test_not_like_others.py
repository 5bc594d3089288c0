"""What slurm-proxy and FirecREST do wrong, one test for each: Headgate does not."""

from __future__ import annotations

import asyncio
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from tests.gateway.site import SLEEP, Gateway, until

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

NAMES = ["it's.txt", "x'; touch y; '", "R&D it's", "$(id)", "--help", "a b", "ü|,=", "*", 'q"', "%41", "a?b#c"]
SBATCH = """\
#!/bin/sh
out=$({real}/sbatch "$@") || exit $?
if [ -e {here}/hang ]; then touch {here}/asked; sleep 600; fi
echo "$out"
"""


# What users write is taken as it is


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_of_any_name_is_written_read_listed_and_removed(gateway: Gateway, name: str) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in name.encode())
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        path = f"/jobs/{made['id']}/files/{quoted}"
        assert (await ada.put(path, content=b"kept")).status_code == 201
        assert (Path(made["directory"]) / name).read_bytes() == b"kept"
        assert (await ada.get(path)).content == b"kept"
        listed = (await ada.get(f"/jobs/{made['id']}/tree")).json()["entries"]
        assert {one["name"] for one in listed} == {"batch.sh", name}
        assert (await ada.delete(path)).json() == {"removed": 1}
        assert (await ada.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["../batch.sh", "..", "a/../../x", "/etc/passwd", "a//b", "./batch.sh", "x%00y"])
async def test_no_path_leads_out_of_the_jobs_directory(gateway: Gateway, path: str) -> None:
    quoted = path.replace(".", "%2E").replace("/", "%2F")
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        for method in ("GET", "PUT", "DELETE"):
            answer = await ada.request(method, f"/jobs/{made['id']}/files/{quoted}", content=b"x")
            assert answer.status_code in (400, 403, 404), answer.text
        answer = await ada.get(f"/jobs/{made['id']}/tree", params={"path": path})
        assert answer.status_code in (400, 403, 404) or path == "/etc/passwd", answer.text


@pytest.mark.parametrize("name", ["a|b|c", "it's", 'say "x"', "a,b=c", "ü ñ 漢", "x" * 200, "%j", "-n", "\\|"])
async def test_a_job_of_any_name_is_followed_to_its_end_and_found_by_its_name(gateway: Gateway, name: str) -> None:
    """A ``|`` in its name made a job vanish."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\nexit 2\n", job_name=name)
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["exit_code"], over["name"]) == ("FAILED", 2, name)
        found = await ada.get("/jobs", params={"name": name})
        assert [one["id"] for one in found.json()] == [made["id"]]


async def test_variables_reach_the_job_whatever_is_in_them(gateway: Gateway) -> None:
    """``--export=ALL,NAME=a,b`` breaks at the comma."""
    values = {
        "COMMA": "a,b,NAME=c", "QUOTES": "it's \"so\"", "DOLLAR": "$HOME `id` $(id)", "LINES": "one\ntwo\n",
        "EQUALS": "a=b", "EMPTY": "", "WIDE": "漢字", "LONG": "x" * 50_000,
    }  # fmt: skip
    script = '#!/bin/sh\nfor name in $NAMES; do eval "printf %s \\"\\$$name\\"" >"of-$name"; done\n'
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=script, environment={**values, "NAMES": " ".join(values)})
        over = await gateway.ended(ada, made["id"])
        assert over["state"] == "COMPLETED"
        for name, value in values.items():
            assert (await ada.get(f"/jobs/{made['id']}/files/of-{name}")).text == value


@pytest.mark.parametrize("name", ["SLURM_JOB_ID", "SBATCH_PARTITION", "A B", "A=B", "", "1A"])
async def test_a_variable_that_is_none_or_slurms_is_refused(gateway: Gateway, name: str) -> None:
    async with gateway.client() as ada:
        answer = await ada.post("/jobs", json={"script": SLEEP, "environment": {name: "x"}})
        assert answer.status_code == 400


# What is said of a job is true


async def test_a_job_is_shown_at_once_after_it_was_submitted(gateway: Gateway) -> None:
    """Accounting knows a waiting job only after seconds; slurm-proxy answered 400, and left it running unwatched."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, hold=True)
        shown = await gateway.job(ada, made["id"])
        assert shown["slurm_job"]["job_id"] == made["slurm_id"]
        assert (shown["phase"], shown["slurm_job"]["job_state"]) == ("active", "PENDING")
        await ada.delete(f"/jobs/{made['id']}")


async def test_a_job_that_was_suspended_is_followed_on(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\nsleep 5\n")
        await gateway.until(ada, made["id"], lambda shown: shown["state"] == "RUNNING")
        gateway.cluster.command("scontrol", "suspend", str(made["slurm_id"]))
        paused = await gateway.until(ada, made["id"], lambda shown: shown["state"] == "SUSPENDED")
        assert paused["phase"] == "active"
        gateway.cluster.command("scontrol", "resume", str(made["slurm_id"]))
        assert (await gateway.ended(ada, made["id"]))["state"] == "COMPLETED"


async def test_a_job_that_was_cancelled_elsewhere_ends_here_too(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP)
        gateway.cluster.command("scancel", str(made["slurm_id"]))
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["status"]) == ("CANCELLED", "stopped")
        assert (await ada.put(f"/jobs/{made['id']}/stop")).status_code == 204


async def test_what_was_sent_as_a_token_comes_back_in_no_answer(gateway: Gateway) -> None:
    """FirecREST put the bearer's token into a header of its answer."""
    async with gateway.client() as ada:
        del ada.headers["X-Auth-Token"]
        for sent in ("hgt_wrong-one", "e30.e30.e30"):
            answer = await ada.get("/jobs", headers={"Authorization": f"Bearer {sent}"})
            assert answer.status_code == 401
            assert sent not in answer.text + str(answer.headers)
        answer = await ada.get("/jobs", headers={"Authorization": f"Bearer {gateway.token}"})
        assert answer.status_code == 200
        assert gateway.token not in answer.text + str(answer.headers)


# An answer that was lost


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hanging(slurm_cluster: Cluster) -> AsyncIterator[Gateway]:
    """A gateway whose sbatch submits and then may hang: while a file ``hang`` lies beside it."""
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    here = Path(tempfile.mkdtemp(prefix="hanging-", dir=slurm_cluster.shared))
    (here / "bin").mkdir()
    for command in slurm_cluster.bin.iterdir():
        if command.name != "sbatch":
            (here / "bin" / command.name).symlink_to(command)
    (here / "bin" / "sbatch").write_text(SBATCH.format(real=slurm_cluster.bin, here=here))
    for path in (here, here / "bin", here / "bin" / "sbatch"):
        path.chmod(0o777)
    (here / "service").mkdir()
    seen = SimpleNamespace(bin=here / "bin", shared=here, command=slurm_cluster.command)
    tables = {"gateway": {"submit_again_after": 1.0}}
    async with Gateway(cast("Cluster", seen), here / "service", None, **tables) as running:
        yield running


def named(gateway: Gateway, name: str) -> list[str]:
    """Return the numbers of Slurm's jobs of this name."""
    lines = gateway.cluster.command("squeue", "-h", "-t", "all", "-o", "%A %j").splitlines()
    return [line.split()[0] for line in lines if line.split()[1] == name]


async def test_killed_right_after_sbatch_it_finds_the_job_again_and_submits_no_second_one(hanging: Gateway) -> None:
    """A timed-out submission left FirecREST's users with two jobs."""
    name, key = f"lost-{uuid.uuid4()}", {"Idempotency-Key": "lost"}
    request = {"script": SLEEP, "job_name": name}
    (hanging.cluster.shared / "hang").touch()
    async with hanging.client(**key) as ada:
        asking = await until_asked(hanging, ada.post("/jobs", json=request))
        assert len(named(hanging, name)) == 1
        await hanging.headgate.kill()
        await asking
    (hanging.cluster.shared / "hang").unlink()
    await hanging.headgate.start()
    await hanging.ready()
    async with hanging.client(**key) as ada:
        again = await ada.post("/jobs", json=request)
        assert again.status_code == 200
        found = await hanging.until(ada, again.json()["id"], lambda shown: shown["phase"] == "active")
        assert [str(found["slurm_id"])] == named(hanging, name)
        third = await ada.post("/jobs", json=request)
        assert (third.json()["id"], third.json()["slurm_id"]) == (found["id"], found["slurm_id"])
        assert (await ada.delete(f"/jobs/{found['id']}")).status_code == 200
    assert len(named(hanging, name)) == 1


async def until_asked(gateway: Gateway, request: Awaitable[object]) -> Awaitable[object]:
    """Send a request and wait until Slurm has taken its job; return what waits for its end, however that is."""
    task = asyncio.ensure_future(request)
    await until((gateway.cluster.shared / "asked").exists)
    (gateway.cluster.shared / "asked").unlink()
    return asyncio.gather(task, return_exceptions=True)


async def test_while_the_outcome_is_not_known_nothing_else_is_done_with_the_job(hanging: Gateway) -> None:
    name = f"doubt-{uuid.uuid4()}"
    async with hanging.client() as ada:
        made = await hanging.submit(ada, script=SLEEP, job_name=name, start=False)
        path = f"/jobs/{made['id']}"
        (hanging.cluster.shared / "hang").touch()
        asking = await until_asked(hanging, ada.put(f"{path}/start"))
        await hanging.headgate.kill()
        await asking
    (hanging.cluster.shared / "hang").unlink()
    await hanging.headgate.start()
    await hanging.ready()
    async with hanging.client() as ada:
        shown = await hanging.job(ada, made["id"])
        if shown["phase"] == "submitting":
            assert shown["status"] == "started"
            assert (await ada.put(f"{path}/start")).status_code == 204  # it is being started
        found = await hanging.until(ada, made["id"], lambda shown: shown["phase"] == "active")
        assert named(hanging, name) == [str(found["slurm_id"])]
        assert (await ada.put(f"{path}/stop")).status_code == 204
        assert (await hanging.ended(ada, made["id"]))["state"] == "CANCELLED"
