from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from headgate.actions.catalogue import CATALOGUE
from headgate.actions.command import words
from headgate.actions.context import Context
from headgate.actions.refusals import ActionError, NotPermittedError, ParametersError
from headgate.actions.registry import Actions, Result
from headgate.config.actions import ActionSettings, CommandSettings
from headgate.model.event import JSON
from headgate.model.role import Role
from headgate.store import audit
from headgate.store.audit import AuditFilter
from headgate.store.store import Store
from tests.actions.made import painter

HOSTILE = "n1; touch /tmp/x $(id) `id` | 'quoted' \"\\\n"
NODE: dict[str, Any] = {"node": {}}


def settings(**commands: dict[str, Any]) -> ActionSettings:
    return ActionSettings.model_validate({"commands": commands})


async def run(
    store: Store, command: dict[str, Any], role: Role = Role.OPERATOR, *, dry_run: bool = False, **arguments: JSON
) -> Result:
    actions = Actions(Context(store, settings=settings(check=command)), CATALOGUE)
    asked: dict[str, JSON] = {"command": "check", "arguments": arguments}
    return await actions.run("command.run", asked, painter(role), dry_run=dry_run)


def gone(pid: str) -> bool:
    """Whether a process has ended, or waits only for its parent to take note."""
    status = Path(f"/proc/{pid}/status")
    return not status.exists() or "State:\tZ" in status.read_text()


def there(file: Path) -> bool:
    return file.exists()


def result_of(result: Result) -> dict[str, JSON]:
    assert isinstance(result.result, dict)
    return result.result


async def test_a_named_command_runs_with_its_parameters_as_words(store: Store) -> None:
    command = {"argv": ["/usr/bin/printf", "%s|", "{node}", "on"], "parameters": NODE}
    result = await run(store, command, node="n1")
    assert result.ok
    assert result_of(result) == {
        "argv": ["/usr/bin/printf", "%s|", "n1", "on"],
        "status": 0,
        "output": "n1|on|",
        "errors": "",
    }
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert (entry.action, entry.subject) == ("command.run", 'command=check arguments={"node": "n1"}')


async def test_no_shell_reads_what_a_parameter_holds(store: Store) -> None:
    hostile = HOSTILE.replace("\n", "")
    command = {"argv": ["/usr/bin/printf", "%s", "{note}"], "parameters": {"note": {"type": "text"}}}
    assert result_of(await run(store, command, note=hostile))["output"] == hostile


