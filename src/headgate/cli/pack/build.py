"""``headgate pack build``."""

from __future__ import annotations

from pathlib import Path

import click

from headgate.cli.output import json_option, plain, show_json


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def build(directory: Path, *, as_json: bool) -> None:
    """Write the pack "slurm" into DIRECTORY, for StackStorm to install.

    DIRECTORY is new, empty, or a pack that was built before: that is replaced if nobody changed it since. Its actions
    ask Headgate's API; none of them knows Slurm.
    """
    from headgate.pack.build import build as write

    written = write(directory)
    if as_json:
        show_json({"directory": str(directory), "files": written})
        return
    click.echo(f"Wrote {len(written)} files to {plain(directory)}. What to do with them is in its README.md.")
