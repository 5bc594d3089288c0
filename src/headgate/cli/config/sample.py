"""``headgate config sample``."""

from __future__ import annotations

import click


@click.command()
def sample() -> None:
    """Write a configuration file to begin with, every setting commented out."""
    from headgate.config.sample import sample as sample_text
    from headgate.connectors.registry import kinds, settings_of

    click.echo(sample_text({kind: settings_of(kind) for kind in kinds()}), nl=False)
