from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from headgate.actions.caller import Caller, on_command_line
from headgate.actions.context import Context
from headgate.actions.registry import Actions, Result
from headgate.config.slurm import SlurmSettings
from headgate.model.event import JSON
from headgate.slurm.client import SlurmClient
from headgate.slurm.operating.own_reasons import StoredReasons
from headgate.slurm.operator import SlurmOperator
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from tests.slurm.operating.conftest import cluster

__all__ = ["cluster"]


class Doing:
    """Runs actions on a cluster, as an administrator."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self.store = store
        self._client = SlurmClient(SlurmSettings(bin=cluster.bin, conf=cluster.slurm_conf))

    async def run(self, action: str, /, **parameters: JSON) -> Result:
        """Do it as an administrator."""
        return await self._run(action, parameters, on_command_line("root"))

    async def dry(self, action: str, /, **parameters: JSON) -> JSON:
        """What would become of it."""
        done = await self._run(action, parameters, on_command_line("root"), dry_run=True)
        assert done.ok, done.error
        return done.result

    async def run_as(self, caller: Caller, action: str, /, **parameters: JSON) -> Result:
        """Do it as somebody."""
        return await self._run(action, parameters, caller)

    async def result(self, action: str, /, **parameters: JSON) -> JSON:
        """The result of an action that did all of it."""
        done = await self.run(action, **parameters)
        assert done.ok, done.error
        return done.result

    async def _run(
        self, action: str, parameters: Mapping[str, JSON], caller: Caller, *, dry_run: bool = False
    ) -> Result:
        # Each with an operator of its own, as each call of the command line has.
        operator = SlurmOperator(self._client, reasons=StoredReasons(self.store))
        return await Actions(Context(self.store, slurm=operator)).run(action, parameters, caller, dry_run=dry_run)


def of(result: JSON, name: str) -> dict[str, Any]:
    """One entry of a result."""
    assert isinstance(result, dict)
    found = result[name]
    assert isinstance(found, dict)
    return found


def only(result: JSON) -> dict[str, Any]:
    """The only entry of a list."""
    assert isinstance(result, list)
    [found] = result
    assert isinstance(found, dict)
    return found


@pytest.fixture
async def doing(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Doing]:
    store = Store(f"sqlite:///{tmp_path}/headgate.db")
    await asyncio.to_thread(migrate, store)
    yield Doing(cluster, store)
    await asyncio.to_thread(store.close)
