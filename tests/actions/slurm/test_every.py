from __future__ import annotations

import inspect
from typing import Any

import pytest

from headgate.actions.caller import on_command_line
from headgate.actions.catalogue import CATALOGUE
from headgate.actions.context import Context
from headgate.actions.refusals import ActionError
from headgate.actions.registry import Actions
from headgate.model.role import Role
from headgate.store.store import Store

PACK: dict[str, dict[str, Any]] = {
    "slurm.config.get": {"item": None},
    "slurm.job.find": {"criterias": ...},
    "slurm.job.get": {"jobids": ...},
    "slurm.job.step.get": {"jobids": ...},
    "slurm.node.down": {"nodes": ..., "reason": "ST2: Downed using slurm.node.down action"},
    "slurm.node.drain": {"nodes": ..., "reason": "ST2: Drained using slurm.node.drain action"},
    "slurm.node.resume": {"nodes": ...},
    "slurm.node.get": {"nodes": ...},
    "slurm.node.reserve": {"nodes": ..., "reservation_name": "st2", "props": None},
    "slurm.node.unreserve": {"nodes": ..., "reservation_name": "st2"},
    "slurm.node.update": {"nodes": ..., "infos": ...},
    "slurm.trigger.set": {
        "program": ..., "jobid": None, "offset": 0, "fini": False, "nodes": None, "event": None,
    },
    "slurm.trigger.unset": {"trigger_ids": ..., "user": "slurm"},
}  # fmt: skip
"""StackStorm's Slurm pack: each action's parameters and defaults; ``...`` is required."""
MORE = {
    "slurm.trigger.list", "slurm.node.wait_drained", "slurm.node.reboot", "slurm.job.cancel", "slurm.job.hold",
    "slurm.job.release", "slurm.job.requeue", "slurm.job.update", "slurm.reservation.list",
    "slurm.reservation.create", "slurm.reservation.update", "slurm.reservation.delete", "slurm.partition.get",
    "slurm.partition.update", "slurm.ping",
}  # fmt: skip


@pytest.mark.parametrize("name", PACK)
def test_action_has_the_packs_parameters_and_defaults(name: str) -> None:
    fields = CATALOGUE.get(name).parameters.model_fields
    for parameter, default in PACK[name].items():
        field = fields[parameter]
        assert field.is_required() is (default is ...)
        if default is not ...:
            assert field.default == default
    assert not [key for key, field in fields.items() if key not in PACK[name] and field.is_required()]


def test_all_actions_are_there() -> None:
    names = {one.name for one in CATALOGUE if one.name.startswith("slurm.")}
    assert names == {*PACK, *MORE}


def test_each_says_what_it_does_and_what_its_parameters_are() -> None:
    for one in CATALOGUE:
        assert one.summary.endswith(".")
        assert all(field.description for field in one.parameters.model_fields.values())
        assert inspect.iscoroutinefunction(one.work)


def test_who_changes_nothing_may_only_look() -> None:
    for one in CATALOGUE:
        if one.name.startswith("slurm."):
            assert one.mutating is (one.role is not Role.VIEWER), one.name


async def test_without_slurm_there_is_nothing_to_do(store: Store) -> None:
    actions = Actions(Context(store))
    with pytest.raises(ActionError, match="no Slurm"):
        await actions.run("slurm.ping", {}, on_command_line("root"))
