"""What the commands about apps have in common: the store's apps, options of rules, and how an app is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from pydantic import ValidationError
from sqlalchemy import Connection

from headgate.cli.account import account
from headgate.cli.options import opened_store
from headgate.cli.output import moment
from headgate.errors import HeadgateError
from headgate.gateway.apps import Apps
from headgate.model.app import App, AppRules, AppToken, acts_for
from headgate.store import audit

T = TypeVar("T")
COLUMNS = ("NAME", "ID", "ACTS FOR", "CREATED", "STATE")
TOKEN_COLUMNS = ("ID", "NAME", "USER", "CREATED", "EXPIRES", "LAST USED")
_RULES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--user", "users", {"multiple": True, "help": "A Unix account it may act for."}),
    ("--group", "groups", {"multiple": True, "help": "A Unix group whose members it may act for."}),
    ("--user-pattern", "user_pattern", {"help": "Regular expression of accounts it may act for."}),
    ("--any-user/--not-any-user", "any_user", {"default": None, "help": "Whether it may act for everybody."}),
    ("--cluster", "clusters", {"multiple": True, "help": "A cluster it may submit to; without any, to all."}),
    ("--partition", "partitions", {"multiple": True, "help": "A partition it may name; without any, all."}),
    ("--account", "accounts", {"multiple": True, "help": "A Slurm account it may name; without any, all."}),
    ("--max-active", "max_active", {"type": int, "help": "Jobs that are not over, at most."}),
    ("--max-active-per-user", "max_active_per_user", {"type": int, "help": "The same, of one user."}),
    ("--max-upload", "max_upload", {"type": int, "help": "Bytes of one upload, at most."}),
    ("--rate", "rate", {"type": float, "help": "Requests per second, over a while."}),
    ("--burst", "burst", {"type": int, "help": "Requests at once."}),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, for the audit log: the actions have the names they have in the API."""

    action: str
    subject: str
    detail: str = ""

    def record(self, connection: Connection) -> None:
        """Write it down, with the account that did it: with sudo, whose it was before."""
        audit.record(
            connection,
            user=account(),
            via="command line",
            action=self.action,
            subject=self.subject,
            outcome="done",
            detail=self.detail,
        )


def rule_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each rule of an app."""
    for words, name, more in reversed(_RULES):
        command = click.option(words, name, **more)(command)
    return command


def rules_of(given: dict[str, Any], before: AppRules | None = None) -> AppRules:
    """Return the rules that options say, on top of those that were. Raises HeadgateError."""
    named = {name: value for name, value in given.items() if value not in (None, ())}
    known = {} if before is None else before.model_dump(exclude_defaults=True)
    try:
        return AppRules.model_validate({**known, **named})
    except ValidationError as error:
        first = error.errors()[0]
        raise HeadgateError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def with_apps(work: Callable[[Apps], Awaitable[T]], done: Done | None = None) -> T:
    """Do something with the store's apps; ``done`` is what the audit log then says. Raises HeadgateError."""
    with opened_store() as store:

        async def run() -> T:
            return await work(Apps(store))

        result = asyncio.run(run())
        if done is not None:
            store.write_now(done.record)
        return result


def as_json(app: App) -> dict[str, Any]:
    """Return an app as programs get it."""
    return {
        "id": app.id,
        "name": app.name,
        "rules": app.rules.model_dump(mode="json", exclude_defaults=True),
        "created_at": app.created_at,
        "disabled": app.disabled,
    }


def as_row(app: App) -> tuple[str, ...]:
    """Return an app as a row of a table."""
    return app.name, app.id, acts_for(app.rules), moment(app.created_at), "off" if app.disabled else "on"


def token_json(kept: AppToken) -> dict[str, Any]:
    """Return what is kept of a token as programs get it."""
    names = ("id", "name", "user", "created_at", "expires_at", "used_at")
    return {name: getattr(kept, name) for name in names}


def token_row(kept: AppToken) -> tuple[str, ...]:
    """Return what is kept of a token as a row of a table."""
    times = (kept.created_at, kept.expires_at, kept.used_at)
    return kept.id, kept.name, kept.user or "-", *(moment(time) for time in times)


def show_token(text: str) -> None:
    """Write a new token, alone, where a program may take it; and beside it, for people, that it is shown only now."""
    click.echo("This token is shown only now; keep it where only the program can read it:", err=True)
    click.echo(text)
