from __future__ import annotations

import os
import pwd
import time
from pathlib import Path

import pytest

from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.slurm.commands.triggers import TriggerEvent, TriggerPlan
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster, temporary_cluster
from tests.slurm.operating.conftest import operator_of
from tests.slurm.operating.test_nodes import operator_as

contract = pytest.mark.contract
pytestmark = [pytest.mark.slurm]
DRAINED = TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, nodes=("n[1-2]",), permanent=True)


@contract
async def test_trigger_has_a_number_and_the_same_one_is_not_set_twice(operator: SlurmOperator) -> None:
    number = await operator.triggers.set(DRAINED)
    [trigger] = await operator.triggers.list()
    assert (trigger.id, trigger.event, trigger.about, trigger.user) == (number, "drained", "node", "slurm")
    assert (trigger.program, trigger.permanent, trigger.offset) == ("/bin/echo a b", True, 0)
    same = TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, nodes=("n2", "n1"), permanent=True)
    assert await operator.triggers.set(same) == number
    assert await operator.triggers.check(same) == number
    others = [
        TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, nodes=("n1",), permanent=True),
        TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DRAINED, permanent=True),
        TriggerPlan(program="/bin/echo a b", event=TriggerEvent.DOWN, nodes=("n[1-2]",), permanent=True),
        TriggerPlan(program="/bin/echo a", event=TriggerEvent.DRAINED, nodes=("n[1-2]",), permanent=True),
        TriggerPlan(program="/bin/echo a b", event=TriggerEvent.RECONFIG, permanent=True),
    ]
    assert await operator.triggers.check(others[0]) is None
    numbers = {await operator.triggers.set(one) for one in others}
    assert len(numbers | {number}) == 6
    assert {await operator.triggers.set(one) for one in others} == numbers


@contract
async def test_trigger_of_a_job(operator: SlurmOperator, cluster: Cluster) -> None:
    job = cluster.submit("ada", "#!/bin/sh\nsleep 600\n", "--output=/dev/null", "--chdir=/tmp", "--hold")
    plan = TriggerPlan(program="/bin/echo", event=TriggerEvent.FINI, job=str(job), offset=5)
    number = await operator.triggers.set(plan)
    [trigger] = await operator.triggers.list()
    assert (trigger.about, trigger.subject, trigger.event, trigger.offset) == ("job", str(job), "fini", 5)
    assert await operator.triggers.set(plan) == number
    with pytest.raises(SlurmRefusedError, match="Invalid job id"):
        await operator.triggers.set(TriggerPlan(program="/bin/echo", event=TriggerEvent.FINI, job="4000000"))


@contract
async def test_triggers_are_removed_all_or_none(operator: SlurmOperator) -> None:
    first = await operator.triggers.set(DRAINED)
    second = await operator.triggers.set(TriggerPlan(program="/bin/echo", event=TriggerEvent.UP))
    with pytest.raises(NotFoundError, match="slurm has no trigger 99999; nothing was done"):
        await operator.triggers.unset([first, 99999])
    with pytest.raises(NotFoundError, match="ada has no trigger"):
        await operator.triggers.unset([first], "ada")
    assert (await operator.triggers.unset([first], dry_run=True))[str(first)].changed
    assert len(await operator.triggers.list()) == 2
    changes = await operator.triggers.unset([first, second])
    assert [(one.changed, one.after, one.error) for one in changes.values()] == [(True, None, None)] * 2
    assert await operator.triggers.list() == []


@contract
async def test_program_that_is_not_there(operator: SlurmOperator) -> None:
    with pytest.raises(SlurmRefusedError, match="program"):
        await operator.triggers.set(TriggerPlan(program="/bin/not-there", event=TriggerEvent.UP))
    with pytest.raises(NotFoundError, match="no node n9"):
        await operator.triggers.set(TriggerPlan(program="/bin/echo", event=TriggerEvent.UP, nodes=("n9",)))
    assert await operator.triggers.list() == []


async def test_event_of_a_newer_slurm_is_named(operator: SlurmOperator) -> None:
    with pytest.raises(SlurmRefusedError, match="no triggers of draining"):
        await operator.triggers.set(TriggerPlan(program="/bin/echo", event=TriggerEvent.DRAINING))


async def test_trigger_fires(operator: SlurmOperator, cluster: Cluster) -> None:
    told = cluster.shared / f"told-{os.getpid()}"
    program = cluster.shared / "tell"
    program.write_text(f'#!/bin/sh\necho "$@" >>{told}\n')
    program.chmod(0o755)
    cluster.shared.chmod(0o1777)
    await operator.triggers.set(TriggerPlan(program=f"{program} x", event=TriggerEvent.DRAINED))
    await operator.nodes.drain(["n[1-2]"], "disk")
    deadline = time.monotonic() + 90
    while not told.exists() or not told.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.2)  # noqa: ASYNC251 - nothing else runs in this loop
    # Slurm tells all that was drained since it looked last, so there may be more than these two.
    assert told.read_text().startswith("x n")


async def test_who_is_neither_root_nor_slurm_user_is_told_so(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("ada").pw_uid)
    with pytest.raises(SlurmRefusedError, match=r"only SlurmUser \(slurm\) may set triggers, and Headgate runs as"):
        await operator_as(cluster, "ada", tmp_path).triggers.set(DRAINED)


async def test_where_slurm_user_is_root() -> None:
    with temporary_cluster(nodes=1, extra_conf={"SlurmUser": "root"}) as cluster:
        operator = operator_of(cluster)
        number = await operator.triggers.set(TriggerPlan(program="/bin/echo", event=TriggerEvent.DOWN))
        [trigger] = await operator.triggers.list()
        assert (trigger.id, trigger.user) == (number, "root")
        assert (await operator.triggers.unset([number]))[str(number)].changed
