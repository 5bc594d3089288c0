"""``headgate api``."""

from __future__ import annotations

import click

from headgate.cli.output import show_json


@click.group("api")
def group() -> None:
    """See the REST API's specification."""


@group.command("openapi")
def openapi() -> None:
    """Print the API's specification (OpenAPI, JSON)."""
    from headgate.web.api.application import make_api

    show_json(make_api(lambda: None).openapi())
