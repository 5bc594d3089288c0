"""slurm-proxy's routes on a real cluster: what its documentation says, and none of what it got wrong."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from headgate.testing.cluster import Cluster
from headgate.testing.smtp.sink import SmtpSink
from tests.gateway.site import Gateway, until

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Site:
    gateway: Gateway
    sink: SmtpSink

    def task(self, user: str = "ada", **more: Any) -> dict[str, Any]:
        """A task that says who it is; ``slurm`` and ``dirs`` are filled in."""
        number = uuid.uuid4().hex[:8]
        parent = f"{self.gateway.users}/{user}/task-{number}"
        return {
            "name": "generic",
            "username": user,
            "cwd": f"{parent}/work",
            "uuid": f"uuid-{number}",
            "cmd": "/bin/echo",
            "params": ["hello"],
            "dirs": {"parent": parent, "input": f"{parent}/in", "output": f"{parent}/out", "error": f"{parent}/err"},
            "slurm": {"output": "o.txt", "error": "e.txt", "time": 1, "mem": 100, "cpus_per_task": 1},
            **more,
        }

    def told(self, task: dict[str, Any], address: str) -> dict[str, Any]:
        """The same, with a mail address that is told of its end."""
        mail = {"sender": "x@example.org", "recipient": address, "subject": "s", "body": "b"}
        return {**task, "notification": {"methods": ["email"], "params": {"email": mail}}}

    async def submit(self, client: httpx2.AsyncClient, task: dict[str, Any]) -> int:
        answer = await client.post("/submit", json={"task": task})
        assert answer.status_code == 200, answer.text
        assert answer.json()["uuid"] == task["uuid"]
        return int(answer.json()["slurm_job_id"])

    async def watched(self, client: httpx2.AsyncClient, task: dict[str, Any], *states: str) -> dict[str, Any]:
        """Wait until a task's job is in one of these states."""
        shown: dict[str, Any] = {}

        async def so() -> bool:
            nonlocal shown
            answer = await client.get(f"/monitor/task_uuid/{task['uuid']}")
            assert answer.status_code == 200, answer.text
            shown = answer.json()
            return shown["slurm"]["job_state"] in states

        await until(so)
        return shown

    def output(self, task: dict[str, Any], what: str = "out/o.txt") -> Path:
        return Path(task["dirs"]["parent"]) / what

    def mails(self, address: str) -> list[str]:
        """The subjects of the mails to an address."""
        return [str(mail.message["Subject"]) for mail in self.sink.mails if address in mail.recipients]


QUEUE = ("squeue", "--noheader", "--states=all", "--format=%i")


