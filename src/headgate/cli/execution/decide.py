"""``headgate execution approve``, ``refuse`` and ``cancel``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from headgate.cli.account import account
from headgate.cli.action.way import is_done_here, socket_option
from headgate.cli.me.service import ask
from headgate.cli.options import Number, opened_store


@click.command()
@click.argument("number", type=Number())
@socket_option
def approve(number: int, *, socket: Path | None) -> None:
    """Let execution NUMBER go on: one that wants approval, or one that asks whether to do a step again."""
    _decide(number, "approve", socket=socket)


@click.command()
@click.argument("number", type=Number())
@socket_option
def refuse(number: int, *, socket: Path | None) -> None:
    """End execution NUMBER, which wants approval, or asks whether to do a step again."""
    _decide(number, "refuse", socket=socket)


@click.command()
@click.argument("number", type=Number())
@socket_option
def cancel(number: int, *, socket: Path | None) -> None:
    """End execution NUMBER: nothing more comes of it. What was done stays done."""
    _decide(number, "cancel", socket=socket)


def _decide(number: int, word: str, *, socket: Path | None) -> None:
    """Decide by oneself, or have the service take the decision of whoever may not read the configuration."""
    from headgate.actions.caller import on_command_line
    from headgate.rules.approval import Decision, decide, done_word

    decision = Decision(word)
    if is_done_here(socket):
        caller, now = on_command_line(account()), time.time()
        with opened_store() as store:
            store.write_now(lambda connection: decide(connection, number, decision, caller, now))
    else:
        ask("POST", "/executions", str(number), word)
    click.echo(f"execution {number} is {done_word(decision)}")
