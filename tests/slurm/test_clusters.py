"""Which cluster a name means."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.config.slurm import SlurmSettings
from headgate.errors import NotFoundError, SlurmError
from headgate.slurm.client import SlurmClient
from headgate.slurm.clusters import Clusters
from headgate.slurm.operator import SlurmOperator


def operator(name: str, bin: Path | None = None) -> SlurmOperator:  # noqa: A002 - as the setting is called
    return SlurmOperator(SlurmClient(SlurmSettings(cluster=name, bin=bin)))


async def test_a_cluster_is_found_by_slurms_name_and_by_that_in_the_settings() -> None:
    first, second = operator("alpha"), operator("beta")
    clusters = Clusters(first, {"second": second})
    assert await clusters.of("") is first
    assert await clusters.of("alpha") is first
    assert await clusters.of("beta") is second
    assert await clusters.of("second") is second
    with pytest.raises(NotFoundError, match="there is no cluster 'gamma'"):
        await clusters.of("gamma")


async def test_slurms_name_counts_more_than_that_in_the_settings() -> None:
    first, second = operator("alpha"), operator("beta")
    assert await Clusters(first, {"alpha": second}).of("alpha") is first


async def test_while_one_does_not_say_its_name_nobody_knows_that_there_is_none(tmp_path: Path) -> None:
    first, silent = operator("alpha"), operator("", tmp_path)
    clusters = Clusters(first, {"second": silent})
    assert await clusters.of("alpha") is first
    assert await clusters.of("second") is silent
    with pytest.raises(SlurmError):
        await clusters.of("beta")
