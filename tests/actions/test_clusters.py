"""Actions on one of several clusters."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from headgate.actions.action import Call, NoParameters, action
from headgate.actions.caller import on_command_line
from headgate.actions.catalogue import Catalogue
from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.config.slurm import SlurmSettings
from headgate.errors import NotFoundError
from headgate.model.role import Role
from headgate.slurm.client import SlurmClient
from headgate.slurm.clusters import Clusters
from headgate.slurm.operator import SlurmOperator
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.web.local.serving import run_as, serving


# The names are real ones: the command line knows only such.
@action("slurm.ping", role=Role.OPERATOR, mutating=True)
async def there(asked: NoParameters, call: Call) -> str:
    """Say on which cluster it is done."""
    del asked
    assert call.context.slurm is not None
    return await call.context.slurm.client.cluster_name()


@action("command.run", role=Role.OPERATOR)
async def anywhere(asked: NoParameters, call: Call) -> str:
    """Have nothing to do with clusters."""
    del asked, call
    return "done"


def actions(store: Store) -> Actions:
    alpha, beta = (SlurmOperator(SlurmClient(SlurmSettings(cluster=name))) for name in ("alpha", "beta"))
    context = Context(store, clusters=Clusters(alpha, {"second": beta}), slurm=alpha)
    return Actions(context, Catalogue([there, anywhere]))


@pytest.mark.parametrize(
    ("named", "found", "noted"),
    [("", "alpha", ""), ("alpha", "alpha", "on alpha"), ("beta", "beta", "on beta"), ("second", "beta", "on second")],
)
async def test_an_action_is_done_on_the_cluster_that_is_named(store: Store, named: str, found: str, noted: str) -> None:
    result = await actions(store).run("slurm.ping", {}, on_command_line("ada"), cluster=named)
    assert result.result == found
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert entry.detail == noted


async def test_on_a_cluster_that_is_not_there_nothing_is_begun(store: Store) -> None:
    with pytest.raises(NotFoundError, match="there is no cluster 'gamma'"):
        await actions(store).run("slurm.ping", {}, on_command_line("ada"), cluster="gamma")
    assert await store.read(lambda c: audit.find(c, AuditFilter(), limit=9)) == []


async def test_what_has_nothing_to_do_with_clusters_asks_none(store: Store) -> None:
    result = await actions(store).run("command.run", {}, on_command_line("ada"), cluster="gamma")
    assert result.result == "done"


async def test_the_command_line_names_one_to_the_service(store: Store) -> None:
    desk = Desk(actions(store), Roles(RolesSettings(operator=Members(users=("daemon",)))))
    argv = [sys.executable, "-m", "headgate.cli.main", "action", "run", "slurm.ping", "--json"]
    async with serving(store, actions=desk) as local:
        for words, status, said in (
            ([], 0, "alpha"),
            (["--cluster=beta"], 0, "beta"),
            (["--cluster=gamma"], 1, "there is no cluster 'gamma'"),
        ):
            done = await asyncio.to_thread(run_as, "daemon", [*argv, *words], HEADGATE_SOCKET=str(local.path))
            assert done.returncode == status
            assert (json.loads(done.stdout)["result"] if status == 0 else done.stderr.strip()) in (
                said,
                f"headgate: {said}",
            )
