from __future__ import annotations

import json

from tests.cli.connector.conftest import Run


async def test_the_settings_in_force_are_shown_with_secrets_masked(run: Run) -> None:
    done = await run("show", "mailto")
    assert done.status == 0
    shown = dict(line.split(maxsplit=1) for line in done.out.splitlines())
    assert shown["from_address"] == '"slurm@example.org"'
    assert shown["concurrency"] == "2"
    assert shown["password"] == '"**********"'


async def test_programs_get_json(run: Run) -> None:
    shown = json.loads((await run("show", "hook", "--json")).out)
    assert shown["endpoints"] == {"ops": {"url": "**********", "secret": None, "headers": {}}}


async def test_an_unknown_connector_is_named_with_those_there_are(run: Run) -> None:
    done = await run("show", "mailt")
    assert done.status == 1
    assert done.err == "headgate: there is no connector mailt; configured: hook, mailto\n"