async def test_its_environment_is_small_and_set(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADGATE_SECRET", "sesame")
    command = {"argv": ["/usr/bin/env"], "environment": {"RACK": "4"}}
    lines = str(result_of(await run(store, command))["output"]).splitlines()
    assert sorted(line.partition("=")[0] for line in lines) == ["LC_ALL", "PATH", "RACK"]


async def test_a_status_that_is_no_success_is_a_failure_with_what_it_said(store: Store) -> None:
    result = await run(store, {"argv": ["/bin/sh", "-c", "echo said; echo sorry >&2; exit 3"]})
    assert (result.ok, result.partly, result.error) == (False, False, "the command check ended with status 3")
    assert result_of(result)["output"] == "said\n"
    assert result_of(result)["errors"] == "sorry\n"
    [entry] = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert entry.outcome == "failed"


async def test_other_statuses_may_be_named_a_success(store: Store) -> None:
    assert (await run(store, {"argv": ["/bin/sh", "-c", "exit 3"], "success": [0, 3]})).ok


async def test_a_command_that_takes_too_long_is_killed_with_all_it_started(store: Store, tmp_path: Path) -> None:
    child = tmp_path / "child"
    script = f"sleep 600 & echo $! >{child}; wait"
    with pytest.raises(ActionError, match="did not answer within 2 s"):
        await run(store, {"argv": ["/bin/sh", "-c", script], "timeout": 2})
    assert gone(child.read_text().strip())


async def test_a_command_that_prints_too_much_is_killed(store: Store) -> None:
    with pytest.raises(ActionError, match="more than 1000 bytes"):
        await run(store, {"argv": ["/usr/bin/yes"], "most_bytes": 1000})


async def test_a_program_that_is_not_there_is_a_failure(store: Store) -> None:
    with pytest.raises(ActionError, match="/nonexistent cannot be started"):
        await run(store, {"argv": ["/nonexistent"]})


async def test_a_dry_run_says_what_would_be_run(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "made"
    result = await run(store, {"argv": ["/usr/bin/touch", str(file)]}, dry_run=True)
    assert result_of(result)["argv"] == ["/usr/bin/touch", str(file)]
    assert result_of(result)["status"] is None
    assert not there(file)


async def test_a_command_may_take_more_than_the_operators_role(store: Store) -> None:
    command = {"argv": ["/bin/true"], "role": "admin"}
    with pytest.raises(NotPermittedError, match="takes the role admin"):
        await run(store, command)
    assert (await run(store, command, Role.ADMIN)).ok
    entries = await store.read(lambda c: audit.find(c, AuditFilter(), limit=9))
    assert [entry.outcome for entry in entries] == ["refused", "done"]


async def test_a_command_nobody_named_is_refused(store: Store) -> None:
    with pytest.raises(ParametersError, match="there is no command 'other'; configured: check"):
        await Actions(Context(store, settings=settings(check={"argv": ["/bin/true"]}))).run(
            "command.run", {"command": "other"}, painter()
        )


@pytest.mark.parametrize(
    ("own", "given", "word"),
    [
        ({}, "n1", "n1"),
        ({}, "/scratch/a=b", "/scratch/a=b"),
        ({}, 7, "7"),
        ({"type": "integer"}, 7, "7"),
        ({"type": "integer"}, "-7", "-7"),
        ({"type": "text"}, "two words", "two words"),
        ({"choices": ["-x", "on"]}, "-x", "-x"),
        ({"default": "off"}, None, "off"),
        ({"pattern": "n[0-9]+"}, "n12", "n12"),
    ],
)
def test_a_parameter_of_its_type_becomes_a_word(own: dict[str, Any], given: str | int | None, word: str) -> None:
    command = CommandSettings.model_validate({"argv": ["/bin/x", "{node}"], "parameters": {"node": own}})
    assert words(command, {} if given is None else {"node": given}) == ("/bin/x", word)


@pytest.mark.parametrize(
    ("own", "given"),
    [
        ({}, None),
        ({}, ""),
        ({}, "-rf"),
        ({}, "two words"),
        ({}, "n1\n"),
        ({}, "n1;id"),
        ({}, "x" * 1001),
        ({"type": "integer"}, "7.0"),
        ({"type": "integer"}, "0x7"),
        ({"type": "text"}, "-option"),
        ({"type": "text"}, "two\nlines"),
        ({"type": "text"}, "null\0"),
        ({"type": "text"}, ""),
        ({"choices": ["on", "off"]}, "reset"),
        ({"pattern": "n[0-9]+"}, "n12x"),
        ({"pattern": "n[0-9]+"}, "n12\n"),
    ],
)
def test_a_parameter_that_is_not_of_its_type_is_refused_without_being_shown(
    own: dict[str, Any], given: str | None
) -> None:
    command = CommandSettings.model_validate({"argv": ["/bin/x", "{node}"], "parameters": {"node": own}})
    with pytest.raises(ParametersError, match="parameter node") as raised:
        words(command, {} if given is None else {"node": given})
    assert not given or given not in raised.value.message


def test_an_unknown_parameter_is_refused() -> None:
    command = CommandSettings.model_validate({"argv": ["/bin/x", "{node}"], "parameters": NODE})
    with pytest.raises(ParametersError, match="no parameter 'nodes'; it has: node"):
        words(command, {"node": "n1", "nodes": "n2"})


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"argv": ["true"]}, "absolute path"),
        ({"argv": ["/bin/{node}"], "parameters": NODE}, "absolute path"),
        ({"argv": ["/bin/x", "--node={node}"], "parameters": NODE}, "a word of its own"),
        ({"argv": ["/bin/x", "{node}"]}, "the parameter node"),
        ({"argv": ["/bin/x"], "parameters": NODE}, "the parameter node"),
        ({"argv": ["/bin/x", "a\0b"]}, "null characters"),
        ({"argv": []}, "at least 1 item"),
    ],
)
def test_a_command_that_could_be_misread_is_no_configuration(command: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CommandSettings.model_validate(command)
