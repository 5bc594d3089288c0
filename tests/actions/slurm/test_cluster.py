from __future__ import annotations

import pytest

from headgate.errors import NotFoundError
from headgate.testing.cluster import Cluster
from tests.actions.slurm.conftest import Doing, only

pytestmark = [pytest.mark.slurm]


async def test_one_item_of_the_configuration(doing: Doing) -> None:
    assert await doing.result("slurm.config.get", item="topology_plugin") == {"topology_plugin": "topology/none"}
    assert await doing.result("slurm.config.get", item="MaxArraySize") == {"max_array_sz": 10001}
    with pytest.raises(NotFoundError, match="no item 'colour'"):
        await doing.run("slurm.config.get", item="colour")


async def test_all_of_the_configuration(doing: Doing, cluster: Cluster) -> None:
    found = await doing.result("slurm.config.get")
    assert isinstance(found, dict)
    assert found["cluster_name"] == cluster.name
    assert len(found) > 150


async def test_ping(doing: Doing) -> None:
    found = await doing.result("slurm.ping")
    assert isinstance(found, dict)
    assert found["answers"] is True
    controller = only(found["controllers"])
    assert (controller["role"], controller["up"]) == ("primary", True)
