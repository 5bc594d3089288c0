"""``headgate backup`` and ``headgate restore``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from headgate.cli.options import config_path, opened_store
from headgate.cli.output import json_option, plain, show_json

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@_file
@json_option
def backup(file: Path, *, as_json: bool) -> None:
    """Write all that the store holds into a new FILE; the service may go on.

    FILE is readable for its owner only. It does not hold the configuration, the mails in the spool and the files of
    submissions: those are files already.
    """
    from headgate.store.copying import back_up

    with opened_store() as store:
        _tell(back_up(store, file.absolute()), f"{plain(file)} holds", as_json=as_json)


@click.command()
@_file
@click.option("--replace", is_flag=True, help="Give up what the store holds now.")
@json_option
def restore(file: Path, *, replace: bool, as_json: bool) -> None:
    """Fill the store with what the backup in FILE holds. The service must be stopped.

    The backup may come from an older Headgate, and from a store of the other kind: SQLite and PostgreSQL take each
    other's. What was owed when it was made, and told since, will be told again.
    """
    from headgate.service.wiring import load_settings, open_store
    from headgate.store.copying import restore as fill

    store = open_store(load_settings(config_path()))
    try:
        _tell(fill(file.absolute(), store, replace=replace), "The store holds", as_json=as_json)
    finally:
        store.close()


def _tell(rows: Mapping[str, int], what: str, *, as_json: bool) -> None:
    if as_json:
        show_json(dict(rows))
        return
    shown = ", ".join(f"{rows[name]} {name}" for name in ("events", "deliveries", "submissions", "executions"))
    click.echo(f"{what} {shown}; {sum(rows.values())} rows in all.")
