"""Settings of rules: where they are, what their templates may name, how much they do at a time."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from headgate.config.section import AbsolutePath, Count, Seconds, SecondsOrZero, Section


class RulesSettings(Section):
    """Rules: when an event matches, do actions."""

    directory: AbsolutePath = Field(
        Path("/etc/headgate/rules.d"),
        description="Directory of rule files (`.yaml`, `.yml`, `.toml`), one rule each. They are read again when they "
        "change. It need not exist.",
    )
    config: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        description="Names and values that templates of rules see as `config_context.NAME`: what StackStorm keeps in a "
        "pack's configuration.",
    )
    values: dict[str, str | int | float | bool] = Field(
        default_factory=dict,
        description="Names and values that templates of rules see as `st2kv.system.NAME`: what StackStorm keeps in its "
        "datastore.",
    )
    concurrency: Count = Field(8, description="Steps of rules that are done at a time.")
    reservation_notice: SecondsOrZero = Field(
        86400,
        description="Seconds before a reservation begins at which there is an event of it (`reservation.upcoming`); 0 "
        "for no such events.",
    )
    reservation_interval: Seconds = Field(600, description="Seconds between two looks at the reservations.")
    settle: SecondsOrZero = Field(
        60,
        description="Seconds after the start in which no state counts as having lasted as long as a rule's `for` says: "
        "what happened while Headgate was not running has to be found first.",
    )
    loop_after: Count = Field(
        3, description="Executions of a rule, each begun by what the one before it did, after which it is stopped."
    )
    loop_window: Seconds = Field(
        30,
        description="Seconds after a step in which an event about the nodes or jobs it named counts as its doing.",
    )
