"""``headgate job``: jobs by the gateway, from anywhere that reaches it."""

from __future__ import annotations

import click

from headgate.cli.job.change import cancel, delete, hold, release, requeue, start, update
from headgate.cli.job.files import files, get, put
from headgate.cli.job.show import list_, output, show, watch
from headgate.cli.job.submit import submit


@click.group("job")
@click.option("--url", envvar="HEADGATE_URL", help="The gateway's address. [default: $HEADGATE_URL]")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False),
    envvar="HEADGATE_TOKEN_FILE",
    help="File with the app's token. [default: $HEADGATE_TOKEN_FILE, or the token in $HEADGATE_TOKEN]",
)
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False),
    envvar="HEADGATE_CA_FILE",
    help="File with the certificates that are believed, where the system's are not the right ones. "
    "[default: $HEADGATE_CA_FILE]",
)
@click.option("--user", envvar="HEADGATE_USER", help="Whose jobs. [default: $HEADGATE_USER]")
@click.pass_context
def group(
    context: click.Context, url: str | None, token_file: str | None, ca_file: str | None, user: str | None
) -> None:
    """Submit, watch, stop and fetch jobs by the gateway's API."""
    context.meta["headgate.job"] = (url, token_file, ca_file, user)


for _command in (submit, list_, show, watch, output, start, cancel, delete, hold, release, requeue, update):
    group.add_command(_command)
for _command in (files, get, put):
    group.add_command(_command)
