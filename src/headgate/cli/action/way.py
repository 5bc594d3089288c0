"""How an action is run from the command line: by oneself, or by the service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from headgate.cli.account import account
from headgate.cli.me.service import ask
from headgate.cli.options import config_path, opened_store
from headgate.config.load import DEFAULT_PATH, PATH_VARIABLE
from headgate.model.event import JSON


def runs_here() -> bool:
    """Whether whoever runs this has the configuration to do it by themselves."""
    chosen = config_path() is not None or bool(os.environ.get(PATH_VARIABLE))
    return chosen or os.geteuid() == 0 or os.access(DEFAULT_PATH, os.R_OK)


def run_here(name: str, given: Mapping[str, JSON], *, why: str, dry_run: bool) -> dict[str, Any]:
    """Run an action in this process. Raises HeadgateError."""
    from headgate.actions.caller import on_command_line
    from headgate.notify.notices import Notices
    from headgate.service.actions import make_desk
    from headgate.service.wiring import addressing_of, load_settings, make_connectors

    settings = load_settings(config_path())
    addressing = {connector: addressing_of(own) for connector, own in settings.connectors.items()}
    with opened_store(settings) as store:

        async def work() -> dict[str, Any]:
            connectors = make_connectors(settings)
            try:
                desk = make_desk(settings, store, Notices(connectors, addressing))
                result = await desk.actions.run(name, given, on_command_line(account()), why=why, dry_run=dry_run)
                return result.as_json()
            finally:
                for connector in connectors.values():
                    await connector.aclose()

        return asyncio.run(work())


def run_by_service(name: str, given: Mapping[str, JSON], *, why: str, dry_run: bool) -> dict[str, Any]:
    """Have the service run an action. Raises HeadgateError with what it says."""
    body = {"parameters": dict(given), "why": why, "dry_run": dry_run}
    answer: dict[str, Any] = ask("POST", "/actions", name, body=body, patience=None)
    return answer
