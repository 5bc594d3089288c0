"""The command line, from click's own description of it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from headgate.cli.main import headgate
from scripts.reference.markdown import code, generated, prose, table

INTRODUCTION = """
Every command of `headgate`, as it describes itself; each also has `--help` (`-h`), which says the same in the terminal.
Commands that list or show have `--json`. A failure is one line on standard error and exit status 1, a mistake in the
command line itself is exit status 2.
"""


def walk(command: click.Command | None = None, context: click.Context | None = None) -> Iterator[click.Context]:
    """Yield a context for a command (by default ``headgate``) and every one below it, in the order of their names."""
    command = command or headgate
    own = click.Context(command, info_name=command.name if context else "headgate", parent=context)
    yield own
    if isinstance(command, click.Group):
        for name in command.list_commands(own):
            below = command.get_command(own, name)
            if below is None:
                raise LookupError(f"{own.command_path} {name} is listed and not there")
            below.name = name
            yield from walk(below, own)


def page() -> str:
    """Return the page."""
    return generated("Command line", INTRODUCTION, *(_command(context) for context in walk()))


def _command(context: click.Context) -> str:
    command = context.command
    parts = [f"{'##' if context.parent is None else '###'} {context.command_path}\n"]
    parts += [prose(paragraph) + "\n" for paragraph in (command.help or "").split("\n\n")]
    parts.append(f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n")
    options = [record for record in (param.get_help_record(context) for param in command.params) if record]
    if options:
        rows = [(code(names), _escaped(help_)) for names, help_ in options]
        parts.append(table(("Option", "Meaning"), rows))
    if isinstance(command, click.Group):
        names = command.list_commands(context)
        links = [f"[{name}](#{context.command_path.replace(' ', '-')}-{name})" for name in names]
        parts.append(f"Commands: {', '.join(links)}\n")
    return "\n".join(parts)


def _escaped(help_: str) -> str:
    return help_.replace("*", "\\*").replace("<", "&lt;").replace("[", "\\[")
