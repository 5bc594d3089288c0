"""``headgate setup``: what it asks and refuses. What it does is tried on clean systems: tests/packages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from headgate.cli.main import headgate
from headgate.cli.setup import _answers
from headgate.connectors.mailto.settings import Security
from headgate.errors import ConfigError
from headgate.service.setup.answers import Answers, MailServer

NOTHING: dict[str, Any] = dict.fromkeys(("mail_server", "security", "domain", "from_address", "executor"))


def _asked(given: dict[str, Any], typed: str, *, yes: bool = False) -> Answers:
    found: list[Answers] = []

    @click.command()
    def ask() -> None:
        found.append(_answers(NOTHING | given, yes=yes))

    CliRunner().invoke(ask, input=typed, catch_exceptions=False)
    return found[0]


def test_it_asks_four_things() -> None:
    told = _asked({}, "mail.example.org:2525\nexample.org\n\ny\n")
    server = MailServer("mail.example.org", 2525)
    assert told == Answers(server, "slurm@example.org", "example.org", executor=True)


def test_what_was_given_is_not_asked() -> None:
    given = {"mail_server": "m.example.org", "security": "tls", "domain": "example.org", "executor": False}
    told = _asked({**given, "from_address": "hpc@example.org"}, "")
    assert told == Answers(MailServer("m.example.org", None, Security.TLS), "hpc@example.org", "example.org")


def test_with_yes_nothing_is_asked() -> None:
    told = _asked({"domain": "example.org"}, "", yes=True)
    assert told == Answers(MailServer("localhost"), "slurm@example.org", "example.org")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"domain": "example.org", "mail_server": "smtp://mail"}, "is no mail server"),
        ({"domain": "not a domain"}, "domain"),
        ({"domain": "example.org", "from_address": "nobody"}, "from_address"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        _asked(given, "", yes=True)


def test_it_needs_root_and_does_nothing_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    answer = CliRunner().invoke(headgate, ["-c", str(tmp_path / "headgate.toml"), "setup", "--yes"])
    assert isinstance(answer.exception, ConfigError)
    assert "needs root" in answer.exception.message
    assert list(tmp_path.iterdir()) == []
