"""Orders to nodes through the pages, on a real cluster: preview, result by node, history, the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.events.journal import Journal
from headgate.events.sources.node_watcher import NodeWatcher, NodeWatcherSettings
from headgate.slurm.client import SlurmClient
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.testing.cluster import Cluster
from tests.slurm.operating.conftest import wait_for
from tests.web.pages.pages_place import PagesPlace, Person

pytestmark = [pytest.mark.slurm, pytest.mark.parametrize("store", ["sqlite"], indirect=True)]
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
QUIET = ("--output=/dev/null", "--chdir=/tmp")


@dataclass(frozen=True, slots=True)
class Watched:
    """A watcher beside the pages, which looks when a test says so."""

    watcher: NodeWatcher
    client: SlurmClient

    async def look(self) -> None:
        await self.watcher.tick()


def watched(place: PagesPlace, cluster: Cluster) -> Watched:
    client = SlurmClient(SlurmSettings(bin=cluster.bin, conf=cluster.slurm_conf))
    return Watched(NodeWatcher(place.store, Journal(), client, NodeWatcherSettings()), client)


async def order(person: Person, step: str, **fields: Any) -> str:
    answer = await person.post(f"/nodes/order{step}", fields)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_drain_preview_result_history_and_resume(operated: PagesPlace, cluster: Cluster) -> None:
    place, watching = operated, watched(operated, cluster)
    job = cluster.submit("ada", SLEEP, *QUIET, "--nodelist=n1", "--job-name=<b>long</b>")
    cluster.wait_for_job(job, ["RUNNING"])
    await watching.look()
    where = f"{await watching.client.cluster_name()}"
    async with place.client("operator") as oscar:
        asked = await order(oscar, "", order="drain", node=[f"{where} n1", f"{where} n2"])
        assert "Drain: n[1-2]" in asked
        known = {"order": "drain", "cluster": where, "nodes": "n[1-2]", "reason": "disk <2> fails"}
        preview = await order(oscar, "/preview", **known)
        assert preview.count("would change") == 2
        assert f">{job}</a>" in preview
        assert "&lt;b&gt;long&lt;/b&gt;" in preview
        assert all("DRAIN" not in node.state.flags for node in await watching.client.nodes())  # nothing is done yet
        result = await order(oscar, "/do", **known)
        assert "2 of 2 changed" in result
        await watching.look()
        page = (await oscar.get(f"/nodes/{where}/n1")).text
        assert "Drains: takes no new jobs, and has some" in page
        assert "“<bdi>disk &lt;2&gt; fails</bdi>” by root" in page
        assert f">{job}</a>" in page  # the jobs on it now
        cluster.command("scontrol", "update", "nodename=n3", "state=drain", "reason=mine")
        both = {"order": "resume", "cluster": where, "nodes": "n[2-3]", "why": "disk changed"}
        part = await order(oscar, "/do", **both)
        assert "1 of 2 not done as asked" in part
        assert "left alone: root gave it the reason" in part
        assert "2 of 2 changed" in await order(oscar, "/do", **{**both, "nodes": "n[1,3]", "force": "yes"})
        await watching.look()
        assert "Takes jobs again" in (await oscar.get(f"/nodes/{where}/n1")).text
    noted = await place.store.read(lambda c: audit.find(c, AuditFilter(via="page"), limit=10))
    assert [(one.user, one.action, one.outcome) for one in noted] == [
        ("oscar", "slurm.node.drain", "done"),
        ("oscar", "slurm.node.resume", "partly failed"),
        ("oscar", "slurm.node.resume", "done"),
    ]
    assert "why: disk <2> fails" in noted[0].detail
    assert "why: disk changed" in noted[1].detail


async def test_reserve_and_delete_and_what_is_wrong_is_said(operated: PagesPlace, cluster: Cluster) -> None:
    place, watching = operated, watched(operated, cluster)
    await watching.look()
    where = await watching.client.cluster_name()
    asked = {"order": "reserve", "cluster": where, "nodes": "n[3-4]", "name": "course", "start": "now"}
    async with place.client("operator") as oscar:
        for wrong, said in (
            ({}, "Lasts is needed"),
            ({"duration": "for long"}, "no duration"),
            ({"duration": "60", "name": "a b"}, "no name"),
            ({"duration": "60", "nodes": "n[3-9]"}, "no node n"),
        ):
            answer = await oscar.post("/nodes/order/preview", {**asked, **wrong})
            assert answer.status_code == 400
            assert said in answer.text
        whole = {**asked, "duration": "60", "users": "ada", "maint": "yes", "ignore_jobs": "yes", "why": "course"}
        assert "would change" in await order(oscar, "/preview", **whole)
        assert "1 of 1 changed" in await order(oscar, "/do", **whole)
        assert "n[3-4]" in (await oscar.get("/nodes/reservations")).text
        await wait_for(lambda: oscar.get(f"/nodes/{where}/n4"), lambda answer: 'scope="row">course</th>' in answer.text)
        sure = await oscar.post("/nodes/reservations/delete", {"name": "course", "cluster": ""})
        assert "Delete the reservation course?" in sure.text
        gone = await oscar.post("/nodes/reservations/delete", {"name": "course", "cluster": "", "sure": "yes"})
        assert gone.status_code == 303
        assert "The reservation course was deleted" in (await oscar.get("/nodes/reservations")).text


async def test_a_cluster_that_does_not_answer_is_said_so(operated: PagesPlace, cluster: Cluster) -> None:
    watching = watched(operated, cluster)
    await watching.look()
    where = await watching.client.cluster_name()
    cluster.stop("slurmctld")
    try:
        async with operated.client("operator") as oscar:
            page = await oscar.get(f"/nodes/{where}/n1")
            listed = await oscar.get("/nodes/reservations")
    finally:
        cluster.start("slurmctld")
        cluster.wait_ready()
    assert page.status_code == listed.status_code == 200
    assert "Which jobs are on it is not known now" in page.text
    assert "Reservations are not known now" in listed.text
