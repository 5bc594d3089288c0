from __future__ import annotations

import pytest

from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.reservation import ReservationFlag
from headgate.slurm.commands.reservations import ReservationPlan
from headgate.slurm.operator import SlurmOperator
from headgate.testing.cluster import Cluster

pytestmark = [pytest.mark.slurm, pytest.mark.contract]
NOTHING = ReservationPlan()
TOMORROW = ReservationPlan(nodes=("n4",), start="now+1hour", duration="2:00:00", accounts=("physics",))


async def test_nodes_are_reserved_for_maintenance_unless_somebody_says_otherwise(operator: SlurmOperator) -> None:
    changes = await operator.reservations.reserve("st2", ["n[1-2]"], NOTHING)
    assert {name: (one.before, one.after, one.changed, one.error) for name, one in changes.items()} == {
        "n1": ({"reservation": None}, {"reservation": "st2"}, True, None),
        "n2": ({"reservation": None}, {"reservation": "st2"}, True, None),
    }
    made = (await operator.reservations.list())["st2"]
    assert made.nodes == ("n1", "n2")
    assert made.users == ("root",)
    assert {"MAINT", "IGNORE_JOBS", "OVERLAP"} <= set(made.flags)
    assert made.end - made.start == 365 * 86400
    assert made.state == "ACTIVE"


async def test_more_nodes_join_those_that_are_in_it(operator: SlurmOperator) -> None:
    await operator.reservations.reserve("st2", ["n1"], NOTHING)
    changes = await operator.reservations.reserve("st2", ["n[1-3]"], NOTHING)
    assert [one.changed for one in changes.values()] == [False, True, True]
    assert (await operator.reservations.list())["st2"].nodes == ("n1", "n2", "n3")


async def test_reservation_as_it_was_asked_for(operator: SlurmOperator) -> None:
    plan = ReservationPlan(start="now+2hours", duration="90", users=("ada",), flags=(ReservationFlag.FLEX,))
    await operator.reservations.reserve("tuning", ["n4"], plan)
    made = (await operator.reservations.list())["tuning"]
    assert (made.users, made.end - made.start, made.state) == (("ada",), 90 * 60, "INACTIVE")
    assert "FLEX" in made.flags
    assert "MAINT" not in made.flags


async def test_with_its_last_node_the_reservation_goes(operator: SlurmOperator) -> None:
    await operator.reservations.reserve("st2", ["n[1-3]"], NOTHING)
    changes = await operator.reservations.unreserve("st2", ["n2", "n4"])
    assert [one.changed for one in changes.values()] == [True, False]
    assert (await operator.reservations.list())["st2"].nodes == ("n1", "n3")
    changes = await operator.reservations.unreserve("st2", ["n[1-4]"])
    assert [(one.changed, one.error) for one in changes.values()] == [
        (True, None), (False, None), (True, None), (False, None),
    ]  # fmt: skip
    assert await operator.reservations.list() == {}


async def test_nodes_that_are_in_no_such_reservation(operator: SlurmOperator) -> None:
    with pytest.raises(NotFoundError, match="no reservation 'st2'"):
        await operator.reservations.unreserve("st2", ["n1"])
    with pytest.raises(NotFoundError, match="no node n9"):
        await operator.reservations.reserve("st2", ["n1", "n9"], NOTHING)
    assert await operator.reservations.list() == {}


async def test_dry_runs_change_nothing(operator: SlurmOperator) -> None:
    foreseen = await operator.reservations.reserve("st2", ["n1"], NOTHING, dry_run=True)
    assert foreseen["n1"].changed
    assert await operator.reservations.list() == {}
    await operator.reservations.reserve("st2", ["n[1-2]"], NOTHING)
    foreseen = await operator.reservations.unreserve("st2", ["n[1-2]"], dry_run=True)
    assert [one.after for one in foreseen.values()] == [{"reservation": None}] * 2
    assert (await operator.reservations.create("other", TOMORROW, dry_run=True)).changed
    assert (await operator.reservations.delete("st2", dry_run=True)).after is None
    assert list(await operator.reservations.list()) == ["st2"]


async def test_reservation_is_made_changed_and_deleted(operator: SlurmOperator) -> None:
    made = await operator.reservations.create("course", TOMORROW)
    assert made.before is None
    assert made.after is not None
    assert (made.after["nodes"], made.after["accounts"]) == (["n4"], ["physics"])
    with pytest.raises(SlurmRefusedError, match="there is a reservation course already"):
        await operator.reservations.create("course", TOMORROW)
    longer = await operator.reservations.update("course", ReservationPlan(duration="3:00:00", nodes=("n[3-4]",)))
    assert longer.changed
    assert longer.after is not None
    assert longer.after["nodes"] == ["n3", "n4"]
    assert int(str(longer.after["end_time"]).partition(".")[0]) - int(
        str(longer.after["start_time"]).partition(".")[0]
    ) == (3 * 3600)
    gone = await operator.reservations.delete("course")
    assert (gone.changed, gone.after) == (True, None)
    with pytest.raises(NotFoundError, match="no reservation 'course'"):
        await operator.reservations.delete("course")
    with pytest.raises(NotFoundError, match="no reservation 'course'"):
        await operator.reservations.update("course", TOMORROW)


async def test_user_that_slurm_does_not_know(operator: SlurmOperator) -> None:
    with pytest.raises(SlurmRefusedError):
        await operator.reservations.create(
            "course", ReservationPlan(nodes=("n4",), start="now", duration="10", users=("nobody-at-all",))
        )
    assert await operator.reservations.list() == {}


@pytest.mark.parametrize(
    "plan",
    [
        ReservationPlan(nodes=("n1",), start="now; reboot"),
        ReservationPlan(nodes=("n1",), duration="for ever"),
        ReservationPlan(nodes=("n1",), users=("ada,root",)),
        ReservationPlan(nodes=("n1",), accounts=("a b",)),
        ReservationPlan(nodes=(), start="now"),
        ReservationPlan(nodes=("n1",), comment="two\nlines"),
    ],
)
async def test_plan_that_cannot_be_said_to_slurm(operator: SlurmOperator, plan: ReservationPlan) -> None:
    with pytest.raises(ValueError, match=r"is no|no nodes|line end"):
        await operator.reservations.create("course", plan)


async def test_reservation_that_jobs_use_is_not_deleted_but_by_old_versions(
    operator: SlurmOperator, cluster: Cluster
) -> None:
    plan = ReservationPlan(nodes=("n4",), start="now", duration="30", users=("ada",))
    await operator.reservations.create("course", plan)
    job = cluster.submit(
        "ada", "#!/bin/sh\nexec sleep 600\n", "--output=/dev/null", "--chdir=/tmp", "--reservation=course",
        "--time=10",
    )  # fmt: skip
    cluster.wait_for_job(job, ("RUNNING",))
    if cluster.slurm == "20.11":
        assert (await operator.reservations.delete("course")).after is None
        assert cluster.job_state(job) == "RUNNING"
        return
    with pytest.raises(SlurmRefusedError, match="in use"):
        await operator.reservations.delete("course")
    assert "course" in await operator.reservations.list()
    cluster.command("scancel", str(job))
    cluster.wait_for_job(job, ("CANCELLED",))
