"""Deliveries as rows, as JSON, and the options that choose them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from headgate.cli.options import Number
from headgate.cli.output import moment
from headgate.model.delivery import DeliveryState
from headgate.store.deliveries import Delivery, DeliveryFilter

Command = TypeVar("Command", bound=Callable[..., Any])

COLUMNS = ("ID", "OWED", "RECIPIENT", "MESSAGE", "STATE", "FAILED", "NEXT", "REASON")


def filter_options(command: Command) -> Command:
    """Add the options that choose deliveries to a command; they become the arguments of ``chosen``."""
    states = click.Choice([state.value for state in DeliveryState])
    options = (
        click.option("--state", "states", type=states, multiple=True, help="Only in this state; may be repeated."),
        click.option("--connector", help="Only through this connector."),
        click.option("--target", help="Only to this target."),
        click.option("--job", "job_id", type=Number(), help="Only about this job id, or the tasks of this array."),
        click.option("--user", help="Only about jobs of this user."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen(states: tuple[str, ...], **values: Any) -> DeliveryFilter:
    """Return the filter that the options ask for."""
    return DeliveryFilter(states=tuple(DeliveryState(state) for state in states), **values)


def as_row(item: Delivery) -> tuple[object, ...]:
    """Return a delivery as a table's row."""
    later = item.state is DeliveryState.READY and item.not_before > time.time()
    again = moment(item.not_before) if later else None
    why = f"{item.reason.value}: {item.detail}" if item.reason and item.detail else item.reason and item.reason.value
    recipient = f"{item.connector}:{item.target}"
    title = json.loads(item.message)["title"] if item.message else f"({item.subject})"
    return item.id, moment(item.created_at), recipient, title, item.state.value, item.attempts, again, why


def as_json(item: Delivery) -> dict[str, object]:
    """Return a delivery as JSON."""
    return {
        "id": item.id,
        "event_id": item.event_id,
        "key": item.key,
        "connector": item.connector,
        "target": item.target,
        "state": item.state.value,
        "reason": item.reason.value if item.reason else None,
        "detail": item.detail,
        "attempts": item.attempts,
        "not_before": item.not_before,
        "created_at": item.created_at,
        "finished_at": item.finished_at,
        "folded_into": item.folded_into,
        "job_id": item.job_id,
        "user": item.user,
        "subject": item.subject,
        "message": json.loads(item.message) if item.message else None,
    }
