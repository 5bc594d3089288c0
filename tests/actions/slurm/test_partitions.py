from __future__ import annotations

import pytest

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError, SlurmRefusedError
from tests.actions.slurm.conftest import Doing, of

pytestmark = [pytest.mark.slurm]


async def test_partitions_are_looked_at(doing: Doing) -> None:
    found = await doing.result("slurm.partition.get")
    assert isinstance(found, dict)
    assert set(found) == {"main", "short", "gpu"}
    short = of(await doing.result("slurm.partition.get", partitions="short"), "short")
    assert (short["state"], short["max_time"], short["priority_tier"]) == ("UP", "00:10:00", 2)
    with pytest.raises(NotFoundError):
        await doing.run("slurm.partition.get", partitions=["none"])


async def test_partition_is_closed_and_opened(doing: Doing) -> None:
    try:
        foreseen = await doing.dry("slurm.partition.update", partition="short", infos={"state": "DOWN"})
        assert of(foreseen, "after") == {"state": "DOWN"}
        change = await doing.result(
            "slurm.partition.update", partition="short", infos={"state": "DOWN", "hidden": True}
        )
        assert change == {
            "before": {"state": "UP", "hidden": "NO"}, "after": {"state": "DOWN", "hidden": "YES"}, "changed": True,
            "error": None,
        }  # fmt: skip
    finally:
        await doing.result("slurm.partition.update", partition="short", infos={"state": "UP", "hidden": False})


async def test_partition_that_cannot_be_changed_so(doing: Doing) -> None:
    with pytest.raises(SlurmRefusedError):
        await doing.run("slurm.partition.update", partition="short", infos={"state": "SIDEWAYS"})
    with pytest.raises(ParametersError, match="has no 'nodes' that can be changed"):
        await doing.run("slurm.partition.update", partition="short", infos={"nodes": "n1"})
    with pytest.raises(NotFoundError):
        await doing.run("slurm.partition.update", partition="none", infos={"state": "UP"})
