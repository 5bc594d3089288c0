"""What hand-written pages say can be done: commands exist, configurations are read, code runs, links lead somewhere."""

from __future__ import annotations

import functools
import itertools
import re
import shlex
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from headgate.cli.main import headgate
from headgate.config.check import check
from headgate.connectors.kind import ConnectorKind
from headgate.connectors.registry import kinds, settings_of
from headgate.connectors.webhook.payload import sign
from headgate.errors import RecipientError
from headgate.model.message import Message, Outcome
from headgate.notify.connector import Connector, Delivered, Envelope, GiveUp
from scripts.reference import PAGES
from tests.docs.pages import DOCS, GENERATED, ROOT, Block, all_blocks, code_in_lines, links, pages, runnable

_SHELL = ("sh", "console", "bash", "shell")
_WORDS_THAT_STAND_FOR_SOMETHING = {"COMMAND", "NOUN", "VERB", "…"}
_FILE = re.compile(r"(?:[a-z]\w*/)+\w+\.(?:py|md|toml|txt|service)")
_FORM = re.compile(r"[A-Z]{2,}")
"""What stands for something else in a path."""
_ASSIGNMENT = re.compile(r"\w+=")
_DEV = {"demo", "test", "cluster", "run", "lint", "docs", "pictures", "bench", "faults", "format", "setup", "lock"}
_DEV |= {"package"}
_SECRET = re.compile(r'\b(?P<key>\w+)_(?:file|credential) = "(?P<value>[^"]+)"')


def _command_lines() -> Iterator[tuple[str, list[str]]]:
    """Yield every ``headgate …`` command line, with where it stands."""
    for block in all_blocks(*_SHELL):
        for number, line in enumerate(block.text.replace("\\\n", " ").splitlines(), 1):
            for words in _simple_commands(line):
                if words[0] == "headgate":
                    yield f"{block.page.relative_to(ROOT)}:{block.line + number}", words
    for page in pages():
        for number, code in code_in_lines(page):
            if code.startswith("headgate ") and "\n" not in code:
                yield f"{page.relative_to(ROOT)}:{number}", shlex.split(code)


def _simple_commands(line: str) -> Iterator[list[str]]:
    """Split a line of shell where one command ends and the next begins, and drop what is set before it."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;><()")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in itertools.chain(lexer, ["|"]):
        if set(word) <= set("|&;><()"):
            if words:
                yield words
            words = []
        elif words or not _ASSIGNMENT.match(word):
            words.append(word)


COMMAND_LINES = [
    (place, words) for place, words in _command_lines() if not _WORDS_THAT_STAND_FOR_SOMETHING.intersection(words)
]


@pytest.mark.parametrize(("place", "words"), COMMAND_LINES, ids=[place for place, _ in COMMAND_LINES])
def test_a_command_line_is_one_that_headgate_takes(place: str, words: list[str]) -> None:
    command: click.Command = headgate
    context = click.Context(command, info_name="headgate")
    rest = words[1:]
    if rest[:1] in (["-c"], ["--config"]):
        rest = rest[2:]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        below = command.get_command(context, rest[0])
        assert below is not None, f"{place}: there is no {shlex.join(words)}"
        command, rest = below, rest[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    if rest in (["--help"], ["--version"]) or (isinstance(command, click.Group) and not rest):
        return
    named_only = not rest and any(param.required for param in command.params)
    if not named_only:
        command.make_context(command.name, list(rest), parent=context.parent)


def test_there_are_command_lines_to_check() -> None:
    assert len(COMMAND_LINES) > 40


def test_every_command_of_dev_that_is_named_exists() -> None:
    named = {
        (str(page.relative_to(ROOT)), match)
        for page in pages()
        for match in re.findall(r"\./dev ([a-z]+)", page.read_text())
    }
    assert {pair for pair in named if pair[1] not in _DEV} == set()
    usage = (ROOT / "dev").read_text()
    assert all(re.search(rf"^    {command}\)", usage, re.MULTILINE) for command in _DEV)


CONFIGURATIONS = [block for block in all_blocks("toml") if "[project" not in block.text]


@pytest.mark.parametrize("block", CONFIGURATIONS, ids=[block.place for block in CONFIGURATIONS])
def test_a_configuration_shown_can_be_used(block: Block, tmp_path: Path) -> None:
    text = block.text.replace("…", "...")  # stands for what a sample leaves out
    for secret in _SECRET.finditer(text):
        (tmp_path / Path(secret["value"]).name).write_text(_secret(secret["key"], secret["value"]))
    text = re.sub(r'(?<=_file = ")[^"]*/', "", text)
    if "[builds.forges." in text and "[builds.jobs]" not in text:
        text += _BUILT
    file = tmp_path / "headgate.toml"
    file.write_text(text)
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    problems = check(file, env=environment, connector_settings=settings_of, known_kinds=kinds())
    assert [str(problem) for problem in problems if problem.severity == "error"] == []


_BUILT = """
[builds.jobs]
user = "builder"
directory = "/shared/jobs"

