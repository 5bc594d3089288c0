from __future__ import annotations

from pathlib import Path

import pytest

from headgate.connectors.mailto.connector import MailtoConnector
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.connectors.samples import FAILED
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp
from headgate.testing.smtp.sink import SmtpSink


def connector(**settings: object) -> MailtoConnector:
    """Make a connector with the least of settings."""
    given = {"from_address": "slurm@example.org", "domain": "example.org"}
    return MailtoConnector("mailto", MailtoSettings.model_validate(given | settings))


async def commit() -> None:
    """Nothing to wait for."""


async def test_a_message_arrives_as_a_mail_of_two_parts() -> None:
    async with SmtpSink() as sink:
        mailto = connector(host="127.0.0.1", port=sink.port, footer="Ask us.", subject_prefix="[hpc] ")
        assert isinstance(await mailto.send(Envelope("ada", FAILED, "d-17"), commit), Delivered)
        await mailto.aclose()
    (mail,) = sink.mails
    assert (mail.sender, mail.recipients) == ("slurm@example.org", ("ada@example.org",))
    message = mail.message
    assert message["Subject"] == f"[hpc] {FAILED.title}"
    assert message["Message-ID"] == "<d-17@example.org>"
    assert message["List-Id"] == "<headgate.example.org>"
    for part in message.iter_parts():
        assert "Ask us." in part.get_content()
        assert "no such job" in part.get_content()


async def test_the_same_mail_goes_through_a_command(tmp_path: Path) -> None:
    command = tmp_path / "sendmail"
    command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/words; cat > {tmp_path}/mail\n')
    command.chmod(0o755)
    mailto = connector(command=[str(command), "-i", "--", "{target}"])
    assert await mailto.send(Envelope("ada", FAILED, "d-17"), commit) == Delivered()
    assert (tmp_path / "words").read_text() == "-i -- ada@example.org\n"
    assert b"\nMessage-ID: <d-17@example.org>\n" in (tmp_path / "mail").read_bytes()
    await mailto.aclose()


def test_targets_are_settled_by_the_sites_rules() -> None:
    mailto = connector(allow=["*@example.org"], block=["root@*"])
    assert mailto.check_target("ada") == "ada@example.org"
    for target in ("root", "eve@evil.example", "-x", "ada@example.org.evil.example"):
        with pytest.raises(RecipientError):
            mailto.check_target(target)


async def test_a_target_that_the_rules_no_longer_allow_gets_nothing() -> None:
    async with SmtpSink() as sink:
        mailto = connector(host="127.0.0.1", port=sink.port, block=["ada@*"])
        outcome = await mailto.send(Envelope("ada@example.org", FAILED, "d-1"), commit)
        await mailto.aclose()
        assert isinstance(outcome, GiveUp)
        assert outcome.reason is Reason.TARGET_REFUSED
        assert sink.connections == 0
