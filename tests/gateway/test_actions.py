"""Actions by REST, as programs with and without a role ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from headgate.gateway.apps import Apps
from headgate.model.app import AppRules
from headgate.store.store import Store
from headgate.testing.cluster import Cluster
from tests.gateway.site import Gateway

pytestmark = [pytest.mark.slurm, pytest.mark.asyncio(loop_scope="module")]
CALL = {"parameters": {"command": "greet", "arguments": {"name": "ada"}}, "why": "to try it"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gateway(slurm_cluster: Cluster, directory: Path) -> AsyncIterator[Gateway]:
    tables = {
        "roles.operator": {"apps": ["portal"]},
        "roles.viewer": {"apps": ["dashboard"]},
        "actions.commands.greet": {"argv": ["/usr/bin/printf", "hello %s", "{name}"]},
        "actions.commands.greet.parameters.name": {},
    }
    async with Gateway(slurm_cluster, directory, None, **tables) as running:
        yield running


async def token_of(gateway: Gateway, name: str) -> str:
    """Make an app; return its token."""
    store = Store(gateway.url)
    try:
        return (await Apps(store).add(name, AppRules(any_user=True)))[1]
    finally:
        store.close()


async def test_an_app_with_the_role_runs_an_action(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        answer = await client.post("/actions/command.run", json=CALL)
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert (shown["action"], shown["ok"], shown["result"]["output"]) == ("command.run", True, "hello ada")
        dry = await client.post("/actions/command.run", json={**CALL, "dry_run": True})
        assert (dry.json()["dry_run"], dry.json()["result"]["status"]) == (True, None)


async def test_an_app_sees_the_actions_it_may_call_and_what_they_take(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        listed = {one["name"]: one for one in (await client.get("/actions")).json()}
        assert listed["notify.send"]["role"] == "operator"
        shown = (await client.get("/actions/notify.send")).json()
        assert shown == listed["notify.send"]
        assert shown["parameters"]["properties"]["title"]["type"] == "string"
        assert (await client.get("/actions/no.action")).status_code == 404


async def test_mistakes_are_problems(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        for body, said in (
            ({"parameters": {"command": 7}}, "command.run: command: Input should be a valid string"),
            ({"parameters": {"command": "other"}}, "there is no command 'other'; configured: greet"),
            ({"parameter": {}}, "parameter: Extra inputs are not permitted"),
        ):
            answer = await client.post("/actions/command.run", json=body)
            assert (answer.status_code, answer.json()["detail"]) == (400, said)


@pytest.mark.parametrize("name", ["dashboard", "stranger"])
async def test_an_app_without_the_role_is_refused(gateway: Gateway, name: str) -> None:
    async with gateway.client(None, await token_of(gateway, name)) as client:
        answer = await client.post("/actions/command.run", json=CALL)
        assert answer.status_code == 403
        assert answer.json()["detail"] == f"command.run takes the role operator, and {name} has it not"
        listed = await client.get("/actions")
        assert listed.status_code == (200 if name == "dashboard" else 403)


async def test_without_a_token_nobody_learns_anything(gateway: Gateway) -> None:
    async with gateway.client(None, "hgt_wrong") as client:
        assert (await client.post("/actions/command.run", json=CALL)).status_code == 401
        assert (await client.get("/actions")).status_code == 401


async def test_an_administrators_token_may_do_everything(gateway: Gateway) -> None:
    async with gateway.client(None, gateway.admin) as client:
        assert (await client.post("/actions/command.run", json=CALL)).json()["ok"] is True
