"""``headgate config show``."""

from __future__ import annotations

import json

import click

from headgate.cli.config.reading import read_configuration
from headgate.cli.output import json_option, show_json, show_table


@click.command()
@click.option("--set", "only_set", is_flag=True, help="Leave out what has its default.")
@json_option
def show(*, only_set: bool, as_json: bool) -> None:
    """Show what holds, and where each value came from; secrets are masked."""
    from headgate.config.listing import list_settings
    from headgate.config.load import shown
    from headgate.errors import ConfigError

    reading = read_configuration()
    if reading.settings is None:
        raise ConfigError("\n".join(str(problem) for problem in reading.problems if problem.severity == "error"))
    settings = [
        setting
        for setting in list_settings(reading.settings, reading.origins)
        if not (only_set and setting.origin.source == "default")
    ]
    if as_json:
        show_json(
            [
                {
                    "key": shown(setting.path),
                    "value": setting.value,
                    "source": setting.origin.source,
                    "place": setting.origin.place,
                    "via": setting.origin.via,
                }
                for setting in settings
            ]
        )
        return
    rows = [
        (shown(setting.path), json.dumps(setting.value, ensure_ascii=False), setting.origin) for setting in settings
    ]
    show_table(("SETTING", "VALUE", "FROM"), rows, empty="Nothing is set.")
