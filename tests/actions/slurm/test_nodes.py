from __future__ import annotations

import asyncio

import pytest

from headgate.actions.caller import Caller, CallerKind
from headgate.actions.refusals import NotPermittedError, ParametersError
from headgate.errors import NotFoundError
from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.store import audit
from headgate.testing.cluster import Cluster
from tests.actions.slurm.conftest import Doing, of

pytestmark = [pytest.mark.slurm]
SLEEP = "#!/bin/sh\nexec sleep 3000\n"
QUIET = ("--output=/dev/null", "--chdir=/tmp")


async def test_nodes_are_drained_looked_at_and_resumed(doing: Doing) -> None:
    drained = await doing.run("slurm.node.drain", nodes=["n[1-2]"])
    assert drained.ok
    change = of(drained.result, "n1")
    assert set(change) == {"before", "after", "changed", "error"}
    assert change["after"]["reason"] == "ST2: Drained using slurm.node.drain action"
    assert (change["changed"], change["error"]) == (True, None)
    node = of(await doing.result("slurm.node.get", nodes="n1"), "n1")
    assert "DRAIN" in node["state"]
    assert (node["cpus"], node["real_memory"], node["reason_uid"]) == (16, 16000, 0)
    # Another operator, as another process has: that the reason is ours stands in the store.
    resumed = await doing.run("slurm.node.resume", nodes="n1,n2")
    assert resumed.ok
    assert of(resumed.result, "n2")["changed"]


async def test_foreign_reason_makes_it_a_partial_failure(doing: Doing, cluster: Cluster) -> None:
    cluster.command("scontrol", "update", "nodename=n1", "state=drain", "reason=mine")
    await doing.run("slurm.node.drain", nodes=["n2"], reason="disk")
    resumed = await doing.run("slurm.node.resume", nodes=["n[1-2]"])
    assert not resumed.ok
    assert resumed.error.startswith("n1: left alone: root gave it the reason 'mine'")
    assert not of(resumed.result, "n1")["changed"]
    assert of(resumed.result, "n2")["changed"]
    assert (await doing.run("slurm.node.resume", nodes=["n1"], force=True)).ok


async def test_one_bad_name_among_good_ones(doing: Doing) -> None:
    for name in ("slurm.node.drain", "slurm.node.down", "slurm.node.resume", "slurm.node.get", "slurm.node.reserve",
                 "slurm.node.unreserve", "slurm.node.reboot", "slurm.node.wait_drained"):  # fmt: skip
        with pytest.raises(NotFoundError, match="no node n9"):
            await doing.run(name, nodes=["n1", "n9"])
    with pytest.raises(NotFoundError, match="no node n9"):
        await doing.run("slurm.node.update", nodes=["n1", "n9"], infos={"weight": 2})
    assert "DRAIN" not in of(await doing.result("slurm.node.get", nodes=["n1"]), "n1")["state"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"nodes": []},
        {"nodes": ["n1;reboot"]},
        {"nodes": ["n1"], "reason": "two\nlines"},
        {"nodes": ["n1"], "reason": ""},
        {"nodes": ["n1"], "reasons": "x"},
        {"nodes": {"n1": True}},
        {"nodes": ["n[1-65]"]},
    ],
)
async def test_wrong_parameters(doing: Doing, parameters: dict[str, JSON]) -> None:
    with pytest.raises(ParametersError):
        await doing.run("slurm.node.drain", **parameters)


