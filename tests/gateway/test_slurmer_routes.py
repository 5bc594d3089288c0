"""Slurmer's routes, as Slurmer's clients use them: same paths, bodies, success codes and plain-text errors."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.gateway.site import SLEEP, Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]

_JOB = {"name", "status", "user_name", "id", "slurm_id", "slurm_job"}
_SLURM_JOB = {
    "account", "job_id", "job_state", "state_description", "state_reason", "name", "user_name", "user_id",
}  # fmt: skip


def slurmers(gateway: Gateway, user: str | None = "ada", **headers: str) -> httpx2.AsyncClient:
    """Return a client that asks as Slurmer's do: without an Accept header of its own."""
    return gateway.client(user, **{"Accept": "*/*", **headers})


async def created(gateway: Gateway, client: httpx2.AsyncClient, **request: object) -> str:
    answer = await client.post(f"/apps/{gateway.app.id}/jobs", json=request)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def names_in(job: Mapping[str, Any]) -> set[str]:
    """Return what lies in a job's directory; nothing when there is none."""
    directory = Path(job["directory"])
    return {one.name for one in directory.iterdir()} if directory.exists() else set()


def packed(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


async def test_a_job_is_created_stopped_with_slurmers_properties_and_fields(gateway: Gateway) -> None:
    request = {
        "job_name": "like slurmer", "comment": "it's --partition=nope", "cpus_per_task": 1, "chdir": "/tmp",  # noqa: S108
        "command": "/bin/echo", "args": ["it's", "$HOME", "a b"],
    }  # fmt: skip
    async with slurmers(gateway) as ada:
        answer = await ada.post(f"/apps/{gateway.app.id}/jobs", json=request)
        assert answer.status_code == 201
        assert answer.headers["content-type"] == "application/json"
        job = answer.json()
        assert job.keys() >= _JOB
        assert (job["status"], job["slurm_id"], job["slurm_job"]) == ("stopped", 0, None)
        assert (job["name"], job["user_name"]) == ("like slurmer", "ada")
        batch = await ada.get(f"/apps/{gateway.app.id}/jobs/{job['id']}/batch")
        assert batch.headers["content-type"].startswith("text/plain")
        assert batch.text.startswith("#!/bin/bash\n")


async def test_put_status_starts_and_stops_and_echoes_the_word(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        for _ in range(2):  # also when nothing is to be done
            answer = await ada.put(f"{path}/status", json="started")
            assert (answer.status_code, answer.json()) == (200, "started")
        started = (await ada.get(path)).json()
        assert started["status"] == "started"
        assert started["slurm_job"].keys() >= _SLURM_JOB
        assert started["slurm_job"]["job_id"] == started["slurm_id"] > 0
        for _ in range(2):
            answer = await ada.put(f"{path}/status", json="stopped")
            assert (answer.status_code, answer.json()) == (200, "stopped")
        over = await gateway.ended(ada, job)
        assert (over["status"], over["state"]) == ("stopped", "CANCELLED")
        refused = await ada.put(f"{path}/status", json="paused")
        assert refused.status_code == 400
        # Slurmer's stuck 409: after a failed PUT, the next one works.
        assert (await ada.put(f"{path}/status", json="stopped")).status_code == 200


async def test_start_stop_and_prune_answer_204_also_when_nothing_is_to_be_done(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        for verb in ("stop", "start", "start", "stop", "stop", "prune", "prune"):
            answer = await ada.put(f"{path}/{verb}")
            assert (answer.status_code, answer.content) == (204, b""), (verb, answer.text)


async def test_a_job_that_was_stopped_runs_again_with_a_new_slurm_job(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script="#!/bin/sh\necho run $SLURM_JOB_ID\n")
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        numbers = []
        for _ in range(2):
            assert (await ada.put(f"{path}/start")).status_code == 204
            over = await gateway.ended(ada, job)
            numbers.append(over["slurm_id"])
            assert (await ada.get(f"{path}/out")).text == f"run {over['slurm_id']}\n"
        assert numbers[0] < numbers[1]
        assert over["runs"] == 2


async def test_stopped_and_started_at_once_it_is_ended_first_and_then_runs_again(gateway: Gateway) -> None:
    """Slurmer answered 204 and did nothing, because it took the job that was ending for running."""
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        await ada.put(f"{path}/start")
        first = (await gateway.until(ada, job, lambda shown: shown["state"] == "RUNNING"))["slurm_id"]
        assert (await ada.put(f"{path}/stop")).status_code == 204
        assert (await ada.put(f"{path}/start")).status_code == 204
        again = await gateway.job(ada, job)
        assert again["slurm_id"] > first
        assert again["status"] == "started"
        await ada.put(f"{path}/stop")


async def test_prune_leaves_the_batch_script_only(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script="#!/bin/sh\nmkdir -p d/e; echo x > d/e/f; ln -s /etc l\n")
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        await ada.put(f"{path}/start")
        over = await gateway.ended(ada, job)
        assert names_in(over) > {"batch.sh", "d", "l"}
        assert (await ada.put(f"{path}/prune")).status_code == 204
        assert names_in(over) == {"batch.sh"}


async def test_delete_cancels_the_job_and_removes_its_directory(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        await ada.put(f"{path}/start")
        shown = await gateway.job(ada, job)
        answer = await ada.delete(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert names_in(shown) == set()
        assert (await ada.get(path)).status_code == 404
        assert str(shown["slurm_id"]) not in gateway.cluster.command("squeue", "-h", "-t", "PD,R", "-o", "%A").split()


async def test_the_directory_comes_as_a_zip_file_and_a_zip_file_is_unpacked_into_it(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script="#!/bin/sh\ncat in/data.txt\n")
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        form = {"job_dir": ("job.zip", packed({"in/data.txt": b"from the zip\n"}), "application/zip")}
        answer = await ada.post(f"{path}/files", files=form)
        assert (answer.status_code, answer.content) == (200, b"")
        unpacked = Path((await gateway.job(ada, job))["directory"]) / "in/data.txt"
        assert (unpacked.owner(), unpacked.group()) == ("ada", "ada")
        await ada.put(f"{path}/start")
        over = await gateway.ended(ada, job)
        answer = await ada.get(f"{path}/files")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            assert archive.read("in/data.txt") == b"from the zip\n"
            assert archive.read(f"slurm-{over['slurm_id']}.out") == b"from the zip\n"
            assert not [name for name in archive.namelist() if ".headgate" in name]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"job_dir": ("a.zip", b"PK no zip", "application/zip")}, "zip"),
        ({"job_dir": ("a.txt", b"text", "text/plain")}, "application/zip"),
        ({"other": ("a.zip", b"x", "application/zip")}, "job_dir"),
    ],
)
async def test_an_upload_that_is_no_zip_file_is_refused_aloud(
    gateway: Gateway, form: dict[str, tuple[str, bytes, str]], says: str
) -> None:
    """Slurmer answered 200 and did nothing, or crashed."""
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        answer = await ada.post(f"/apps/{gateway.app.id}/jobs/{job}/files", files=form)
        assert answer.status_code == 400
        assert says in answer.text
        assert names_in(await gateway.job(ada, job)) == {"batch.sh"}


async def test_paths_work_with_and_without_a_slash_at_the_end(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as admin:
        for path in ("/apps", "/apps/"):
            assert (await admin.get(path)).status_code == 200
    async with slurmers(gateway) as ada:
        for path in (f"/apps/{gateway.app.id}", f"/apps/{gateway.app.id}/jobs"):
            assert (await ada.get(path)).status_code == 200
            assert (await ada.get(f"{path}/")).status_code == 200
        made = await ada.post(f"/apps/{gateway.app.id}/jobs/", json={"command": "true"})
        assert made.status_code == 201
        assert (await ada.get(f"/apps/{gateway.app.id}/jobs/{made.json()['id']}/batch/")).status_code == 200


async def test_an_administrator_makes_an_app_and_sees_its_token_once(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as admin:
        answer = await admin.post("/apps", json={"name": "made-here"})
        assert answer.status_code == 200
        app = answer.json()
        assert app.keys() >= {"name", "access_token", "directory", "id"}
        assert len(app["access_token"]) > 40
        listed = await admin.get("/apps")
        assert app["id"] in {one["id"] for one in listed.json()}
        assert app["access_token"] not in listed.text
        assert {one["access_token"] for one in listed.json()} == {None}
    async with gateway.client("ada", app["access_token"]) as own:
        assert (await own.get(f"/apps/{app['id']}")).json()["name"] == "made-here"
        assert (await own.get("/jobs")).status_code == 403  # it may act for nobody yet


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/apps/{app}/jobs/no-uuid", 404),
        ("GET", "/apps/{app}/jobs/6a7cdd51-8a53-4a5c-9d80-111111111111", 404),
        ("DELETE", "/apps/{app}/jobs/6a7cdd51-8a53-4a5c-9d80-111111111111", 404),
        ("PUT", "/apps/{app}/jobs/6a7cdd51-8a53-4a5c-9d80-111111111111/start", 404),
        ("GET", "/apps/no-uuid", 404),
        ("GET", "/apps/6a7cdd51-8a53-4a5c-9d80-111111111111/jobs", 404),
        ("GET", "/apps/{app}/nothing", 404),
        ("POST", "/apps/{app}", 405),
        ("GET", "/apps", 403),
        ("POST", "/apps", 403),
    ],
)
async def test_errors_are_plain_text_and_problem_details_for_those_who_ask_for_json(
    gateway: Gateway, method: str, path: str, status: int
) -> None:
    path = path.format(app=gateway.app.id)
    async with slurmers(gateway) as ada:
        plain = await ada.request(method, path, content=b'{"name": "x"}' if method == "POST" else None)
    assert plain.status_code == status
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.text.endswith("\n")
    assert not plain.text.startswith("{")
    async with gateway.client() as ada:
        problem = await ada.request(method, path, content=b'{"name": "x"}' if method == "POST" else None)
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json().keys() == {"type", "title", "status", "detail"}
    assert problem.json()["status"] == status


@pytest.mark.parametrize(("leave_out", "status"), [("X-Auth-Token", 401), ("User", 401)], ids=["no token", "no user"])
async def test_a_request_without_token_or_user_is_refused(gateway: Gateway, leave_out: str, status: int) -> None:
    async with slurmers(gateway) as ada:
        del ada.headers[leave_out]
        answer = await ada.get(f"/apps/{gateway.app.id}/jobs")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")


async def test_another_apps_token_is_refused(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as admin:
        other = (await admin.post("/apps", json={"name": "other", "rules": {"any_user": True}})).json()
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        assert (await ada.get(f"/apps/{other['id']}")).status_code == 403
        assert (await ada.get(f"/apps/{other['id']}/jobs/{job}")).status_code == 403
    async with gateway.client("ada", other["access_token"]) as stranger:
        assert (await stranger.get(f"/apps/{other['id']}/jobs/{job}")).status_code == 404
        assert (await stranger.get(f"/apps/{gateway.app.id}/jobs/{job}")).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b'{"job_name": "no command"}', b'{"command": "x", "cpus_per_task": -1}',
        b'{"command": "x", "job_name": "two\\nlines"}', b'{"command": "x", "unknown": 1}', b'{"command": "\\u0000"}',
        b'{"script": "no shebang"}', b"\xff\xfe", b'{"command": "x", "cpus_per_task": 1e400}',
    ],
)  # fmt: skip
async def test_a_job_that_makes_no_sense_is_refused_with_400(gateway: Gateway, body: bytes) -> None:
    async with slurmers(gateway) as ada:
        answer = await ada.post(
            f"/apps/{gateway.app.id}/jobs", content=body, headers={"Content-Type": "application/json"}
        )
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_what_slurm_refuses_is_400_with_slurms_words_and_the_job_can_be_started_again(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP, partition="nowhere")
        path = f"/apps/{gateway.app.id}/jobs/{job}"
        for _ in range(2):
            answer = await ada.put(f"{path}/start")
            assert answer.status_code == 400
            assert "invalid partition" in answer.text.lower()
        shown = await gateway.job(ada, job)
        assert (shown["phase"], shown["status"]) == ("refused", "stopped")
        assert "partition" in shown["problem"]


async def test_the_output_of_a_job_without_one_is_not_there(gateway: Gateway) -> None:
    async with slurmers(gateway) as ada:
        job = await created(gateway, ada, script=SLEEP)
        answer = await ada.get(f"/apps/{gateway.app.id}/jobs/{job}/out")
        assert answer.status_code in (404, 409)
        await ada.put(f"/apps/{gateway.app.id}/jobs/{job}/start")
        await ada.put(f"/apps/{gateway.app.id}/jobs/{job}/stop")


@pytest.mark.parametrize("path", ["/apps/{app}/jobs", "/jobs", "/jobs/files", "/hooks/files"])
async def test_a_body_that_is_too_large_is_refused(gateway: Gateway, path: str) -> None:
    """Whatever the path is called: only uploads may be larger, and they are not kept in memory."""
    async with slurmers(gateway) as ada:
        method = "PATCH" if path.endswith("/files") else "POST"
        body = json.dumps({"command": "x", "args": ["y" * 100_000] * 100})
        headers = {"Content-Type": "application/json"}
        answer = await ada.request(method, path.format(app=gateway.app.id), content=body, headers=headers)
    assert answer.status_code == (405 if path == "/hooks/files" else 413)
