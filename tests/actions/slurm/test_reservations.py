from __future__ import annotations

import pytest

from headgate.actions.refusals import ParametersError
from headgate.errors import NotFoundError, SlurmRefusedError
from headgate.model.event import JSON
from tests.actions.slurm.conftest import Doing, of

pytestmark = [pytest.mark.slurm]


async def test_nodes_are_reserved_and_with_the_last_one_it_goes(doing: Doing) -> None:
    reserved = await doing.result("slurm.node.reserve", nodes=["n[1-2]"])
    assert of(reserved, "n1") == {
        "before": {"reservation": None}, "after": {"reservation": "st2"}, "changed": True, "error": None,
    }  # fmt: skip
    made = of(await doing.result("slurm.reservation.list"), "st2")
    assert (made["nodes"], made["users"]) == (["n1", "n2"], ["root"])
    assert {"MAINT", "IGNORE_JOBS", "OVERLAP"} <= set(made["flags"])
    assert of(await doing.result("slurm.node.unreserve", nodes="n1"), "n1")["changed"]
    assert of(await doing.result("slurm.reservation.list"), "st2")["nodes"] == ["n2"]
    await doing.result("slurm.node.unreserve", nodes="n2")
    assert await doing.result("slurm.reservation.list") == {}
    with pytest.raises(NotFoundError, match="no reservation 'st2'"):
        await doing.run("slurm.node.unreserve", nodes=["n2"])


async def test_props_are_the_packs(doing: Doing) -> None:
    await doing.result(
        "slurm.node.reserve",
        nodes=["n4"],
        reservation_name="tuning",
        props={"start_time": "now+1hour", "duration": 60, "users": "ada,ben", "flags": ["maint", "flex"]},
    )
    made = of(await doing.result("slurm.reservation.list"), "tuning")
    assert sorted(made["users"]) == ["ada", "ben"]
    assert made["end"] - made["start"] == 3600
    assert {"MAINT", "FLEX"} <= set(made["flags"])


@pytest.mark.parametrize(
    "props",
    [
        {"flags": ["SPARKLING"]},
        {"duration": "for ever"},
        {"start_time": "soon"},
        {"users": ["ada root"]},
        {"colour": "red"},
    ],
)
async def test_props_that_cannot_be(doing: Doing, props: JSON) -> None:
    with pytest.raises(ParametersError):
        await doing.run("slurm.node.reserve", nodes=["n4"], props=props)
    assert await doing.result("slurm.reservation.list") == {}


async def test_reservation_is_made_changed_and_deleted(doing: Doing) -> None:
    plan: dict[str, JSON] = {"name": "course", "nodes": "n4", "start_time": "now+1hour", "accounts": ["physics"]}
    foreseen = await doing.dry("slurm.reservation.create", **plan, duration="2:00:00")
    assert of(foreseen, "after")["nodes"] == ["n4"]
    made = await doing.run("slurm.reservation.create", **plan, duration="2:00:00")
    assert isinstance(made.result, dict)
    assert (made.result["before"], made.result["changed"]) == (None, True)
    with pytest.raises(SlurmRefusedError, match="already"):
        await doing.run("slurm.reservation.create", **plan, duration="2:00:00")
    changed = await doing.run("slurm.reservation.update", name="course", nodes=["n[3-4]"])
    assert isinstance(changed.result, dict)
    assert of(changed.result, "after")["nodes"] == ["n3", "n4"]
    with pytest.raises(ParametersError, match="nothing is to be changed"):
        await doing.run("slurm.reservation.update", name="course")
    with pytest.raises(NotFoundError):
        await doing.run("slurm.reservation.update", name="other", nodes=["n3"])
    gone = await doing.run("slurm.reservation.delete", name="course")
    assert isinstance(gone.result, dict)
    assert gone.result["after"] is None
    with pytest.raises(NotFoundError):
        await doing.run("slurm.reservation.delete", name="course")