async def test_drain_with_a_job_running_and_waiting_for_its_end(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--nodelist=n3")
    cluster.wait_for_job(job, ("RUNNING",))
    drained = await doing.result("slurm.node.drain", nodes=["n3"])
    assert "MIXED+DRAIN" in of(drained, "n3")["after"]["state"]
    early = await doing.run("slurm.node.wait_drained", nodes=["n3"], timeout=0)
    assert (early.ok, early.error, early.transient) == (False, "still with jobs: n3", True)
    waiting = asyncio.create_task(doing.run("slurm.node.wait_drained", nodes=["n3"], timeout=120, look_every=1))
    cluster.command("scancel", str(job))
    done = await waiting
    assert done.ok
    assert of(done.result, "n3")["drained"]
    lost = await doing.run("slurm.node.wait_drained", nodes=["n[3-4]"])
    assert (lost.ok, lost.error, lost.transient) == (False, "not draining: n4", False)


async def test_values_and_a_state_at_once(doing: Doing) -> None:
    changes = await doing.result(
        "slurm.node.update",
        nodes=["n1"],
        infos={"weight": 5, "features": ["a", "b"], "state": "fail", "reason": "smart"},
    )
    change = of(changes, "n1")
    assert (change["before"]["weight"], change["after"]["weight"]) == ("1", "5")
    assert change["after"]["features"] == "a,b"
    assert "FAIL" in change["after"]["state"]
    assert change["after"]["reason"] == "smart"
    again = await doing.result("slurm.node.update", nodes=["n1"], infos={"state": "resume"})
    assert of(again, "n1")["changed"]


@pytest.mark.parametrize(
    ("infos", "words"),
    [
        ({"cpus": 7}, "has no 'cpus' that can be changed"),
        ({"state": "sideways"}, "state is none of DOWN, DRAIN"),
        ({"state": "drain"}, "DRAIN needs a reason"),
        ({"weight": 5, "state": "drain"}, "DRAIN needs a reason"),
        ({"comment": "a\nb"}, "line end"),
    ],
)
async def test_values_that_cannot_be_set(doing: Doing, infos: dict[str, JSON], words: str) -> None:
    with pytest.raises(ParametersError, match=words):
        await doing.run("slurm.node.update", nodes=["n1"], infos=infos)
    assert of(await doing.result("slurm.node.get", nodes=["n1"]), "n1")["weight"] == 1


async def test_value_that_slurm_refuses(doing: Doing) -> None:
    refused = await doing.run("slurm.node.update", nodes=["n1"], infos={"weight": "heavy"})
    assert not refused.ok
    assert of(refused.result, "n1")["error"]


async def test_down_and_a_dry_run(doing: Doing) -> None:
    foreseen = await doing.dry("slurm.node.down", nodes=["n4"])
    assert of(foreseen, "n4")["after"]["state"].startswith("DOWN")
    assert not of(await doing.result("slurm.node.get", nodes=["n4"]), "n4")["state"].startswith("DOWN")
    down = await doing.result("slurm.node.down", nodes=["n4"])
    assert of(down, "n4")["after"]["reason"] == "ST2: Downed using slurm.node.down action"
    assert of(await doing.result("slurm.node.get", nodes=["n4"]), "n4")["state"].startswith("DOWN")
    assert of(await doing.result("slurm.node.resume", nodes=["n4"]), "n4")["changed"]


async def test_reboot_that_slurm_cannot_do(doing: Doing) -> None:
    refused = await doing.run("slurm.node.reboot", nodes=["n1"], asap=True, next_state="RESUME")
    assert not refused.ok
    assert "RebootProgram" in refused.error


async def test_who_may_only_look_changes_nothing_and_it_is_written_down(doing: Doing) -> None:
    viewer = Caller(CallerKind.APP, "portal", Role.VIEWER, "api portal")
    with pytest.raises(NotPermittedError):
        await doing.run_as(viewer, "slurm.node.drain", nodes=["n1"])
    await doing.run("slurm.node.drain", nodes=["n1"], reason="disk")
    entries = await doing.store.read(lambda connection: audit.find(connection, audit.AuditFilter(), limit=10))
    assert [(one.via, one.action, one.outcome) for one in entries] == [
        ("api portal", "slurm.node.drain", "refused"), ("command line", "slurm.node.drain", "done"),
    ]  # fmt: skip
    assert "disk" in entries[1].subject
