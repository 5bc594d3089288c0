"""``headgate me``: what users tell Headgate about themselves. It asks the service on its local socket.

It reads no configuration and opens no store: ordinary users may do neither.
"""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.me.link import link, unlink
from headgate.cli.me.messages import messages
from headgate.cli.me.prefer import prefer
from headgate.cli.me.service import ask, socket_option
from headgate.cli.me.subscribe import subscribe, unsubscribe
from headgate.cli.output import json_option, moment, show_fields, show_json
from headgate.model.person_words import filter_words, preference_words


@click.group(invoke_without_command=True)
@socket_option
@json_option
@click.pass_context
def group(context: click.Context, socket: Path, *, as_json: bool) -> None:
    """See and set what Headgate knows of you: links to chats, preferences, subscriptions."""
    context.obj = socket
    if context.invoked_subcommand is not None:
        return
    known = ask("GET", "/me")
    if as_json:
        show_json(known)
        return
    show_fields(
        {
            "Account": f"{known['user']} (uid {known['uid']})",
            "Default connector": known["default_connector"],
            "Connectors": [_connector(one) for one in known["connectors"]],
            "Links": [
                f"{one['connector']}: {one['name'] or one['identity']} ({one['identity']}), to {one['target']}, "
                f"since {moment(one['linked_at'])}"
                for one in known["links"]
            ],
            "Preferences": preference_words(known["preferences"]),
            "Subscriptions": [
                f"{one['id']}: to {one['connector']}, {filter_words(one['filter'])}" for one in known["subscriptions"]
            ],
        }
    )


def _connector(one: dict[str, str]) -> str:
    if one["reaches"]:
        return f"{one['name']}: reaches you"
    return f"{one['name']}: {one['why_not']}"


for _command in (link, unlink, prefer, subscribe, unsubscribe, messages):
    group.add_command(_command)
