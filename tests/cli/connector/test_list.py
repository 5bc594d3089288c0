from __future__ import annotations

import json

from tests.cli.connector.conftest import Run


async def test_connectors_are_listed_by_name(run: Run) -> None:
    done = await run("list")
    assert done.status == 0
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["NAME", "KIND"],
        ["hook", "webhook"],
        ["mailto", "mailto"],
    ]
    assert "2.5" in done.out


async def test_programs_get_json_without_secrets(run: Run) -> None:
    done = await run("list", "--json")
    hook, mailto = json.loads(done.out)
    assert (hook["name"], hook["default"], hook["rate"]) == ("hook", False, 2.5)
    assert (mailto["name"], mailto["default"]) == ("mailto", True)
    assert "a-token" not in done.out
    assert "a-pass-word" not in done.out
