from __future__ import annotations

import asyncio
import pwd
from pathlib import Path

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.errors import NotFoundError, SlurmCommandError, SlurmRefusedError
from headgate.slurm.client import SlurmClient
from headgate.slurm.commands.node_updates import NodeKey, NodeOrder
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster, temporary_cluster
from tests.slurm.operating.conftest import operator_of, wait_for

contract = pytest.mark.contract
pytestmark = [pytest.mark.slurm]
QUIET = ("--output=/dev/null", "--chdir=/tmp")
SLEEP = "#!/bin/sh\nexec sleep 3000\n"


def states(cluster: Cluster) -> dict[str, str]:
    """What scontrol itself says of all nodes."""
    lines = cluster.command("scontrol", "--oneliner", "show", "node").splitlines()
    fields = [dict(word.partition("=")[::2] for word in line.split() if "=" in word) for line in lines]
    return {one["NodeName"]: one["State"] for one in fields}


@contract
async def test_drain_says_of_each_node_what_became_of_it(operator: SlurmOperator, cluster: Cluster) -> None:
    changes = await operator.nodes.drain(["n[1-2]", "n2"], "disk")
    assert list(changes) == ["n1", "n2"]
    for change in changes.values():
        assert change.before is not None
        assert change.after is not None
        assert "DRAIN" not in str(change.before["state"])
        assert "IDLE+DRAIN" in str(change.after["state"])
        assert (change.after["reason"], change.after["reason_user"]) == ("disk", "root")
        assert (change.changed, change.error) == (True, None)
    assert "DRAIN" in states(cluster)["n1"]
    assert "DRAIN" not in states(cluster)["n3"]


@contract
async def test_drain_twice_changes_nothing(operator: SlurmOperator) -> None:
    await operator.nodes.drain(["n1"], "disk")
    [change] = (await operator.nodes.drain(["n1"], "disk")).values()
    assert (change.changed, change.error) == (False, None)


@contract
@pytest.mark.parametrize(
    "reason", ['"quoted"', 'ends with "', '" begins', '"', '""', "a=b, c|d", "it's [x@y]", "ümlaut", "State=IDLE"]
)
async def test_reason_is_kept_as_it_was_given(operator: SlurmOperator, reason: str) -> None:
    [change] = (await operator.nodes.drain(["n1"], reason)).values()
    assert change.error is None
    assert change.after is not None
    assert change.after["reason"] == reason


@contract
@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "bell\a", "x" * 5000])
async def test_reason_that_cannot_be_one_is_refused_before_anything_is_done(
    operator: SlurmOperator, cluster: Cluster, reason: str
) -> None:
    with pytest.raises(ValueError, match=r"reason|line end|characters"):
        await operator.nodes.drain(["n1"], reason)
    assert "DRAIN" not in states(cluster)["n1"]


@contract
async def test_one_bad_name_among_good_ones_stops_all_of_it(operator: SlurmOperator, cluster: Cluster) -> None:
    with pytest.raises(NotFoundError, match="no node n9; nothing was done"):
        await operator.nodes.drain(["n1", "n9"], "disk")
    assert "DRAIN" not in states(cluster)["n1"]


@pytest.mark.parametrize(
    ("hostlists", "words"),
    [
        (["n[1-"], "no hostlist"),
        (["n1;reboot"], "no hostlist"),
        (["-n1", "n1 n2"], "no hostlist"),
        ([], "no nodes"),
        ([""], "no nodes"),
        (["n[1-65]"], "65 nodes are named; one call may touch 64"),
        (["n[1-99999999]"], "no hostlist"),
    ],
)
async def test_what_names_no_nodes_or_too_many_is_refused_unasked(
    operator: SlurmOperator, hostlists: list[str], words: str
) -> None:
    for work in (operator.nodes.drain(hostlists, "disk"), operator.nodes.resume(hostlists)):
        with pytest.raises(ValueError, match=words):
            await work