[builds.targets.zen4]
architecture = "x86_64/amd/zen4"
repositories = ["example-2026"]
"""
"""What an excerpt about a forge leaves to the page about jobs."""
_STAND_INS = {
    ("store", "url"): "postgresql://headgate:secret@db.example.org/headgate",
    ("rabbitmq", "url"): "amqps://headgate:secret@broker.example.org/cluster",
    ("slack", "token"): "xoxb-1-2-headgatetest",
    ("slack", "app_token"): "xapp-1-A1-2-headgatetest",
    ("telegram", "token"): "123456789:AAE-abcdefghijklmnopqrstuvwxyz_12345",
    ("teams", "flow_url"): "https://flows.example.org/workflows/1?sig=headgatetest",
    ("matrix", "token"): "syt_aGVhZGdhdGU_headgatetest_0aBcD",
    ("discord", "token"): "MTE5MDAwMDAwMDAwMDAwMDAwMA.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB",
}
"""Secrets of the form that each service gives them: (part of the table's name, key) -> text."""


def _secret(key: str, name: str) -> str:
    """Return what may stand in the place where a sample's secret lies."""
    for (table, wanted), text in _STAND_INS.items():
        if table in name and key == wanted:
            return text
    return "https://example.org/" if key == "url" else "a secret of many characters"


@functools.cache
def _anchors(page: Path) -> frozenset[str]:
    text = PAGES[page.name]() if page.parent == GENERATED else page.read_text()
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("page", pages(), ids=[str(page.relative_to(ROOT)) for page in pages()])
def test_a_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "http://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists() or (target.parent == GENERATED and target.name in PAGES), link
        assert not anchor or anchor in _anchors(target), link


def test_no_block_of_code_is_indented_where_the_site_would_not_know_it() -> None:
    assert [str(page) for page in DOCS.rglob("*.md") if re.search(r"^ +```", page.read_text(), re.MULTILINE)] == []


def test_every_file_of_the_project_that_is_named_exists() -> None:
    named = {
        (str(page.relative_to(ROOT)), code)
        for page in pages()
        for _, code in code_in_lines(page)
        if _FILE.fullmatch(code) and not _FORM.search(code)
    }
    assert len(named) > 10
    places = (ROOT, ROOT / "src" / "headgate", ROOT / "src")
    assert {(page, code) for page, code in named if not any((place / code).exists() for place in places)} == set()


def test_the_code_that_verifies_a_webhook_takes_what_headgate_signs_and_nothing_else() -> None:
    verified = _run("verify").verified
    body, now, secret = b'{"version":1}', time.time(), "a-secret-of-many-characters"
    headers = {"Headgate-Timestamp": str(int(now)), "Headgate-Signature": sign(body, int(now), secret)}
    assert verified(body, headers, secret, now)
    assert not verified(body + b" ", headers, secret, now)
    assert not verified(body, headers, "another secret", now)
    assert not verified(body, headers, secret, now + 301)
    assert not verified(body, headers | {"Headgate-Signature": ""}, secret, now)


@pytest.fixture
async def connector(tmp_path: Path) -> AsyncIterator[Connector]:
    kind = _run("connector").KIND
    assert isinstance(kind, ConnectorKind)
    made = kind.make("files", kind.settings(kind="file", directory=tmp_path))
    yield made
    await made.aclose()


async def _nothing() -> None:
    """Commit."""


async def test_the_connector_of_the_page_sends_once_and_refuses_what_it_should(
    connector: Connector, tmp_path: Path
) -> None:
    message = Message(title="Failed: job 1\nforged", outcome=Outcome.FAILED, time=0)
    assert await connector.send(Envelope("ada", message, "key-1"), _nothing) == Delivered()
    assert (tmp_path / "ada").read_text() == "key-1 Failed: job 1 forged\n"
    assert isinstance(await connector.send(Envelope("../ada", message, "key-2"), _nothing), GiveUp)
    with pytest.raises(RecipientError):
        connector.check_target("../ada")


def _run(name: str) -> ModuleType:
    """Run a block of a page as a module of its own."""
    module = ModuleType(f"docs_{name}")
    sys.modules[module.__name__] = module  # pydantic looks names up there
    exec(compile(runnable(name), f"<docs: {name}>", "exec"), vars(module))  # noqa: S102 - our own pages
    return module
