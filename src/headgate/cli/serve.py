"""``headgate serve``."""

from __future__ import annotations

import asyncio

import click

from headgate.cli.options import config_path


@click.command()
def serve() -> None:
    """Run the service, until SIGTERM. SIGHUP reads the configuration again."""
    from headgate.service import logs
    from headgate.service.serve import serve as run

    logs.configure()
    asyncio.run(run(config_path()))
