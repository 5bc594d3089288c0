"""The doctor on a real cluster: what works is said to work, and what does not is named."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.builds.doctor import diagnose
from headgate.model.pull_request import Repository
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from tests.builds.build_place import REPOSITORY, TARGETS
from tests.builds.test_real import RealPlace


async def test_each_thing_is_tried_and_what_is_wrong_is_named(
    slurm_cluster: Cluster, store: Store, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("the executor needs root")
    targets = {"zen2": TARGETS["zen2"], "gone": {**TARGETS["zen2"], "slurm_options": ["--partition=gone"]}}
    real = RealPlace(slurm_cluster, store, tmp_path, targets=targets)
    real.place.pull_request()
    cluster, settings, forges = real.place.cluster, real.place.settings, {"hub": real.place.forge}
    nowhere = Repository("hub", "org/none")
    real.place.forge.origins[nowhere] = f"file://{tmp_path}/nowhere"
    with real.executor:
        found = {one.area: one async for one in diagnose(settings, cluster, forges, [REPOSITORY, nowhere])}
        wrong = {what for what, one in found.items() if not one.good}
        assert wrong == {"sbatch for gone", "clone of hub:org/none"}
        assert "invalid partition specified" in found["sbatch for gone"].what
        assert list(real.root.iterdir()) == []
        elsewhere = replace(cluster, root="/var")
        found = {one.area: one async for one in diagnose(settings, elsewhere, forges, [])}
        assert "roots" in found["job directories"].what
    shutil.rmtree(real.base)
