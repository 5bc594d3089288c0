"""``headgate action show``."""

from __future__ import annotations

import click

from headgate.cli.output import json_option, show_fields, show_json, show_table

_COLUMNS = ("PARAMETER", "VALUE", "DEFAULT", "MEANING")


@click.command("show")
@click.argument("name")
@json_option
def show(name: str, *, as_json: bool) -> None:
    """Describe the action NAME: what it takes, and what it answers."""
    from headgate.actions.catalogue import CATALOGUE
    from headgate.actions.desk import described
    from headgate.actions.wording import parameter_rows, result_words

    action = CATALOGUE.get(name)
    if as_json:
        show_json(described(action))
        return
    click.echo(f"{action.description}\n")
    show_fields(
        {
            "Name": action.name,
            **({"Also called": ", ".join(action.aliases)} if action.aliases else {}),
            "Takes the role": action.role.value,
            "Changes something": "yes" if action.mutating else "no",
            "May be repeated": "yes" if action.repeatable else "no",
            "Answers": result_words(action),
        }
    )
    click.echo()
    show_table(_COLUMNS, parameter_rows(action), empty="It takes no parameters.")
