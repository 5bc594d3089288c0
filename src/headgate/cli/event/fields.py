"""Events as rows, as JSON, and the options that choose them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from headgate.cli.options import Moment, Number
from headgate.cli.output import moment
from headgate.model.event import JSON
from headgate.store.journal import EventFilter, Recorded

Command = TypeVar("Command", bound=Callable[..., Any])

COLUMNS = ("ID", "TIME", "KIND", "SUBJECT", "USER", "WHAT", "SEEN BY")
_TOLD = ("kind", "state", "exit_code", "signal", "receivers", "restarts", "name", "reason", "reason_user", "change")
_SHORT = {"kind": "mail", "receivers": "to", "reason_user": "by"}


def filter_options(command: Command) -> Command:
    """Add the options that choose events to a command; they become the arguments of ``EventFilter``."""
    options = (
        click.option("--kind", help="Only this kind; may end in *, as in job.*"),
        click.option("--job", "job_id", type=Number(), help="Only about this job id, or the tasks of this array."),
        click.option("--node", help="Only about this node."),
        click.option("--user", help="Only about jobs of this user."),
        click.option("--cluster", help="Only of this cluster."),
        click.option("--since", type=Moment(), help="Not before: a date, or 2h, 7d ago."),
        click.option("--until", type=Moment(), help="Not after: a date, or 2h, 7d ago."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen(**values: Any) -> EventFilter:
    """Return the filter that the options ask for."""
    return EventFilter(**values)


def as_row(recorded: Recorded) -> tuple[object, ...]:
    """Return an event as a table's row."""
    event = recorded.event
    data = _with_flags(event.data)
    told = {name: data[name] for name in _TOLD if data.get(name) not in (None, "")}
    quiet = {name for name in ("restarts", "signal") if told.get(name) == 0}
    what = " ".join(f"{_SHORT.get(name, name)}={value}" for name, value in told.items() if name not in quiet)
    seen = ", ".join(source.value for source in recorded.witnesses)
    return recorded.id, moment(event.time), event.kind.value, event.subject, event.user or None, what[:120], seen


def _with_flags(data: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Put a node's flags to its state, as scontrol writes them."""
    flags = data.get("flags")
    return data if not isinstance(flags, list) else {**data, "state": "+".join(map(str, [data.get("state"), *flags]))}


def as_json(recorded: Recorded) -> dict[str, object]:
    """Return an event as JSON."""
    return {
        "id": recorded.id,
        "recorded_at": recorded.recorded_at,
        "witnesses": {source.value: at for source, at in recorded.witnesses.items()},
        "trace": recorded.event.trace,
        **recorded.event.as_json(),
    }
