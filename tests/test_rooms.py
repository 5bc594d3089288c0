from __future__ import annotations

import ast
from pathlib import Path

import pytest

import headgate

HOUSE = Path(headgate.__file__).parent
ROOMS = [
    "errors",
    "model",
    "telemetry",
    "client",
    "config",
    "store",
    "slurm",
    "executor",
    "events",
    "notify",
    "bots",
    "connectors",
    "actions",
    "rules",
    "pack",
    "gateway",
    "builds",
    "web",
    "service",
    "cli",
]
TESTING_MAY_USE = {
    "errors", "model", "config", "slurm", "executor", "events", "notify", "bots", "connectors", "testing"
}  # fmt: skip
STANDS_ALONE = {
    HOUSE / "events" / "sources" / "mail" / "headgate_mailprog.py": {"posix", "sys", "time", "__future__"},
    HOUSE / "events" / "sources" / "push" / "headgate_trigger.py": {"_socket", "posix", "sys"},
}


def imported_rooms(source: Path) -> set[str]:
    tree = ast.parse(source.read_text())
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("headgate.relative-import")
    return {name.split(".")[1] for name in names if name.startswith("headgate.")}


def rooms() -> list[tuple[str, Path]]:
    found = [(source.relative_to(HOUSE).parts[0].removesuffix(".py"), source) for source in HOUSE.rglob("*.py")]
    return [(room, source) for room, source in found if room != "__init__"]


def test_every_room_imports_only_from_the_rooms_below_it() -> None:
    wrong = []
    for room, source in rooms():
        allowed = TESTING_MAY_USE if room == "testing" else set(ROOMS[: ROOMS.index(room) + 1]) | {"__version__"}
        wrong += [f"{source.relative_to(HOUSE)} imports {other}" for other in imported_rooms(source) - allowed]
    assert wrong == []


def test_every_room_is_in_the_list() -> None:
    assert {room for room, _ in rooms()} <= {*ROOMS, "testing"}


def test_only_one_module_starts_slurms_processes() -> None:
    starters = {
        str(source.relative_to(HOUSE))
        for room, source in rooms()
        if room != "testing" and "create_subprocess" in source.read_text()
    }
    assert starters <= {
        "slurm/process.py",
        "connectors/mailto/command.py",
        "connectors/apprise/workers.py",
        "executor/self_.py",
    }


@pytest.mark.parametrize("program", STANDS_ALONE, ids=lambda path: path.stem)
def test_a_program_that_slurm_starts_imports_nothing_that_is_not_built_in(program: Path) -> None:
    tree = ast.parse(program.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= STANDS_ALONE[program]


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "constants.py", "misc.py", "manager.py"}
    assert [source for _, source in rooms() if source.name in vague] == []
