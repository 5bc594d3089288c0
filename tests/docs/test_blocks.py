"""Every block of code on hand-written pages is of a language that is tried: parsed, compiled, or run elsewhere."""

from __future__ import annotations

import ast
import configparser
import importlib
import importlib.util
import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
import yaml

from headgate.builds.grammar import Misspelt, parse
from headgate.rules.files import load
from tests.docs.pages import ROOT, Block, all_blocks, blocks, has_runs, pages, steps

SHELL = ("sh", "console", "bash", "shell")
TRIED = {*SHELL, "toml", "json", "yaml", "python", "ini", "jinja", "sql"}
SHOWN = {"text", "nginx"}
"""What is printed by something, or read by another program: shown, not tried."""


def of(*languages: str) -> list[Block]:
    return all_blocks(*languages)


def each(*languages: str) -> pytest.MarkDecorator:
    """Run a test for every block of these languages."""
    found = of(*languages)
    return pytest.mark.parametrize("block", found, ids=[one.place for one in found])


KINDS = {"runnable", "run", "compared", "not run", "only shown"}
_NAMED = re.compile(r"\btests/[\w/]+(?:\.py)?")


def compared(page: Path) -> set[int]:
    """Return the lines of the texts that a walk compares with what the block before them printed."""
    todo = steps(page)
    return {
        after.line
        for before, after in itertools.pairwise(todo)
        if isinstance(before, Block) and isinstance(after, Block) and before.kind == "run" and after.language == "text"
    }


@pytest.mark.parametrize("page", pages(), ids=[str(page.relative_to(ROOT)) for page in pages()])
def test_every_command_program_and_output_is_run_or_says_why_not(page: Path) -> None:
    held = compared(page)
    for block in blocks(page):
        assert block.kind in KINDS | {""}, f"{block.place}: no mark is called {block.kind!r}"
        if block.language in (*SHELL, "python", "jinja", "sql"):
            assert block.kind in {"run", "runnable", "not run"}, f"{block.place} is not run and does not say why"
        elif block.language == "text" and block.line not in held:
            assert block.kind in {"compared", "only shown"}, f"{block.place} is compared with nothing"
        assert not block.kind or block.about, f"{block.place} does not say why"


def test_a_reason_names_tests_that_are_there() -> None:
    named = {name for page in pages() for block in blocks(page) for name in _NAMED.findall(block.about)}
    assert len(named) > 10
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_name_of_a_block_is_used_by_a_test() -> None:
    code = "".join(path.read_text() for path in (ROOT / "tests" / "docs").glob("*.py"))
    names = [block.name for page in pages() for block in blocks(page) if block.name]
    assert len(names) == len(set(names)) > 5
    assert [name for name in names if f'"{name}"' not in code and f"'{name}'" not in code] == []


def test_every_tutorial_that_has_something_to_run_is_walked() -> None:
    code = "".join((ROOT / "tests" / "docs" / name).read_text() for name in ("played.py", "test_walks.py"))
    wanted = {page.name for page in pages() if page.parent.name == "tutorial" and has_runs(page)}
    assert len(wanted) == 4
    assert [name for name in wanted if f'"{name}"' not in code] == []


def test_every_block_says_its_language_and_none_is_of_one_that_nobody_tries() -> None:
    wrong = [one.place for page in pages() for one in blocks(page) if one.language not in TRIED | SHOWN]
    assert wrong == []


@each("json")
def test_json_can_be_read(block: Block) -> None:
    json.loads(block.text.replace("…", ""))


@each("yaml")
def test_yaml_can_be_read_and_a_rule_is_one(block: Block, tmp_path: Path) -> None:
    read = yaml.safe_load(block.text)
    assert isinstance(read, dict)
    if "trigger" in read:
        (tmp_path / "shown.yaml").write_text(block.text)
        loaded = load(tmp_path, library=None)
        assert [str(problem) for problem in loaded.problems] == []
        assert len(loaded.rules) == 1


@each("ini")
def test_an_ini_file_can_be_read(block: Block) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(block.text)
    assert parser.sections()


@each("jinja")
def test_a_template_can_be_compiled(block: Block) -> None:
    jinja2.Environment(autoescape=True).parse(block.text)


def test_shell_lines_are_such_as_a_shell_takes() -> None:
    wrong = []
    for block in of(*SHELL):
        done = subprocess.run(["/bin/bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
        if done.returncode:
            wrong.append(f"{block.place}: {done.stderr}")
    assert wrong == []


@each("python")
def test_a_program_compiles_and_finds_what_it_imports(block: Block) -> None:
    tree = ast.parse(block.text)
    for module, name in imports(tree):
        found = importlib.import_module(module)
        assert name is None or hasattr(found, name) or importlib.util.find_spec(f"{module}.{name}"), (module, name)


COMMANDS = [(block.place, line) for block in of("text") for line in block.text.splitlines() if line.startswith("bot: ")]


def test_commands_in_pull_requests_are_such_as_the_bot_takes() -> None:
    assert len(COMMANDS) > 5
    wrong = []
    for place, line in COMMANDS:
        found = parse(line)
        if len(found) != 1 or isinstance(found[0].command, Misspelt):
            wrong.append(f"{place}: {line}")
    assert wrong == []


def imports(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield (module, name) of everything that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from ((node.module, alias.name) for alias in node.names)
