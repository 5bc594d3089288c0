"""``headgate app token``."""

from __future__ import annotations

from collections.abc import Sequence

import click

from headgate.cli.app.apps import TOKEN_COLUMNS, Done, show_token, token_json, token_row, with_apps
from headgate.cli.output import json_option, show_json, show_table
from headgate.gateway.apps import Apps
from headgate.model.app import AppToken


@click.group("token")
def token() -> None:
    """Tokens of an app."""


@token.command("add")
@click.argument("app")
@click.argument("name")
@click.option("--user", help="The only user it may act for.")
@click.option("--lifetime", type=click.FloatRange(min=1), help="Seconds for which it is good; without it, for ever.")
def add(app: str, name: str, user: str | None, lifetime: float | None) -> None:
    """Make a token called NAME of APP; it is shown only now."""

    async def work(apps: Apps) -> str:
        _, text = await apps.give_token(await apps.named(app), name, user=user, lifetime=lifetime)
        return text

    show_token(with_apps(work, Done("create token", f"app {app}", name)))


@token.command("list")
@click.argument("app")
@json_option
def list_(app: str, *, as_json: bool) -> None:
    """List what is kept of the tokens of APP."""

    async def work(apps: Apps) -> Sequence[AppToken]:
        return await apps.tokens(await apps.named(app))

    found = with_apps(work)
    if as_json:
        show_json([token_json(one) for one in found])
    else:
        show_table(TOKEN_COLUMNS, [token_row(one) for one in found], empty="It has none.")


@token.command("revoke")
@click.argument("app")
@click.argument("token_id", metavar="ID")
def revoke(app: str, token_id: str) -> None:
    """End a token of APP. Services that run notice it within seconds."""

    async def work(apps: Apps) -> None:
        await apps.revoke(await apps.named(app), token_id)

    with_apps(work, Done("revoke token", f"app {app}", token_id))


@token.command("rotate")
@click.argument("app")
@click.argument("name")
@click.option("--grace", type=click.FloatRange(min=0), default=0.0, help="Seconds for which the others are good still.")
def rotate(app: str, name: str, grace: float) -> None:
    """Make a token called NAME of APP, and let all its others end."""

    async def work(apps: Apps) -> str:
        _, text = await apps.rotate(await apps.named(app), name, grace=grace)
        return text

    show_token(with_apps(work, Done("rotate tokens", f"app {app}", name)))
