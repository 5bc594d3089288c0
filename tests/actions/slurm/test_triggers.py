from __future__ import annotations

import pytest

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.event import JSON
from headgate.testing.cluster import Cluster
from tests.actions.slurm.conftest import Doing, of, only

pytestmark = [pytest.mark.slurm]


@pytest.mark.parametrize("event", ["burst_buffer", "drained", "down", "fail", "up", "idle", "reconfig"])
async def test_trigger_of_each_of_the_packs_events(doing: Doing, event: str) -> None:
    number = await doing.result("slurm.trigger.set", program="/bin/echo x", event=event)
    assert isinstance(number, int)
    trigger = only(await doing.result("slurm.trigger.list"))
    assert (trigger["id"], trigger["event"], trigger["program"]) == (number, event, "/bin/echo x")
    assert await doing.result("slurm.trigger.set", program="/bin/echo x", event=event) == number


async def test_drain_of_the_packs_rules_is_drained(doing: Doing) -> None:
    assert await doing.dry("slurm.trigger.set", program="/bin/echo", event="drain") is None
    number = await doing.result("slurm.trigger.set", program="/bin/echo", event="drain")
    assert await doing.result("slurm.trigger.set", program="/bin/echo", event="drained") == number
    assert await doing.dry("slurm.trigger.set", program="/bin/echo", event="drain") == number


async def test_trigger_of_a_jobs_end_and_of_its_time_limit(doing: Doing, cluster: Cluster) -> None:
    job = cluster.submit("ada", "#!/bin/sh\nsleep 600\n", "--output=/dev/null", "--chdir=/tmp", "--hold")
    await doing.result("slurm.trigger.set", program="/bin/echo", jobid=job, fini=True)
    await doing.result("slurm.trigger.set", program="/bin/echo", jobid=str(job), offset=-60)
    found = await doing.result("slurm.trigger.list")
    assert isinstance(found, list)
    assert [(one["subject"], one["event"], one["offset"]) for one in found if isinstance(one, dict)] == [
        (str(job), "fini", 0), (str(job), "time", -60),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "an event or a job"),
        ({"event": "explode"}, "is no event"),
        ({"jobid": 7}, "no trigger of a job's start"),
        ({"event": "idle", "permanent": True}, "for ever"),
        ({"jobid": 7, "fini": True, "permanent": True}, "for ever"),
        ({"event": "down", "program": "curl"}, "absolute path"),
    ],
)
async def test_trigger_that_cannot_be(doing: Doing, parameters: dict[str, JSON], words: str) -> None:
    with pytest.raises(ParametersError, match=words):
        await doing.run("slurm.trigger.set", **{"program": "/bin/echo", **parameters})
    assert await doing.result("slurm.trigger.list") == []


async def test_trigger_that_slurm_refuses(doing: Doing) -> None:
    with pytest.raises(SlurmRefusedError):
        await doing.run("slurm.trigger.set", program="/bin/not-there", event="down")
    with pytest.raises(NotFoundError, match="no node n9"):
        await doing.run("slurm.trigger.set", program="/bin/echo", event="down", nodes=["n1", "n9"])


async def test_triggers_are_removed(doing: Doing) -> None:
    first = await doing.result("slurm.trigger.set", program="/bin/echo", event="up", nodes=["n1"])
    second = await doing.result("slurm.trigger.set", program="/bin/echo", event="up", permanent=True)
    with pytest.raises(NotFoundError, match="nothing was done"):
        await doing.run("slurm.trigger.unset", trigger_ids=[first, 99999])
    with pytest.raises(NotFoundError):
        await doing.run("slurm.trigger.unset", trigger_ids=[first], user="ada")
    gone = await doing.result("slurm.trigger.unset", trigger_ids=[first, second])
    assert of(gone, str(first))["after"] is None
    assert await doing.result("slurm.trigger.list") == []
