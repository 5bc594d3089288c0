"""Jobs by the API, on a real cluster, as real users."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.gateway.site import SLEEP, Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


async def test_a_job_runs_as_its_user_and_its_output_is_shown(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(
            ada, script="#!/bin/bash\nid -un; pwd; echo to stderr >&2\nexit 3\n", job_name="first"
        )
        assert made["status"] == "started"
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["exit_code"], over["failed"]) == ("FAILED", 3, True)
        output = await ada.get(f"/jobs/{made['id']}/out")
        assert output.text.splitlines() == ["ada", over["directory"], "to stderr"]


async def test_output_and_errors_go_to_files_of_their_own_where_that_is_asked_for(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(
            ada, script="#!/bin/sh\necho out; echo err >&2\n", output="logs-%j.out", error="logs-%x.err", job_name="two"
        )
        over = await gateway.ended(ada, made["id"])
        assert (await ada.get(f"/jobs/{made['id']}/out")).text == "out\n"
        assert (await ada.get(f"/jobs/{made['id']}/err")).text == "err\n"
        assert (Path(over["directory"]) / f"logs-{over['slurm_id']}.out").owner() == "ada"
        part = await ada.get(f"/jobs/{made['id']}/out", headers={"Range": "bytes=1-2"})
        assert (part.status_code, part.text, part.headers["content-range"]) == (206, "ut", "bytes 1-2/4")


@pytest.mark.parametrize(("code", "failed"), [(0, False), (1, True), (128, True), (200, True), (255, True)])
async def test_the_exit_code_is_the_true_one_also_from_128_on(gateway: Gateway, code: int, *, failed: bool) -> None:
    """Accounting of Slurm 22.05 shows 255 as 127."""
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=f"#!/bin/sh\nexit {code}\n")
        over = await gateway.ended(ada, made["id"])
        assert (over["exit_code"], over["failed"]) == (code, failed)
        counted = await gateway.until(ada, made["id"], lambda shown: shown["accounting"] is not None)
        assert (counted["exit_code"], counted["state"]) == (code, "FAILED" if failed else "COMPLETED")


async def test_a_job_that_a_signal_ended_names_the_signal(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\nkill -9 $$\n")
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["signal"], over["failed"]) == ("FAILED", 9, True)


async def test_hold_release_update_and_requeue_do_what_they_say(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, hold=True, time="30", requeue=True)
        path = f"/jobs/{made['id']}"

        def told(field: str) -> str:
            shown = gateway.cluster.command("scontrol", "--oneliner", "show", "job", str(made["slurm_id"]))
            return dict(word.partition("=")[::2] for word in shown.split())[field]

        assert told("Reason") == "JobHeldUser"
        assert (await ada.put(f"{path}/release")).status_code == 204
        await gateway.until(ada, made["id"], lambda shown: shown["state"] == "RUNNING")
        changed = await ada.patch(path, json={"time_limit": "20", "comment": "it's | changed"})
        assert changed.status_code == 200, changed.text
        assert told("TimeLimit") == "00:20:00"
        refused = await ada.patch(path, json={"time_limit": "40"})
        assert refused.status_code in (400, 403)
        assert "time limit" in refused.text.lower() or "permission" in refused.text.lower(), refused.text
        assert (await ada.put(f"{path}/requeue")).status_code == 204
        await gateway.until(ada, made["id"], lambda _: told("Restarts") == "1")
        assert (await ada.put(f"{path}/hold")).status_code == 204
        assert (await ada.delete(path)).status_code == 200


async def test_a_job_slurm_does_not_have_cannot_be_held(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, start=False)
        for verb in ("hold", "release", "requeue"):
            answer = await ada.put(f"/jobs/{made['id']}/{verb}")
            assert answer.status_code == 409
        assert (await ada.patch(f"/jobs/{made['id']}", json={"time_limit": "1"})).status_code == 409


async def test_an_array_shows_its_tasks_their_outputs_and_how_all_ended(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        script = "#!/bin/sh\necho task $SLURM_ARRAY_TASK_ID\nexit $((SLURM_ARRAY_TASK_ID == 2))\n"
        made = await gateway.submit(ada, script=script, array="0-3%2")
        over = await gateway.ended(ada, made["id"])
        assert (over["state"], over["failed"], over["array"]) == ("FAILED", True, True)
        assert over["outcome"]["tasks"] == {"COMPLETED": 3, "FAILED": 1}
        tasks = (await ada.get(f"/jobs/{made['id']}/tasks")).json()
        assert {one["label"] for one in tasks} == {f"{made['slurm_id']}_{task}" for task in range(4)}
        assert sorted(one["state"] for one in tasks) == ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED"]
        assert all(one["over"] for one in tasks)
        for task in range(4):
            assert (await ada.get(f"/jobs/{made['id']}/out", params={"task": task})).text == f"task {task}\n"
        assert (await ada.get(f"/jobs/{made['id']}/out")).status_code == 400
        assert (await ada.get(f"/jobs/{made['id']}/out", params={"task": 9})).status_code == 404


async def test_an_array_that_is_stopped_ends_cancelled(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script=SLEEP, array="1-50%1")
        await gateway.until(ada, made["id"], lambda shown: shown["state"] == "RUNNING")
        assert (await ada.put(f"/jobs/{made['id']}/stop")).status_code == 204
        over = await gateway.ended(ada, made["id"])
        assert over["state"] == "CANCELLED"


async def test_jobs_are_listed_in_pages_by_filters_in_both_orders(gateway: Gateway) -> None:
    async with gateway.client("ben") as ben:
        names = [f"page-{number}" for number in range(7)]
        for number, name in enumerate(names):
            await gateway.submit(ben, script=SLEEP, job_name=name, start=number == 0, hold=True)
        for sort, wanted in (("created", names), ("-created", names[::-1])):
            seen: list[str] = []
            following: str | None = f"/jobs?sort={sort}&limit=3"
            pages = 0
            while following is not None:
                page = await ben.get(following)
                seen += [one["name"] for one in page.json()]
                link = page.links.get("next", {}).get("url")
                following = None if link is None else f"{urlsplit(link).path}?{urlsplit(link).query}"
                pages += 1
            assert (seen, pages) == (wanted, 3)

        async def names_of(**params: str | float | list[str]) -> list[str]:
            answer = await ben.get("/jobs", params=params)
            assert answer.status_code == 200, answer.text
            return [one["name"] for one in answer.json()]

        assert await names_of(status="started") == names[:1]
        assert await names_of(status="stopped") == names[1:]
        assert await names_of(phase="active", status="stopped") == []
        assert await names_of(phase=["created", "active"]) == names
        assert await names_of(name="page-3") == ["page-3"]
        assert await names_of(until=1.0) == []
        assert await names_of(since=1.0) == names
        await gateway.until(ben, (await ben.get("/jobs")).json()[0]["id"], lambda shown: bool(shown["state"]))
        assert await names_of(state="PENDING") == names[:1]
        assert await names_of(state="running") == []
        assert (await ben.get("/jobs", params={"state": "NOWHERE"})).status_code == 400
        # Slurmer's list has no pages unless they are asked for.
        whole = await ben.get(f"/apps/{gateway.app.id}/jobs")
        assert [one["name"] for one in whole.json()] == names
        for one in whole.json():
            assert (await ben.delete(f"/jobs/{one['id']}")).status_code == 200


async def test_a_repeated_request_returns_the_first_job_and_another_one_is_refused(gateway: Gateway) -> None:
    async with gateway.client(**{"Idempotency-Key": "once-only"}) as ada:
        request = {"script": "#!/bin/sh\necho once\n", "job_name": "repeated"}
        first = await ada.post("/jobs", json=request)
        again = await ada.post("/jobs", json=request)
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]
        assert first.json()["slurm_id"] == again.json()["slurm_id"] > 0
        other = await ada.post("/jobs", json={**request, "job_name": "another"})
        assert other.status_code == 400
        assert "Idempotency-Key" in other.text
    async with gateway.client("ben", **{"Idempotency-Key": "once-only"}) as ben:
        bens = await ben.post("/jobs", json=request)
        assert bens.status_code == 201
        assert bens.json()["id"] != first.json()["id"]


async def test_one_key_sent_ten_times_at_once_makes_one_job(gateway: Gateway) -> None:
    async with gateway.client(**{"Idempotency-Key": "at-once"}) as ada:
        request = {"script": "#!/bin/sh\n", "job_name": "at-once"}
        answers = await asyncio.gather(*(ada.post("/jobs", json=request) for _ in range(10)))
        assert {one.status_code for one in answers} <= {200, 201}
        assert len({one.json()["id"] for one in answers}) == 1
        await gateway.ended(ada, answers[0].json()["id"])
    jobs = gateway.cluster.command("squeue", "-h", "-t", "all", "-o", "%j").split()
    assert jobs.count("at-once") == 1


async def test_a_key_of_a_job_that_was_deleted_starts_nothing(gateway: Gateway) -> None:
    async with gateway.client(**{"Idempotency-Key": "deleted"}) as ada:
        request = {"script": "#!/bin/sh\n", "job_name": "was-deleted"}
        first = (await ada.post("/jobs", json=request)).json()
        await gateway.ended(ada, first["id"])
        assert (await ada.delete(f"/jobs/{first['id']}")).status_code == 200
        again = await ada.post("/jobs", json=request)
        assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert gateway.cluster.command("squeue", "-h", "-t", "all", "-o", "%j").split().count("was-deleted") == 1


async def test_a_task_of_the_followed_output_comes_while_the_job_runs(gateway: Gateway) -> None:
    async with gateway.client() as ada:
        made = await gateway.submit(ada, script="#!/bin/sh\nfor i in 1 2 3; do echo $i; sleep 1; done\n")
        received: list[tuple[bool, bytes]] = []
        async with ada.stream("GET", f"/jobs/{made['id']}/out", params={"follow": "true"}) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_raw():
                running = (await gateway.job(ada, made["id"]))["phase"] != "ended"
                received.append((running, piece))
        assert b"".join(piece for _, piece in received) == b"1\n2\n3\n"
        assert received[0][0], "the first line came only when the job was over"
