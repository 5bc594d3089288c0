"""Triggers by the service, for those who have a role and may neither read the configuration nor be SlurmUser."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from headgate.actions.context import Context
from headgate.actions.desk import Desk
from headgate.actions.registry import Actions
from headgate.actions.roles import Roles
from headgate.config.roles import Members, RolesSettings
from headgate.slurm.client import SlurmClient
from headgate.slurm.operator import SlurmOperator
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from headgate.testing.slurm import FakeSlurm
from tests.web.local.serving import Local, run_as, serving

TRIGGERS = """\
      1 node            * down                                     0 root           /usr/bin/headgate-trigger down
      2 node           n1 drained                                  0 root     PERM  /bin/echo a
"""
ROLES = RolesSettings(admin=Members(users=("daemon",)), viewer=Members(users=("bin",)))


@pytest.fixture
def slurm(tmp_path: Path) -> FakeSlurm:
    fake = FakeSlurm(tmp_path)
    fake.says("strigger", TRIGGERS)
    fake.says("scontrol", "ClusterName = fake\nSlurmUser = root(0)\n")
    return fake


def desk(store: Store, slurm: FakeSlurm) -> Desk:
    operator = SlurmOperator(SlurmClient(slurm.settings()))
    return Desk(Actions(Context(store, slurm=operator)), Roles(ROLES))


async def trigger(local: Local, user: str, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "headgate.cli.main", "trigger", *words]
    return await asyncio.to_thread(run_as, user, argv, HEADGATE_SOCKET=str(local.path))


async def test_who_has_a_role_sees_them(store: Store, slurm: FakeSlurm) -> None:
    async with serving(store, actions=desk(store, slurm)) as local:
        listed = await trigger(local, "bin", "list", "--json")
        assert [one["id"] for one in json.loads(listed.stdout)] == [1, 2]
        refused = await trigger(local, "sys", "list")
    said = "headgate: slurm.trigger.list takes the role viewer, and sys has it not\n"
    assert (refused.returncode, refused.stderr) == (1, said)


async def test_who_has_the_role_sets_and_unsets_them(store: Store, slurm: FakeSlurm) -> None:
    async with serving(store, actions=desk(store, slurm)) as local:
        found = await trigger(local, "daemon", "set", "down", "/usr/bin/headgate-trigger down", "--why", "to try it")
        assert (found.returncode, found.stdout) == (0, "Trigger 1\n")
        dry = await trigger(local, "daemon", "unset", "--ours", "--user", "root", "--dry-run")
        assert (dry.returncode, dry.stdout) == (0, "Trigger 1 would be removed\n")
        assert not [call for call in slurm.calls("strigger") if "--clear" in call]
        gone = await trigger(local, "daemon", "unset", "2", "--user", "root")
        assert (gone.returncode, gone.stdout) == (0, "Trigger 2 was removed\n")
    assert slurm.calls("strigger")[-1] == "--clear --id=2"
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert [(one.user, one.via, one.action) for one in entries] == [
        ("daemon", "local socket", "slurm.trigger.set"),
        ("daemon", "local socket", "slurm.trigger.unset"),
    ]


async def test_who_has_it_not_sets_none(store: Store, slurm: FakeSlurm) -> None:
    async with serving(store, actions=desk(store, slurm)) as local:
        for words in (("set", "down", "/bin/echo"), ("unset", "1", "--user", "root")):
            refused = await trigger(local, "bin", *words)
            assert refused.returncode == 1
            assert "takes the role admin, and bin has it not" in refused.stderr
    assert slurm.calls("strigger") == []
