"""How what takes a role is done from the command line: by oneself, or by the service, which knows who has one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from headgate.cli.account import account
from headgate.cli.me.service import DEFAULT_SOCKET, ask
from headgate.cli.options import config_path, opened_store
from headgate.config.load import DEFAULT_PATH, PATH_VARIABLE
from headgate.model.event import JSON

C = TypeVar("C", bound=Callable[..., Any])


def socket_option(command: C) -> C:
    """Give a command the option that has the service do it."""
    return click.option(
        "--socket",
        type=click.Path(path_type=Path),
        envvar="HEADGATE_SOCKET",
        help="Have the service do it, which listens there; also $HEADGATE_SOCKET. "
        f"[default: {DEFAULT_SOCKET} for those who may not read the configuration]",
    )(command)


def is_done_here(socket: Path | None) -> bool:
    """Say whether this process does it by itself. If not, ``ask`` asks the service, on that socket."""
    if socket is None and runs_here():
        return True
    click.get_current_context().obj = socket or DEFAULT_SOCKET
    return False


def runs_here() -> bool:
    """Whether whoever runs this has the configuration to do it by themselves."""
    chosen = config_path() is not None or bool(os.environ.get(PATH_VARIABLE))
    return chosen or os.geteuid() == 0 or os.access(DEFAULT_PATH, os.R_OK)


def run(
    name: str, given: Mapping[str, JSON], *, why: str, dry_run: bool, socket: Path | None, cluster: str = ""
) -> dict[str, Any]:
    """Run an action, here or by the service. Raises HeadgateError."""
    if is_done_here(socket):
        return run_here(name, given, why=why, dry_run=dry_run, cluster=cluster)
    return run_by_service(name, given, why=why, dry_run=dry_run, cluster=cluster)


def run_here(name: str, given: Mapping[str, JSON], *, why: str, dry_run: bool, cluster: str) -> dict[str, Any]:
    """Run an action in this process. Raises HeadgateError."""
    from headgate.actions.caller import on_command_line
    from headgate.notify.notices import Notices
    from headgate.service.actions import make_desk
    from headgate.service.messages import addressing_of
    from headgate.service.wiring import load_settings, make_connectors

    settings = load_settings(config_path())
    addressing = {connector: addressing_of(own) for connector, own in settings.connectors.items()}
    with opened_store(settings) as store:

        async def work() -> dict[str, Any]:
            connectors = make_connectors(settings)
            try:
                desk = make_desk(settings, store, Notices(connectors, addressing))
                caller = on_command_line(account())
                result = await desk.actions.run(name, given, caller, why=why, dry_run=dry_run, cluster=cluster)
                return result.as_json()
            finally:
                for connector in connectors.values():
                    await connector.aclose()

        return asyncio.run(work())


def run_by_service(name: str, given: Mapping[str, JSON], *, why: str, dry_run: bool, cluster: str) -> dict[str, Any]:
    """Have the service run an action. Raises HeadgateError with what it says."""
    body = {"parameters": dict(given), "why": why, "dry_run": dry_run} | ({"cluster": cluster} if cluster else {})
    answer: dict[str, Any] = ask("POST", "/actions", name, body=body, patience=None)
    return answer
