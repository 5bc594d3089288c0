"""Executions as rows and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from headgate.cli.output import moment
from headgate.store.executions import Execution, Try

COLUMNS = ("ID", "BEGUN", "RULE", "ABOUT", "STATE", "STEP", "NEXT", "WHY")


def as_row(one: Execution) -> tuple[object, ...]:
    """Return an execution as a table's row."""
    following = None if one.state.over or one.state.value in {"running", "asking"} else moment(one.not_before)
    return (
        one.id,
        moment(one.created_at),
        one.rule,
        one.subject,
        one.state.value,
        None if one.state.over else one.step,
        following,
        one.reason or None,
    )


def as_json(one: Execution) -> dict[str, object]:
    """Return an execution as JSON."""
    shown = asdict(one)
    shown["state"] = one.state.value
    shown["plan"] = json.loads(one.plan)
    return shown


def try_as_json(one: Try) -> dict[str, object]:
    """Return a try of a step as JSON."""
    shown = asdict(one)
    shown["state"] = one.state.value
    return shown
