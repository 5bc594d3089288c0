from __future__ import annotations

import configparser
import tomllib
from pathlib import Path

import pytest

from headgate.config.load import load
from headgate.connectors.mailto.settings import MailtoSettings, Security
from headgate.connectors.registry import settings_of
from headgate.service.setup.answers import Answers, MailServer
from headgate.service.setup.document import configuration, executor_configuration

ANSWERS = Answers(MailServer("mail.example.org"), "slurm@example.org", "example.org")


def _loaded(text: str, directory: Path) -> MailtoSettings:
    file = directory / "headgate.toml"
    file.write_text(text)
    found = load(file, connector_settings=settings_of).connectors["mailto"]
    assert isinstance(found, MailtoSettings)
    return found


def test_it_is_a_configuration_that_can_be_used(tmp_path: Path) -> None:
    mail = _loaded(configuration(ANSWERS, accounts=True), tmp_path)
    assert (mail.host, mail.smtp_port, mail.domain) == ("mail.example.org", 25, "example.org")
    assert mail.allow == ("*@example.org",)


def test_a_port_and_tls_are_in_it_where_they_were_given(tmp_path: Path) -> None:
    server = MailServer("mail.example.org", 2525, Security.STARTTLS)
    mail = _loaded(configuration(Answers(server, "s@example.org", "example.org"), accounts=True), tmp_path)
    assert (mail.smtp_port, mail.security) == (2525, Security.STARTTLS)


def test_messages_do_not_wait_for_figures_that_no_accounting_will_give() -> None:
    assert tomllib.loads(configuration(ANSWERS, accounts=False))["accounting"] == {"wait": 0}
    assert "accounting" not in tomllib.loads(configuration(ANSWERS, accounts=True))


def test_the_executor_and_slurms_commands_are_named_where_they_are_not_the_usual() -> None:
    answers = Answers(ANSWERS.server, ANSWERS.from_address, ANSWERS.domain, executor=True)
    told = tomllib.loads(configuration(answers, accounts=True, slurm_bin=Path("/opt/slurm/bin")))
    assert told["executor"] == {"socket": "/run/headgate-executor.sock", "roots": ["~"]}
    assert told["slurm"] == {"bin": "/opt/slurm/bin"}


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "a\nb", "a\x7fb", "ä", "]\nkey = 1"])
def test_no_answer_can_leave_its_string(odd: str) -> None:
    answers = Answers(MailServer(odd), "slurm@example.org", "example.org")
    assert tomllib.loads(configuration(answers, accounts=True))["connectors"]["mailto"]["host"] == odd


def test_the_executor_is_told_where_slurm_is() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(executor_configuration(Path("/opt/slurm/bin")))
    assert dict(parser["slurm"]) == {"bin": "/opt/slurm/bin"}
    assert dict(parser["executor"]) == {"service": "headgate", "roots": "~"}
