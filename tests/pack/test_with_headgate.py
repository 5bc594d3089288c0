"""The built pack, as StackStorm runs it, with a real Headgate on a real cluster."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.pack.build import build
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from tests.pack.built import PATIENCE, Pack, Sensor
from tests.pack.test_sensor import kept_in
from tests.service.nodes_settled import nodes_settled
from tests.service.running import RunningHeadgate
from tests.slurm.operating.put_back import put_back

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True, slots=True)
class Site:
    """Headgate at a cluster, and a pack for each of three apps: one may act, one only look, and one nothing."""

    cluster: Cluster
    headgate: RunningHeadgate
    store: str
    pack: Pack
    looking: Pack
    nobody: Pack

    def state(self, node: str) -> str:
        return self.cluster.command("sinfo", "--noheader", f"--nodes={node}", "--format=%T").strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(operated_cluster: Cluster) -> AsyncIterator[Site]:
    """Headgate as root, as it is where SlurmUser is root."""
    directory = Path(tempfile.mkdtemp(prefix="service-", dir=operated_cluster.shared))
    url = f"sqlite:///{directory}/headgate.db"
    tables: dict[str, dict[str, Any]] = {
        "store": {"url": url},
        "spool": {"path": f"{directory}/spool"},
        "slurm": {"bin": str(operated_cluster.bin), "timeout": 10.0},
        "nodes": {"interval": 1.0, "min_interval": 0.2},
        "executor": {"way": "self"},
        "gateway": {"directory": f"{directory}/jobs"},
        "roles.operator": {"apps": ["stackstorm"]},
        "roles.viewer": {"apps": ["looking"]},
        "service": {"listen": "127.0.0.1:0", "parts": ["nodes", "http", "api"], "stop_deadline": 8.0},
    }
    (directory / "spool").mkdir()
    build(directory / "slurm")
    async with RunningHeadgate(directory, tables) as headgate:
        port = await port_of(headgate)
        packs = [
            Pack(directory / "slurm", {"url": f"http://127.0.0.1:{port}", "token": await token_of(url, name)})
            for name in ("stackstorm", "looking", "nobody")
        ]
        yield Site(operated_cluster, headgate, url, *packs)


@pytest_asyncio.fixture(loop_scope="module")
async def site(running: Site) -> AsyncIterator[Site]:
    yield running
    await asyncio.to_thread(put_back, running.cluster)
    await nodes_settled(running.store)


async def port_of(headgate: RunningHeadgate) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            for line in reversed(headgate.lines()):
                if line.get("event") == "http.listening":
                    return int(line["port"])
            await asyncio.sleep(0.05)


async def token_of(url: str, name: str) -> str:
    store = Store(url)
    try:
        _, token = await Apps(store).add(name, AppRules(any_user=True, rate=10_000, burst=100_000))
    finally:
        await asyncio.to_thread(store.close)
    return token


async def told_of(sensor: Sensor, *wanted: tuple[str, str]) -> list[dict[str, Any]]:
    """Wait until each of these nodes came into this state; other tests' nodes may come between."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    while not found.keys() >= set(wanted):
        name, payload = await sensor.trigger()
        assert name == "slurm.node.state"
        node = (payload["hostname"], payload["state"])
        if "to be put back" not in str(payload["reason"]):
            assert node not in found, "told twice"
            found[node] = payload
    return [found[one] for one in wanted]


async def test_nodes_are_drained_and_resumed(site: Site) -> None:
    drained = await site.pack.run("slurm.node.drain", "5ea03db8", nodes=["n[1", "3]"], reason="disk")
    assert drained.status is True
    assert {name: one["changed"] for name, one in drained.result.items()} == {"n1": True, "n3": True}
    assert [site.state(node) for node in ("n1", "n2", "n3")] == ["drained", "idle", "drained"]
    seen = await site.pack.run("slurm.node.get", nodes=["n1"])
    assert seen.result["n1"]["reason"] == "disk"
    resumed = await site.pack.run("slurm.node.resume", nodes=["n1", "n3"], dry_run=False)
    assert resumed.status is True
    assert site.state("n1").rstrip("*") == "idle"


async def test_a_wrong_name_leaves_everything_as_it_was(site: Site) -> None:
    ran = await site.pack.run("slurm.node.drain", nodes=["n1", "n99"])
    assert ran.status is False
    assert "n99" in ran.result["error"]
    assert site.state("n1").rstrip("*") == "idle"


async def test_who_may_only_look_changes_nothing(site: Site) -> None:
    ran = await site.looking.run("slurm.node.drain", nodes=["n1"])
    assert (ran.status, ran.result["status"]) == (False, 403)
    assert "operator" in ran.result["error"]
    assert (await site.looking.run("slurm.ping")).status is True
    assert site.state("n1").rstrip("*") == "idle"


async def test_the_sensor_tells_of_nodes_and_misses_none_while_it_is_away(site: Site, tmp_path: Path) -> None:
    datastore = tmp_path / "datastore"
    async with site.looking.sensor(datastore) as sensor:
        async with asyncio.timeout(PATIENCE):
            while kept_in(datastore) is None:
                await asyncio.sleep(0.05)
        site.cluster.command("scontrol", "update", "nodename=n2", "state=down", "reason=fan")
        [told] = await told_of(sensor, ("n2", "down"))
        assert told["reason"] == "fan"
        await sensor.stop()
        await sensor.end()
    site.cluster.command("scontrol", "update", "nodename=n2", "state=resume")
    site.cluster.command("scontrol", "update", "nodename=n4", "state=drain", "reason=dust")
    async with site.looking.sensor(datastore) as sensor:
        up, drained = await told_of(sensor, ("n2", "up"), ("n4", "drained"))
    assert up["time"] >= told["time"]
    assert drained["reason"] == "dust"


async def test_a_sensor_without_a_role_says_so_and_tells_nothing(site: Site, tmp_path: Path) -> None:
    async with site.nobody.sensor(tmp_path / "datastore") as sensor:
        assert "that takes the role viewer" in (await sensor.told())["log"]
