"""``headgate app import``."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Annotated

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from headgate.cli.app.apps import Done
from headgate.cli.options import opened_store
from headgate.errors import HeadgateError
from headgate.model.app import App, AppName, AppRules, AppToken
from headgate.store import apps as queries

_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


class _App(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: AppName
    id: Annotated[str, Field(pattern=_UUID)]
    token_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rules: AppRules = AppRules()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    apps: list[_App] = Field(max_length=10_000)


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--any-user", is_flag=True, help="Let them act for everybody, as in Slurmer.")
def import_(file: Path, *, any_user: bool) -> None:
    """Take over the apps in FILE, as `headgate config convert slurmer --apps FILE` writes it. All of them, or none.

    Their old tokens go on working. Without --any-user they act for nobody until `headgate app change`.
    """
    try:
        given = _File.model_validate_json(file.read_bytes())
    except OSError as error:
        raise HeadgateError(f"{file} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise HeadgateError(f"{file}: {where}: {first['msg']}") from error

    def work(connection: Connection) -> None:
        for one in given.apps:
            _take_over(connection, one, any_user=any_user)
            Done("create app", f"app {one.name}", "imported").record(connection)

    with opened_store() as store:
        store.write_now(work)
    click.echo(f"{len(given.apps)} apps were taken over.", err=True)


def _take_over(connection: Connection, one: _App, *, any_user: bool) -> None:
    rules = AppRules(any_user=True) if any_user else one.rules
    app = App(str(uuid.UUID(one.id)), one.name, rules, time.time())
    if not queries.add(connection, app):
        raise HeadgateError(f"there is an app {one.name}, or one with its id, already; nothing was taken over")
    token = AppToken(str(uuid.uuid4()), app.id, "imported", None, time.time(), None, None)
    if not queries.add_token(connection, token, one.token_sha256):
        raise HeadgateError(f"the token of {one.name} is another app's already; nothing was taken over")
