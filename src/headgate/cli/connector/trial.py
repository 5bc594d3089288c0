"""``headgate connector test``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headgate.cli.connector.configured import configured_one
from headgate.cli.output import json_option, plain, show_json

if TYPE_CHECKING:
    from headgate.notify.connector import Connector

_SAMPLES = ("failed", "succeeded", "started", "warning", "array", "digest")


@click.command("test")
@click.argument("name")
@click.argument("target")
@click.option(
    "--sample",
    "samples",
    type=click.Choice(_SAMPLES),
    multiple=True,
    default=_SAMPLES,
    help="Which sample to send; may be given again for more. Without it, one of each kind.",
)
@click.option(
    "--render",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Send nothing; write what would be sent, and a page that shows it, into this directory.",
)
@json_option
def trial(name: str, target: str, samples: tuple[str, ...], directory: Path | None, *, as_json: bool) -> None:
    """Send samples through connector NAME to TARGET, at once and without the queue.

    The exit status is 1 if one was not taken.
    """
    from headgate.connectors.registry import kind_named
    from headgate.service import logs

    logs.configure(level="warning")
    settings = configured_one(name)
    connector = kind_named(settings.kind).make(name, settings)
    if directory is not None:
        written = _written(asyncio.run(_render(connector, target, samples)), directory)
        if as_json:
            show_json([str(path) for path in written])
        else:
            click.echo("\n".join(plain(path) for path in written))
        return
    told = asyncio.run(_send(connector, target, samples))
    if as_json:
        show_json(told)
    else:
        for one in told:
            more = f" ({one['reason']})" if one["reason"] else ""
            told_to = f"sample '{one['sample']}' to {plain(one['target'])}"
            click.echo(f"{told_to}: {one['outcome']}{more} {plain(one['detail'])}".rstrip())
    sys.exit(0 if all(one["outcome"] == "delivered" for one in told) else 1)


async def _send(connector: Connector, target: str, samples: tuple[str, ...]) -> list[dict[str, Any]]:
    """Send the samples one after the other. Raises RecipientError for a target that is not taken."""
    from headgate.connectors.trial import send

    try:
        return [asdict(await send(connector, target, sample)) for sample in samples]
    finally:
        await connector.aclose()


def _written(files: Mapping[str, bytes], directory: Path) -> list[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    paths = {directory / name.replace("/", "_"): content for name, content in files.items()}
    for path, content in paths.items():
        path.write_bytes(content)
    return list(paths)


async def _render(connector: Connector, target: str, samples: tuple[str, ...]) -> dict[str, bytes]:
    """Return what the samples become: file name -> content.

    Raises RecipientError, or ConnectorError for a connector that cannot show it.
    """
    from headgate.connectors.samples import SAMPLES
    from headgate.connectors.trial import shown as shown_by

    try:
        files: dict[str, bytes] = {}
        for sample in samples:
            shown = shown_by(connector, target, SAMPLES[sample], f"test-{sample}")
            files[f"{sample}{shown.suffix}"] = shown.payload.encode()
            if shown.html:
                files[f"{sample}.html"] = shown.html.encode()
            files |= {f"{sample}-{name}": png for name, png in shown.pictures.items()}
        return files
    finally:
        await connector.aclose()