@contract
async def test_drain_with_a_job_running_waits_for_it(operator: SlurmOperator, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--nodelist=n3")
    cluster.wait_for_job(job, ("RUNNING",))
    [change] = (await operator.nodes.drain(["n3"], "disk")).values()
    assert change.after is not None
    assert "MIXED+DRAIN" in str(change.after["state"])
    assert cluster.job_state(job) == "RUNNING"
    early = await operator.nodes.wait_drained(["n3"], patience=0)
    assert not early["n3"].drained
    assert early["n3"].error is None
    waiting = asyncio.create_task(operator.nodes.wait_drained(["n3"], patience=90, look_every=0.2))
    cluster.command("scancel", str(job))
    assert (await waiting)["n3"].drained


@contract
async def test_nobody_waits_for_a_node_that_takes_jobs(operator: SlurmOperator) -> None:
    found = await operator.nodes.wait_drained(["n1"], patience=3600)
    assert found["n1"].error == "is not draining"


@contract
async def test_reason_that_somebody_else_gave_is_neither_overwritten_nor_undone(
    operator: SlurmOperator, cluster: Cluster
) -> None:
    cluster.command("scontrol", "update", "nodename=n1", "state=drain", "reason=mine, ask Ada")
    drained = (await operator.nodes.drain(["n[1-2]"], "disk"))["n1"]
    assert (drained.changed, drained.error) == (False, None)
    assert drained.after is not None
    assert drained.after["reason"] == "mine, ask Ada"
    resumed = await operator.nodes.resume(["n[1-2]"])
    assert resumed["n2"].error is None
    assert resumed["n1"].error == "left alone: root gave it the reason 'mine, ask Ada', and force was not given"
    assert "DRAIN" in states(cluster)["n1"]
    assert (await operator.nodes.down(["n1"], "disk"))["n1"].error is not None
    assert not states(cluster)["n1"].startswith("DOWN")
    updated = await operator.nodes.update(["n1"], {NodeKey.REASON: "disk"})
    assert updated["n1"].error is not None
    forced = await operator.nodes.resume(["n1"], force=True)
    assert (forced["n1"].changed, forced["n1"].error) == (True, None)
    assert "DRAIN" not in states(cluster)["n1"]


@contract
async def test_foreign_reason_is_overwritten_by_force(operator: SlurmOperator, cluster: Cluster) -> None:
    cluster.command("scontrol", "update", "nodename=n1", "state=drain", "reason=mine")
    [change] = (await operator.nodes.drain(["n1"], "disk", force=True)).values()
    assert change.changed
    assert change.after is not None
    assert change.after["reason"] == "disk"


@contract
async def test_down_ends_jobs_and_resume_brings_the_node_back(operator: SlurmOperator, cluster: Cluster) -> None:
    job = cluster.submit("ada", SLEEP, *QUIET, "--nodelist=n1", "--no-requeue")
    cluster.wait_for_job(job, ("RUNNING",))
    [down] = (await operator.nodes.down(["n1"], "power")).values()
    assert down.after is not None
    assert str(down.after["state"]).startswith("DOWN")
    assert cluster.wait_for_job(job, ("NODE_FAIL", "COMPLETING")) in ("NODE_FAIL", "COMPLETING")
    [resumed] = (await operator.nodes.resume(["n1"])).values()
    assert (resumed.changed, resumed.error) == (True, None)
    assert resumed.after is not None
    assert resumed.after["reason"] == ""
    assert not str(resumed.after["state"]).startswith("DOWN")


@contract
async def test_fail_is_a_flag_of_its_own(operator: SlurmOperator) -> None:
    [failing] = (await operator.nodes.order(["n1"], NodeOrder.FAIL, "smart")).values()
    assert failing.after is not None
    assert "FAIL" in str(failing.after["state"]).split("+")
    assert "DRAIN" not in str(failing.after["state"])
    assert failing.error is None
    [resumed] = (await operator.nodes.resume(["n1"])).values()
    assert resumed.error is None
    assert resumed.after is not None
    assert "FAIL" not in str(resumed.after["state"])


@contract
async def test_resume_of_a_node_in_service_does_nothing(operator: SlurmOperator, cluster: Cluster) -> None:
    async def at_rest() -> str:
        return states(cluster)["n4"]

    await wait_for(at_rest, lambda state: state == "IDLE")
    [change] = (await operator.nodes.resume(["n4"])).values()
    assert (change.changed, change.error) == (False, None)


@contract
async def test_dry_run_says_what_would_be_and_changes_nothing(operator: SlurmOperator, cluster: Cluster) -> None:
    before = states(cluster)["n1"]
    [drained] = (await operator.nodes.drain(["n1"], "disk", dry_run=True)).values()
    assert drained.changed
    assert drained.after is not None
    assert "DRAIN" in str(drained.after["state"])
    assert drained.after["reason"] == "disk"
    [heavier] = (await operator.nodes.update(["n1"], {NodeKey.WEIGHT: "7"}, dry_run=True)).values()
    assert heavier.after is not None
    assert (heavier.changed, heavier.after["weight"]) == (True, "7")
    assert states(cluster)["n1"] == before
    cluster.command("scontrol", "update", "nodename=n1", "state=drain", "reason=mine")
    [left] = (await operator.nodes.resume(["n1"], dry_run=True)).values()
    assert not left.changed
    assert left.error is not None


@contract
async def test_features_are_replaced_at_once(operator: SlurmOperator) -> None:
    await operator.nodes.update(["n[1-2]"], {NodeKey.AVAILABLE_FEATURES: "a,b", NodeKey.WEIGHT: "3"})
    changes = await operator.nodes.update(["n[1-2]"], {NodeKey.AVAILABLE_FEATURES: "c"})
    assert {change.error for change in changes.values()} == {None}
    node = (await operator.nodes.get(["n1"]))["n1"]
    assert (node.features, node.active_features, node.weight) == (("c",), ("c",), 3)


@contract
async def test_value_that_slurm_refuses_is_that_nodes_error(operator: SlurmOperator) -> None:
    changes = await operator.nodes.update(["n[1-2]"], {NodeKey.WEIGHT: "heavy"})
    assert all(change.error for change in changes.values())
    assert all(change.before and change.after for change in changes.values())
    assert all(change.before["weight"] == change.after["weight"] for change in changes.values())  # type: ignore[index]
    with pytest.raises(ValueError, match="nothing is to be changed"):
        await operator.nodes.update(["n1"], {})


@contract
async def test_reboot_without_a_program_is_refused(operator: SlurmOperator) -> None:
    [change] = (await operator.nodes.reboot(["n1"])).values()
    assert not change.changed
    assert change.error is not None
    assert "RebootProgram" in change.error


async def test_reboot_is_asked_for_and_a_foreign_reason_hinders_it() -> None:
    with temporary_cluster(nodes=2, extra_conf={"RebootProgram": "/bin/true", "SlurmUser": "root"}) as cluster:
        operator = operator_of(cluster)
        job = cluster.submit("ada", SLEEP, *QUIET, "--nodelist=n1")
        cluster.wait_for_job(job, ("RUNNING",))
        [foreseen] = (await operator.nodes.reboot(["n1"], asap=True, dry_run=True)).values()
        assert foreseen.after is not None
        assert {"DRAIN", "REBOOT_REQUESTED"} <= set(str(foreseen.after["state"]).split("+"))
        [asked] = (await operator.nodes.reboot(["n1"], asap=True, next_state="RESUME", reason="kernel")).values()
        assert (asked.changed, asked.error) == (True, None)
        assert asked.after is not None
        assert {"DRAIN", "REBOOT_REQUESTED"} <= set(str(asked.after["state"]).split("+"))
        assert asked.after["reason"] == "kernel"
        [called_off] = (await operator.nodes.order(["n1"], NodeOrder.CANCEL_REBOOT)).values()
        assert called_off.error is None
        cluster.command("scontrol", "update", "nodename=n2", "state=drain", "reason=mine")
        [hindered] = (await operator.nodes.reboot(["n2"])).values()
        assert not hindered.changed
        assert hindered.error is not None


def operator_as(cluster: Cluster, user: str, directory: Path) -> SlurmOperator:
    """An operator whose commands run as somebody else."""
    account = pwd.getpwnam(user)
    ids = f"--reuid={account.pw_uid} --regid={account.pw_gid} --clear-groups"
    for name in ("scontrol", "squeue", "strigger"):
        script = directory / name
        script.write_text(f'#!/bin/sh\nexec setpriv {ids} {cluster.bin}/{name} "$@"\n')
        script.chmod(0o755)
    return SlurmOperator(SlurmClient(SlurmSettings(bin=directory, conf=cluster.slurm_conf)))


async def test_account_that_may_not_is_told_so(cluster: Cluster, tmp_path: Path) -> None:
    operator = operator_as(cluster, "ada", tmp_path)
    [change] = (await operator.nodes.drain(["n1"], "disk")).values()
    assert change.error is not None
    assert "AdminLevel" in change.error
    assert "DRAIN" not in states(cluster)["n1"]


async def test_administrator_of_accounting_may(cluster: Cluster, tmp_path: Path) -> None:
    operator = operator_as(cluster, "ben", tmp_path)
    cluster.command("sacctmgr", "-i", "modify", "user", "ben", "set", "adminlevel=Administrator")

    async def drained() -> bool:
        return (await operator.nodes.drain(["n1"], "disk"))["n1"].error is None

    try:
        await wait_for(drained, bool)
        [change] = (await operator.nodes.resume(["n1"])).values()
        assert change.error is not None
        assert change.error.startswith("left alone: ben gave it")
    finally:
        cluster.command("sacctmgr", "-i", "modify", "user", "ben", "set", "adminlevel=None")


async def test_slurm_that_does_not_answer_is_no_refusal(cluster: Cluster) -> None:
    operator = operator_of(cluster)
    cluster.stop("slurmctld")
    try:
        with pytest.raises(SlurmCommandError) as caught:
            await operator.nodes.drain(["n1"], "disk")
        assert caught.value.transient
        assert not isinstance(caught.value, SlurmRefusedError)
    finally:
        cluster.start("slurmctld")
        cluster.wait_ready()
