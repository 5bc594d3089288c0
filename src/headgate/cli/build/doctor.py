"""``headgate build doctor``."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from headgate.cli.options import config_path
from headgate.cli.output import json_option, plain, show_json
from headgate.errors import ConfigError, HeadgateError

if TYPE_CHECKING:
    from headgate.builds.finding import Finding
    from headgate.config.settings import Settings


@click.command()
@click.option("--repository", multiple=True, help="Also try to fetch this one: FORGE:OWNER/NAME. May be given again.")
@json_option
def doctor(repository: tuple[str, ...], *, as_json: bool) -> None:
    """Try everything that builds need, and say what is wrong; exit with 1 if anything is.

    A job that does nothing is submitted for each target, held, and cancelled at once. Run it as Headgate's account.
    """
    from headgate.service.wiring import load_settings

    settings = load_settings(config_path())
    if not settings.builds.forges:
        raise ConfigError("there is no [builds.forges.NAME]: nothing is built")
    findings = asyncio.run(_examined(settings, repository))
    if as_json:
        show_json([asdict(one) for one in findings])
    else:
        for one in findings:
            click.echo(plain(f"{'ok' if one.good else 'WRONG':5}  {one.what}: {one.says}"))
    sys.exit(0 if all(one.good for one in findings) else 1)


async def _examined(settings: Settings, names: tuple[str, ...]) -> list[Finding]:
    from headgate.builds.doctor import diagnose
    from headgate.builds.finding import Finding
    from headgate.model.pull_request import Repository
    from headgate.service import builds
    from headgate.service.forges import make_forges
    from headgate.service.wiring import make_clusters

    try:
        builds.check(settings)
        cluster = builds.cluster_of(settings.builds, make_clusters(settings))
        builds.repos_of(settings.builds.repos_dir)
        forges = make_forges(settings.builds)
    except HeadgateError as error:
        return [Finding("settings", False, error.message)]
    wanted = [Repository(*name.split(":", 1)) for name in names if ":" in name]
    try:
        async with builds.build_cluster(settings, cluster) as way:
            return [one async for one in diagnose(settings.builds, way, forges, wanted)]
    except HeadgateError as error:
        return [Finding("cluster", False, error.message)]
    finally:
        for forge in forges.values():
            await forge.aclose()
