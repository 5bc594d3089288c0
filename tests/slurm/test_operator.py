from __future__ import annotations

import pytest

from headgate.errors import NotFoundError, SlurmError, SlurmRefusedError
from headgate.slurm.commands.partitions import PartitionKey
from headgate.slurm.commands.ping import Controller
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster
from tests.slurm.operating.conftest import cluster, operator, operator_of

__all__ = ["cluster", "operator"]
contract = pytest.mark.contract
pytestmark = [pytest.mark.slurm]


@contract
async def test_configuration_has_pyslurms_keys(operator: SlurmOperator, cluster: Cluster) -> None:
    found = await operator.configuration()
    assert found["cluster_name"] == cluster.name
    assert (found["max_array_sz"], found["kill_wait"], found["ret2service"]) == (10001, 2, 0)
    assert (found["slurm_user_name"], found["authtype"]) == ("slurm", "auth/munge")
    assert isinstance(found["slurm_user_id"], int)
    assert isinstance(found["slurmctld_host"], list)
    assert str(found["version"]).startswith(cluster.slurm)
    assert found["licenses"] is None
    assert not [key for key in found if "pass" in key]


@contract
@pytest.mark.parametrize("item", ["topology_plugin", "TopologyPlugin"])
async def test_one_item_is_found_by_either_name(operator: SlurmOperator, item: str) -> None:
    found = await operator.configuration(item)
    assert list(found) == ["topology_plugin"]


@contract
async def test_item_that_is_not_there(operator: SlurmOperator) -> None:
    with pytest.raises(NotFoundError, match="no item 'nonsense'"):
        await operator.configuration("nonsense")


@contract
async def test_controller_answers(operator: SlurmOperator) -> None:
    [controller] = await operator.ping()
    assert (controller.role, controller.up) == ("primary", True)


async def test_controller_that_is_gone_is_told_as_down(cluster: Cluster) -> None:
    cluster.stop("slurmctld")
    try:
        [controller] = await operator_of(cluster).ping()
        assert controller == Controller("primary", controller.host, up=False)
        with pytest.raises(SlurmError):
            await operator_of(cluster).configuration()
    finally:
        cluster.start("slurmctld")
        cluster.wait_ready()


@contract
async def test_partition_is_changed_and_changed_back(operator: SlurmOperator) -> None:
    closed = {PartitionKey.STATE: "DRAIN", PartitionKey.MAX_TIME: "20"}
    try:
        foreseen = await operator.partitions.update("short", closed, dry_run=True)
        assert foreseen.after == {"state": "DRAIN", "max_time": "20"}
        change = await operator.partitions.update("short", closed)
        assert (change.before, change.after) == (
            {"state": "UP", "max_time": "00:10:00"}, {"state": "DRAIN", "max_time": "00:20:00"},
        )  # fmt: skip
        assert (await operator.partitions.get(["short"]))["short"]["State"] == "DRAIN"
    finally:
        await operator.partitions.update("short", {PartitionKey.STATE: "UP", PartitionKey.MAX_TIME: "10"})


@contract
async def test_partition_that_is_not_there_or_refused(operator: SlurmOperator) -> None:
    assert set(await operator.partitions.get()) == {"main", "short", "gpu"}
    for work in (operator.partitions.get(["none"]), operator.partitions.update("none", {PartitionKey.STATE: "UP"})):
        with pytest.raises(NotFoundError, match="no partition 'none'"):
            await work
    with pytest.raises(SlurmRefusedError, match="Invalid"):
        await operator.partitions.update("short", {PartitionKey.STATE: "SIDEWAYS"})
    with pytest.raises(ValueError, match="is no name"):
        await operator.partitions.update("short State=DOWN", {PartitionKey.STATE: "UP"})
    assert (await operator.partitions.get(["short"]))["short"]["State"] == "UP"
