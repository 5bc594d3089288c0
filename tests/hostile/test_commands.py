"""Every text of the corpus where a command shows it, a log holds it, a process gets it, and a path is asked for."""

from __future__ import annotations

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import structlog

from headgate.actions.catalogue import CATALOGUE
from headgate.actions.context import Context
from headgate.actions.refusals import ActionError, ParametersError
from headgate.actions.registry import Actions
from headgate.config.actions import ActionSettings
from headgate.executor.interface import Place
from headgate.executor.refusal import ExecutorError, RefusedError
from headgate.model.event import Event, EventKind, Source
from headgate.model.message import Message, Outcome
from headgate.service import logs
from headgate.store import audit, deliveries, journal
from headgate.store.deliveries import NewDelivery
from headgate.store.migrate import migrate
from headgate.store.store import Store
from headgate.web.pages.signing.places import ours
from tests.actions.made import painter
from tests.cli.stored import Site, empty_site
from tests.executor.conftest import USER, Helper, running
from tests.hostile.corpus import CANARY, CORPUS, FAMILIES

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no terminal may be sent."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A store with the corpus in it: as jobs' names, subjects, messages, and what people had done."""
    made = empty_site(tmp_path_factory.mktemp("hostile"))
    store = Store(made.url)
    migrate(store)
    now = time.time()
    texts = [text.replace("\0", "").encode(errors="replace").decode()[:5000] for text in CORPUS]
    facts = [
        Event(
            f"k{number}",
            EventKind.JOB_ENDED,
            now,
            text,
            Source.WATCHER,
            "c",
            number + 1,
            user="ada",
            data={"name": text},
        )
        for number, text in enumerate(texts)
    ]

    def fill(connection: Any) -> None:
        numbers = journal.append(connection, facts)
        said = [Message(title=text, outcome=Outcome.FAILED, time=now).model_dump_json() for text in texts]
        owed = [
            NewDelivery(numbers[f"k{number}"], f"k{number}", "mailto", text, f"g{number}", said[number])
            for number, text in enumerate(texts)
        ]
        deliveries.owe(connection, owed, now)
        for text in texts:
            audit.record(connection, user=text, via=text, action=text, outcome=text, subject=text, detail=text, now=now)

    store.write_now(fill)
    store.close()
    return made


@pytest.mark.parametrize("words", [("event", "list"), ("delivery", "list"), ("audit", "list")], ids=" ".join)
def test_no_command_sends_a_terminal_more_than_text(site: Site, words: tuple[str, ...]) -> None:
    for more in ((), ("--json",)):
        result = site.run(*words, "--limit", "2000", *more)
        assert (result.exit_code, result.exception) == (0, None)
        assert not STEERING.findall(result.output)
    assert len(json.loads(result.output)) >= len(CORPUS)


@contextmanager
def logged(form: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the service's log says meanwhile."""
    written = StringIO()
    before = structlog.get_config()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure(form=form)
    try:
        yield written
    finally:
        structlog.configure(**before)


def test_every_text_is_one_line_of_the_log_and_comes_out_of_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged("json", monkeypatch) as written:
        for text in CORPUS:
            structlog.get_logger("x").warning("job.ended", name=text)
    lines = written.getvalue().split("\n")
    assert len(lines) == len(CORPUS) + 1
    assert [json.loads(line)["name"] for line in lines[:-1]] == list(CORPUS)
    assert not STEERING.findall("".join(lines))


def test_no_text_steers_the_terminal_that_shows_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    with logged("console", monkeypatch) as written:
        for text in CORPUS:
            structlog.get_logger("x").warning("job.ended", name=text)
    colours = re.compile("\x1b\\[[0-9;]*m")
    lines = written.getvalue().split("\n")
    assert len(lines) == len(CORPUS) + 1
    assert not STEERING.findall(colours.sub("", "".join(lines)))
    assert not [text for text in CORPUS if colours.search(text) and text in written.getvalue()]


async def test_no_shell_is_started_and_a_program_gets_every_text_as_one_word(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = {"argv": ["/usr/bin/printf", "%s", "{note}"], "parameters": {"note": {"type": "text"}}}
    actions = Actions(
        Context(store, settings=ActionSettings.model_validate({"commands": {"check": command}})), CATALOGUE
    )
    taken = 0
    for text in (one for family in ("shell", "templates", "paths", "queries", "slurm") for one in FAMILIES[family]):
        try:
            asked: Any = {"command": "check", "arguments": {"note": text}}
            result: Any = (await actions.run("command.run", asked, painter())).result
        except (ActionError, ParametersError):
            continue  # refused whole
        taken += 1
        assert result["argv"][2:] == [text]
        assert result["output"].startswith(text)
    assert taken > 150
    assert not made_in(tmp_path)


def made_in(directory: Path) -> list[Path]:
    """What a shell would have made."""
    return [*directory.rglob(f"*{CANARY}*"), *Path("/").glob(f"*{CANARY}*")]


@pytest.fixture(scope="module")
def helper() -> Iterator[Helper]:
    """The executor, whose user may write right beside the root, so that only the executor keeps them from it."""
    with running() as made:
        (made.directory / "outside").mkdir()
        shutil.chown(made.directory / "outside", USER, USER)
        yield made


async def test_no_path_leads_out_of_the_root(helper: Helper) -> None:
    actor, root = helper.client, str(helper.root)

    def outside() -> set[str]:
        found = (one for one in helper.directory.rglob("*") if not one.is_relative_to(helper.root))
        return {str(one) for one in found if "__pycache__" not in one.parts}

    before = outside()
    made = 0
    texts = [*FAMILIES["paths"], *FAMILIES["shell"], "../outside/x", "x/../../outside/x", "./../outside"]
    for text in texts:
        for verb in ("write", "read", "list"):
            place = Place(root, text)
            try:
                if verb == "list":
                    await actor.list(USER, place)
                    continue
                way = actor.open_read(USER, place) if verb == "read" else actor.open_write(USER, place, parents=True)
                async with await way:
                    made += verb == "write"
            except (RefusedError, ExecutorError, ValueError):
                continue
    assert made > 50
    assert outside() == before
    assert "Traceback" not in helper.log.read_text()


def test_no_text_is_where_somebody_is_sent_after_signing_in() -> None:
    for text in CORPUS:
        for path in (text, f"/ui/{text}", f"/ui/?x={text}", f"/ui/jobs/{text}"):
            gone = urljoin("https://headgate.test/ui/sign-in", ours(path))
            assert gone.startswith("https://headgate.test/ui"), path
            assert gone.isprintable()
