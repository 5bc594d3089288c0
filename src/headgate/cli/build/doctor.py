"""``headgate build doctor``."""

from __future__ import annotations

import asyncio
import sys

import click

from headgate.cli.findings import show
from headgate.cli.options import config_path
from headgate.cli.output import json_option, show_json
from headgate.errors import ConfigError


@click.command()
@click.option("--repository", multiple=True, help="Also try to fetch this one: FORGE:OWNER/NAME. May be given again.")
@json_option
def doctor(repository: tuple[str, ...], *, as_json: bool) -> None:
    """Try everything that builds need, and say what is wrong; exit with 1 if anything is.

    A job that does nothing is submitted for each target, held, and cancelled at once. Run it as Headgate's account.
    """
    from headgate.model.pull_request import Repository
    from headgate.service.doctor.builds import try_all
    from headgate.service.wiring import load_settings

    settings = load_settings(config_path())
    if not settings.builds.forges:
        raise ConfigError("there is no [builds.forges.NAME]: nothing is built")
    wanted = [Repository(*name.split(":", 1)) for name in repository if ":" in name]
    found = asyncio.run(try_all(settings, wanted, submit=True))
    if as_json:
        show_json([one.as_json() for one in found])
    else:
        show(found)
    sys.exit(0 if all(one.good for one in found) else 1)
