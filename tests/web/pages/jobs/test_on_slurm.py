"""The pages of jobs over a real cluster: a job that runs, its output as it grows, and what is done to it."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from headgate.store import audit, sessions
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from headgate.web.pages.visitor import COOKIE
from tests.gateway.site import SERVICE, Gateway, until
from tests.web.pages.pages_place import Person

pytestmark = pytest.mark.slurm
SCRIPT = r"""#!/bin/bash
printf 'begun \033[31mred\033[0m <b>\n'
until [ -e "$GO" ]; do sleep 0.2; done
echo 'line two'
echo 'it went wrong' >&2
printf 'half a'
sleep 300
"""
_MORE = re.compile(r'data-more="([^"]+)" data-next="(\d+)"')


class Pages:
    """The pages of a running Headgate."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.store = Store(gateway.url)

    @asynccontextmanager
    async def of(self, user: str) -> AsyncIterator[Person]:
        """Look at them as a user."""
        secret = await self.store.write(lambda c: sessions.begin(c, user, way="test", now=time.time(), lifetime=3600.0))
        base = f"http://127.0.0.1:{self.gateway.port}"
        async with httpx2.AsyncClient(
            base_url=base, cookies={COOKIE: secret}, timeout=60, follow_redirects=True, trust_env=False
        ) as client:
            yield Person(client)


@asynccontextmanager
async def pages_of(cluster: Cluster, directory: Path, *parts: str) -> AsyncIterator[Pages]:
    """Serve the pages beside some parts; ben is an operator, and so is Headgate's account to Slurm."""
    service = {"parts": ["http", "api", "pages", *parts]}
    cluster.command("sacctmgr", "-i", "add", "user", SERVICE, "account=root", "adminlevel=Administrator")
    try:
        async with Gateway(cluster, directory, roles__operator={"users": ["ben"]}, service=service) as gateway:
            made = Pages(gateway)
            yield made
            made.store.close()
    finally:
        cluster.command("sacctmgr", "-i", "delete", "user", SERVICE)


async def shows(person: Person, path: str, *texts: str, **query: str) -> str:
    """Wait until a page holds these texts; return it."""
    seen = ""

    async def holds() -> bool:
        nonlocal seen
        answer = await person.get(path, **query)
        seen = answer.text
        return answer.status_code == 200 and all(text in seen for text in texts)

    try:
        await until(holds)
    except AssertionError:
        raise AssertionError(f"{path} does not show {texts}: {seen[-3000:]}") from None
    return seen


async def test_a_job_is_followed_from_the_queue_to_its_end(slurm_cluster: Cluster, tmp_path: Path) -> None:
    async with pages_of(slurm_cluster, tmp_path, "watcher", "nodes") as pages:
        await _followed(slurm_cluster, pages)


async def _followed(slurm_cluster: Cluster, pages: Pages) -> None:
    home = pages.gateway.users / "ada"
    go = home / "go"
    files = (f"--output={home}/%x-%j.log", f"--error={home}/%j.err", f"--chdir={home}")
    job = slurm_cluster.submit("ada", SCRIPT, "--job-name=page", f"--export=ALL,GO={go}", *files)
    own = f"/jobs/{slurm_cluster.name}/{job}"
    async with pages.of("ada") as ada, pages.of("ben") as ben:
        await shows(ada, own, ">running<", "Started", "Time limit")
        assert f">{job}<" in (await ada.get("/jobs", state="RUNNING")).text
        first = await shows(ada, f"{own}/output", "begun red &lt;b&gt;", str(home / f"page-{job}.log"))
        found = _MORE.search(first)
        assert found is not None
        go.touch()
        lines: list[str] = []
        at, rest = int(found[2]), ""

        async def more() -> bool:
            nonlocal at, rest
            answer = (await ada.get(f"{own}/output/more", stream="out", start=str(at))).json()
            lines.extend(answer["lines"])
            at, rest = answer["next"], answer["rest"]
            return bool(rest == "half a")

        await until(more)
        assert lines == ["line two"]
        await shows(ada, f"{own}/output", "it went wrong", stream="err")
        await shows(ada, f"{own}/files", f"page-{job}.log", f"{job}.err")
        kept = await ada.get(f"{own}/files/download", path=f"{job}.err")
        assert (kept.text, kept.headers["content-disposition"][:10]) == ("it went wrong\n", "attachment")
        for hidden in ("output", "output/more", "files", "files/download"):
            assert (await ben.get(f"{own}/{hidden}", path=f"{job}.err")).status_code == 404
        asked = await ada.post("/jobs/orders", {"job": f"{slurm_cluster.name}/{job}", "order": "cancel"})
        assert "Nothing has been done yet" in asked.text
        assert slurm_cluster.job_state(job) == "RUNNING"
        done = await ada.post("/jobs/orders/run", {"job": f"{slurm_cluster.name}/{job}", "order": "cancel"})
        assert "Slurm is ending it" in done.text
        await shows(ada, own, ">cancelled<", "Ended")
        over = (await ada.get(f"{own}/output/more", start=str(at))).json()
        assert over["over"] is True
    entries = await pages.store.read(lambda c: audit.find(c, AuditFilter(user="ada"), limit=10))
    assert [(one.via, one.action, one.outcome) for one in entries] == [("page", "cancel", "done")]