def owners(directory: Path) -> dict[str, str]:
    return {path.name: path.owner() for path in directory.iterdir()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(slurm_cluster: Cluster, directory: Path) -> AsyncIterator[Site]:
    async with SmtpSink() as sink:
        tables: dict[str, dict[str, Any]] = {
            "connectors__mailto": {
                "host": "127.0.0.1",
                "port": sink.port,
                "from_address": "slurm@example.org",
                "domain": "example.org",
                "recipient_burst": 1000,
            },
            "accounting": {"wait": 20.0, "first_after": 0.5},
            "gateway": {"tasks_open_to": ["127.0.0.9/32"], "tasks_app": "portal"},
        }
        async with Gateway(slurm_cluster, directory, None, **tables) as gateway:
            yield Site(gateway, sink)


@pytest_asyncio.fixture(loop_scope="module")
async def client(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    async with site.gateway.client(None) as opened:
        yield opened


async def test_a_task_runs_as_its_user_in_its_directories(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task(cmd="/bin/sh", params=["-c", "id -un; pwd; echo $GREETING; echo bad >&2"])
    task["slurm"]["environment"] = "PATH=/bin:/usr/bin,GREETING=hi, there"
    job = await site.submit(client, task)
    shown = await site.watched(client, task, "COMPLETED")
    assert shown["slurm"] == {"username": "ada", "job_id": job, "job_state": "COMPLETED"}
    assert shown["monitor"]["task"]["uuid"] == task["uuid"]
    assert site.output(task).read_text().splitlines() == ["ada", task["cwd"], "hi, there"]
    assert site.output(task, "err/e.txt").read_text() == "bad\n"
    assert owners(Path(task["dirs"]["parent"])) == dict.fromkeys(["in", "out", "err", "work"], "ada")


async def test_time_is_in_hours_and_memory_is_the_jobs(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task(cmd="/bin/sleep", params=[60])
    task["slurm"] |= {"time": 2.5, "mem": 123, "cpus_per_task": 2}
    job = await site.submit(client, task)
    shown = await asyncio.to_thread(site.gateway.cluster.command, "scontrol", "show", "job", str(job))
    assert "TimeLimit=02:30:00" in shown
    assert "MinMemoryNode=123M" in shown
    ended = await client.delete(f"/monitor/slurm_job_id/{job}")
    assert ended.status_code == 200, ended.text
    assert ended.json()["task"]["uuid"] == task["uuid"]
    assert (await client.get(f"/monitor/slurm_job_id/{job}")).status_code == 404
    await asyncio.to_thread(site.gateway.cluster.wait_for_job, job, ("CANCELLED",))


async def test_one_job_and_not_two(site: Site, client: httpx2.AsyncClient) -> None:
    first = await site.submit(client, site.task())
    second = await site.submit(client, site.task())
    assert second == first + 1


@pytest.mark.parametrize(
    "hostile", ["it's", "$(touch /tmp/x)", '"; exit 1; "', "`id`", "a\nb", "--version", "\\", "* ?"]
)
async def test_a_parameter_arrives_as_it_is(site: Site, client: httpx2.AsyncClient, hostile: str) -> None:
    task = site.task(cmd="/usr/bin/printf", params=["%s", hostile])
    await site.submit(client, task)
    await site.watched(client, task, "COMPLETED")
    assert site.output(task).read_text() == hostile


async def test_the_shipped_greeting_needs_no_command(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task(name="echo_hello_world")
    del task["cmd"], task["params"]
    await site.submit(client, task)
    await site.watched(client, task, "COMPLETED")
    assert "hello, world!" in site.output(task).read_text()


async def test_directories_may_be_said_from_their_parent_and_hold_anything(
    site: Site, client: httpx2.AsyncClient
) -> None:
    task = site.task(cmd="/bin/pwd", cwd="it's work")
    task["params"] = []
    task["dirs"] = {"parent": f"{task['dirs']['parent']} 100%j", "output": "out", "error": "err"}
    await site.submit(client, task)
    await site.watched(client, task, "COMPLETED")
    assert site.output(task).read_text() == f"{task['dirs']['parent']}/it's work\n"


async def test_memory_and_time_reach_slurm_as_documented(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task()
    task["slurm"] |= {"mem": 100, "nodes": 2, "time": 1.5}
    job = await site.submit(client, task)
    shown = await asyncio.to_thread(site.gateway.cluster.command, "scontrol", "show", "job", str(job))
    assert "MinMemoryNode=50M" in shown
    assert "TimeLimit=01:30:00" in shown
    await site.watched(client, task, "COMPLETED")


async def test_a_used_uuid_is_refused_and_nothing_is_submitted(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task()
    job = await site.submit(client, task)
    again = await client.post("/submit", json={"task": task})
    assert again.status_code == 409
    other = await site.submit(client, site.task())
    assert other == job + 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "no_such_task"}, "no_such_task"),
        ({"cmd": None}, "cmd"),
        ({"cwd": "../elsewhere"}, "cwd"),
        ({"cwd": "/nowhere/to/be/found"}, "directory"),
        ({"more": 1}, "more"),
        ({"slurm": {"partition": "no-such-partition", "output": "o"}}, "partition"),
        ({"slurm": {"time": "soon"}}, "time"),
        ({"slurm": {"output": "../../x"}}, "output"),
        ({"slurm": {"environment": "LD PRELOAD"}}, "environment"),
        ({"notification": {"methods": ["pigeon"]}}, "pigeon"),
        ({"notification": {"methods": ["email"], "params": {"email": {"subject": "x"}}}}, "email"),
        ({"username": "root"}, ""),
        ({"username": "nobody"}, ""),
        ({"username": "--uid=0"}, "username"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_queued(
    site: Site, client: httpx2.AsyncClient, change: dict[str, Any], said: str
) -> None:
    before = await asyncio.to_thread(site.gateway.cluster.command, *QUEUE)
    answer = await client.post("/submit", json={"task": {**site.task(), **change}})
    assert answer.status_code in (400, 403), answer.text
    assert said in answer.json()["detail"]
    after = await asyncio.to_thread(site.gateway.cluster.command, *QUEUE)
    assert len(after.splitlines()) <= len(before.splitlines())


async def test_a_directory_that_cannot_be_made_leaves_no_job(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task()
    task["dirs"]["output"] = f"{site.gateway.users}/ben/not-adas"
    answer = await client.post("/submit", json={"task": task})
    assert answer.status_code in (400, 403), answer.text
    assert (await client.get(f"/monitor/task_uuid/{task['uuid']}")).status_code == 404


async def test_each_is_told_of_their_own_once_with_the_outcome(site: Site, client: httpx2.AsyncClient) -> None:
    good = site.told(site.task(), "ada@example.org")
    bad = site.told(site.task("ben", cmd="/bin/sh", params=["-c", "exit 3"]), "ben@example.org")
    for task in (good, bad):
        await site.submit(client, task)
    await until(lambda: site.mails("ada@example.org") and site.mails("ben@example.org"))
    await asyncio.sleep(3)
    [to_ada], [to_ben] = site.mails("ada@example.org"), site.mails("ben@example.org")
    assert "Completed" in to_ada
    assert good["uuid"] in to_ada
    assert "exit code 3" in to_ben
    assert bad["uuid"] in to_ben


async def test_a_suspended_job_is_not_over(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.told(site.task(cmd="/bin/sleep", params=["8"]), "later@example.org")
    job = await site.submit(client, task)
    await site.watched(client, task, "RUNNING")
    await asyncio.to_thread(site.gateway.cluster.command, "scontrol", "suspend", str(job))
    await site.watched(client, task, "SUSPENDED")
    await asyncio.sleep(2)
    assert site.mails("later@example.org") == []
    await asyncio.to_thread(site.gateway.cluster.command, "scontrol", "resume", str(job))
    await site.watched(client, task, "COMPLETED")
    await until(lambda: len(site.mails("later@example.org")) == 1)


async def test_a_job_from_elsewhere_is_watched_if_it_is_the_users_own(site: Site, client: httpx2.AsyncClient) -> None:
    job = await asyncio.to_thread(site.gateway.cluster.submit, "ada", "#!/bin/sh\nsleep 5\n", "--output=/dev/null")
    mail = {"methods": ["email"], "params": {"email": {"recipient": "adopted@example.org"}}}
    stolen = {"task": {"username": "ben", "uuid": "stolen", "notification": mail}, "slurm_job_id": job}
    assert (await client.post("/monitor", json={"monitor": stolen})).status_code == 404
    own = {"task": {"username": "ada", "uuid": f"own-{job}", "notification": mail}, "slurm_job_id": job}
    answer = await client.post("/monitor", json={"monitor": own})
    assert answer.status_code == 200, answer.text
    assert answer.json()["slurm_job_id"] == job
    assert (await client.post("/monitor", json={"monitor": own})).status_code == 409
    await until(lambda: site.mails("adopted@example.org"))
    shown = await client.get(f"/monitor/slurm_job_id/{job}", params={"username": "ada"})
    assert shown.json()["slurm"]["job_state"] == "COMPLETED"
    assert (await client.get(f"/monitor/slurm_job_id/{job}", params={"username": "ben"})).status_code == 404


async def test_jobs_are_listed_by_state(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task(cmd="/bin/sh", params=["-c", "exit 7"])
    job = await site.submit(client, task)
    await site.watched(client, task, "FAILED")
    listed = (await client.get("/monitor/slurm_job_state/FAILED")).json()["jobs"]
    assert job in [one["job_id"] for one in listed]
    assert {one["state"] for one in listed} == {"FAILED"}
    assert (await client.get("/monitor/slurm_job_state/SLEEPY")).status_code == 400
    assert (await client.get("/monitor/slurm_job_state/BOOT_FAIL")).json() == {"jobs": None}


async def test_without_a_token_only_named_addresses_get_in(site: Site) -> None:
    base = f"http://127.0.0.1:{site.gateway.port}"
    async with httpx2.AsyncClient(base_url=base, trust_env=False) as anybody:
        assert (await anybody.get("/ping")).text == "pong"
        refused = await anybody.post("/submit", json={"task": site.task()})
        assert refused.status_code == 401
        spoofed = await anybody.post("/submit", json={"task": site.task()}, headers={"X-Forwarded-For": "127.0.0.9"})
        assert spoofed.status_code == 401
    transport = httpx2.AsyncHTTPTransport(local_address="127.0.0.9")
    async with httpx2.AsyncClient(base_url=base, transport=transport, trust_env=False) as portal:
        answer = await portal.post("/submit", json={"task": site.task()})
        assert answer.status_code == 200, answer.text


async def test_an_app_sees_only_users_it_may_act_for(site: Site, client: httpx2.AsyncClient) -> None:
    task = site.task("ben")
    job = await site.submit(client, task)
    made = await client.post(
        "/apps",
        json={"name": f"only-ada-{job}", "rules": {"users": ["ada"]}},
        headers={"X-Auth-Token": site.gateway.admin},
    )
    token = made.json()["access_token"]
    async with site.gateway.client(None, token) as other:
        assert (await other.get(f"/monitor/task_uuid/{task['uuid']}")).status_code == 404
        assert (await other.delete(f"/monitor/slurm_job_id/{job}")).status_code == 404
        assert (await other.post("/submit", json={"task": site.task("ben")})).status_code == 403


async def test_the_private_routes_answer_from_what_is_known(site: Site, client: httpx2.AsyncClient) -> None:
    home = f"{site.gateway.users}/ada"
    body = {
        "username": "ada",
        "script": "#!/bin/bash\npwd\n",
        "job": {
            "name": "raw",
            "time_limit": {"set": True, "infinite": False, "number": 5},
            "environment": ["PATH=/bin:/usr/bin"],
            "current_working_directory": home,
            "standard_output": f"{home}/raw.txt",
        },
    }
    answer = await client.post("/slurm/job/submit/", json=body)
    assert answer.status_code == 200, answer.text
    job = answer.json()["response"]["job_id"]
    await asyncio.to_thread(site.gateway.cluster.wait_for_job, job, ("COMPLETED",))

    async def known() -> bool:
        return (await client.get(f"/slurm/job/{job}/", params={"username": "ada"})).status_code == 200

    await until(known)
    assert await asyncio.to_thread(Path(f"{home}/raw.txt").read_text) == f"{home}\n"
    listed = (await client.get("/slurm/jobs/0", params={"username": "ada"})).json()["response"]["jobs"]
    assert job in [one["job_id"] for one in listed]
    assert {one["user"] for one in listed} == {"ada"}
    assert (await client.get(f"/slurm/job/{job}/", params={"username": "ben"})).status_code == 404
    assert "statistics" in (await client.get("/slurm/diag")).json()["response"]


@pytest.mark.parametrize("user", ["root", "nobody", "slurm"])
async def test_the_private_routes_never_act_as_root(site: Site, client: httpx2.AsyncClient, user: str) -> None:
    body = {"username": user, "script": "#!/bin/sh\nid\n", "job": {}}
    assert (await client.post("/slurm/job/submit/", json=body)).status_code in (400, 403)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{site.gateway.port}", trust_env=False) as anybody:
        assert (await anybody.post("/slurm/job/submit/", json=body)).status_code == 401
        assert (await anybody.get("/slurm/jobs/0")).status_code == 401
