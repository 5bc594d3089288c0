"""``headgate app change`` and ``headgate app remove``."""

from __future__ import annotations

from typing import Any

import click

from headgate.cli.app.apps import Done, rule_options, rules_of, with_apps
from headgate.cli.app.apps import as_json as app_json
from headgate.cli.output import json_option, show_json
from headgate.gateway.apps import Apps
from headgate.model.app import App, AppRules


@click.command("change")
@click.argument("name")
@rule_options
@click.option("--reset-rules", is_flag=True, help="Forget all rules that were; only those given here are left.")
@click.option("--on/--off", "switched_on", default=None, help="Switch it on or off.")
@json_option
def change(name: str, *, reset_rules: bool, switched_on: bool | None, as_json: bool, **given: Any) -> None:
    """Change what the app NAME may do. A rule that is given replaces that rule; the others stay."""

    async def work(apps: Apps) -> App:
        app = await apps.named(name)
        rules = rules_of(given, AppRules() if reset_rules else app.rules)
        disabled = app.disabled if switched_on is None else not switched_on
        return await apps.change(app, rules, disabled=disabled)

    changed = with_apps(work, Done("change app", f"app {name}"))
    if as_json:
        show_json(app_json(changed))


@click.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, *, yes: bool) -> None:
    """Forget the app NAME, its tokens, and what is known of its jobs. Jobs in Slurm and files stay."""
    if not yes:
        click.confirm(f"Forget the app {name}, its tokens and its jobs?", abort=True)

    async def work(apps: Apps) -> None:
        await apps.remove(await apps.named(name))

    with_apps(work, Done("remove app", f"app {name}"))