async def test_an_operator_holds_and_releases_and_sees_the_cluster(slurm_cluster: Cluster, tmp_path: Path) -> None:
    job = slurm_cluster.submit("ada", "#!/bin/bash\nsleep 300\n", "--begin=now+1hour", "--job-name=later")
    key = f"{slurm_cluster.name}/{job}"
    async with pages_of(slurm_cluster, tmp_path, "watcher", "nodes") as pages, pages.of("ben") as ben:
        await shows(ben, f"/jobs/{key}", ">pending<", "BeginTime", "Hold…")
        asked = await ben.post("/jobs/orders", {"job": key, "order": "hold"})
        assert "does not start until it is released" in asked.text
        done = await ben.post("/jobs/orders/run", {"job": key, "order": "hold", "why": "maintenance"})
        assert "JobHeldAdmin" in done.text
        given = {"job": [key, f"{slurm_cluster.name}/array/{job}"], "order": "release"}
        done = await ben.post("/jobs/orders/run", given)
        assert "Release" in done.text
        assert "JobHeldAdmin" not in slurm_cluster.command("scontrol", "show", "job", str(job))
        text = await shows(ben, "/", "The cluster now", "Cores", " of ")
        nodes = len(slurm_cluster.nodes)
        assert re.search(rf"Nodes</a></dt>\s*<dd><strong>{nodes}</strong>", text)
    slurm_cluster.command("scancel", str(job))


async def ordered(person: Person, order: str, *keys: str) -> tuple[str, str]:
    """Have something done to jobs; return what the page before it said, and the one after it."""
    given = {"job": list(keys), "order": order}
    asked = await person.post("/jobs/orders", given)
    done = await person.post("/jobs/orders/run", given)
    return asked.text, done.text


async def test_owners_hold_release_and_requeue_their_jobs_and_slurm_decides(
    slurm_cluster: Cluster, tmp_path: Path
) -> None:
    later, go = "--begin=now+1hour", "#!/bin/bash\nsleep 300\n"
    waits = slurm_cluster.submit("ada", go, later)
    array = slurm_cluster.submit("ada", go, later, "--array=0-2")
    runs = slurm_cluster.submit("ada", go, "--requeue")
    once = slurm_cluster.submit("ada", go, "--no-requeue")
    own, tasks, running, single = (f"{slurm_cluster.name}/{one}" for one in (waits, f"array/{array}", runs, once))
    async with (
        pages_of(slurm_cluster, tmp_path, "watcher", "nodes") as pages,
        pages.of("ada") as ada,
        pages.of("ben") as ben,
    ):
        assert "Release…" not in await shows(ada, f"/jobs/{own}", ">pending<", "Hold…")
        await shows(ada, f"/jobs/{tasks}", ">pending<", "Hold…")
        asked, done = await ordered(ada, "hold", own, tasks)
        assert "2 of 2 jobs" in asked
        assert "2 of 2 done" in done
        for job in (waits, array):
            assert "Reason=JobHeldUser" in slurm_cluster.command("scontrol", "show", "job", str(job))
        assert "Hold…" not in await shows(ada, f"/jobs/{own}", "Release…")
        asked, done = await ordered(ada, "release", own)
        assert "it may start" in done
        assert "JobHeld" not in slurm_cluster.command("scontrol", "show", "job", str(waits))

        await ordered(ben, "hold", own)
        assert "Release…" not in await shows(ada, f"/jobs/{own}", "JobHeldAdmin")
        asked, done = await ordered(ada, "release", own)
        assert "was held by an administrator" in asked
        assert "denied" in done
        await shows(ben, f"/jobs/{own}", "Release…")
        assert (await ben.post("/jobs/orders/run", {"job": own, "order": "release"})).status_code == 200

        assert "Requeue…" not in await shows(ada, f"/jobs/{single}", ">running<", "Cancel…")
        asked, done = await ordered(ada, "requeue", single)
        assert "was submitted not to be requeued" in asked
        assert "Requeue 1" not in asked
        assert slurm_cluster.job_state(once) == "RUNNING"
        await shows(ada, f"/jobs/{running}", ">running<", "Requeue…")
        asked, done = await ordered(ada, "requeue", running)
        assert "what it did is lost" in asked
        assert "it is put back into the queue" in done
        assert "Restarts=1" in slurm_cluster.command("scontrol", "show", "job", str(runs))

        entries = await pages.store.read(lambda c: audit.find(c, AuditFilter(user="ada"), limit=20))
    assert [(one.via, one.action, one.outcome) for one in entries] == [
        *[("page", "hold", "done")] * 2,
        *[("page", "release", "done"), ("page", "release", "refused")],
        *[("page", "requeue", "refused"), ("page", "requeue", "done")],
    ]
    slurm_cluster.command("scancel", *map(str, (waits, array, runs, once)))


async def test_a_job_that_headgate_has_not_seen_is_told_as_slurm_knows_it(
    slurm_cluster: Cluster, tmp_path: Path
) -> None:
    job = slurm_cluster.submit("ada", "#!/bin/bash\nsleep 300\n", "--job-name=unseen", "--hold")
    own = f"/jobs/{slurm_cluster.name}/{job}"
    async with pages_of(slurm_cluster, tmp_path) as pages:
        async with pages.of("ada") as ada:
            text = await shows(ada, own, "unseen", ">pending<")
            assert "Headgate has not seen this job" in text
        async with pages.of("daemon") as stranger:
            assert (await stranger.get(own)).status_code == 404
    slurm_cluster.command("scancel", str(job))
