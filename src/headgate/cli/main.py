"""``headgate``: the nouns it knows. A command's module is imported when it is called, so that all start fast."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import NoReturn

import click

from headgate import __version__
from headgate.errors import HeadgateError

_COMMANDS = {
    "action": ("headgate.cli.action:group", "Act on the cluster: see what actions there are, and run them."),
    "api": ("headgate.cli.api:group", "See the REST API's specification."),
    "app": ("headgate.cli.app:group", "Make and end client programs of the gateway, and their tokens."),
    "audit": ("headgate.cli.audit:group", "See who had something done, and what became of it."),
    "backup": ("headgate.cli.backup:backup", "Write all that the store holds into a file."),
    "build": ("headgate.cli.build:group", "See and change builds of pull requests."),
    "config": ("headgate.cli.config:group", "Check and show the configuration."),
    "connector": ("headgate.cli.connector:group", "See the ways to reach people, and try them."),
    "delivery": ("headgate.cli.delivery:group", "See who was told what, when, and why not yet."),
    "doctor": ("headgate.cli.doctor:doctor", "Look at all that Headgate needs; say what is wrong, and what to do."),
    "event": ("headgate.cli.event:group", "See what happened."),
    "execution": ("headgate.cli.execution:group", "See what rules have begun; approve and cancel."),
    "job": ("headgate.cli.job:group", "Submit, watch, stop and fetch jobs by the gateway."),
    "login": ("headgate.cli.login:login", "Get a link that signs you in to the pages in a browser."),
    "mailprog": ("headgate.cli.mailprog:group", "Put the mail hand-off into Slurm's way."),
    "me": (
        "headgate.cli.me:group",
        "See and set what Headgate knows of you.",
    ),
    "pack": ("headgate.cli.pack:group", "Make Headgate's actions a pack of StackStorm's."),
    "restore": ("headgate.cli.backup:restore", "Fill the store with what a backup holds."),
    "rule": ("headgate.cli.rule:group", "See, try and switch rules: what is done when something happens."),
    "serve": ("headgate.cli.serve:serve", "Run the service."),
    "setup": ("headgate.cli.setup:setup", "Set Headgate up on this host."),
    "source": ("headgate.cli.source:group", "See where events come from, and what is wrong there."),
    "spool": ("headgate.cli.spool:group", "See what Slurm handed over and could not be read."),
    "store": ("headgate.cli.store:group", "Prepare, look after and clean the store."),
    "trigger": ("headgate.cli.trigger:group", "Have Slurm start programs when something happens."),
}


class _Commands(click.Group):
    """Finds commands by name without importing the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, importing it now."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table above."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in sorted(_COMMANDS.items())])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Configuration file. [default: $HEADGATE_CONFIG, or /etc/headgate/headgate.toml]",
)
@click.version_option(__version__, prog_name="headgate")
@click.pass_context
def headgate(context: click.Context, config: Path | None) -> None:
    """Headgate joins a Slurm cluster to the people and services around it."""
    from headgate.service import logs

    logs.configure(level="warning")  # what a command answers is on standard output, what it complains of is not
    context.obj = config


def main() -> NoReturn:
    """Run the command line; an error that is ours is one clear message and exit status 1."""
    try:
        headgate(prog_name="headgate")
    except HeadgateError as error:
        click.echo(f"headgate: {error.message}", err=True)
        sys.exit(1)
    sys.exit(0)


if __name__ == "__main__":
    main()
