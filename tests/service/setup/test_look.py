from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from headgate.connectors.mailto.settings import Security
from headgate.model.finding import Level
from headgate.service.setup import look
from headgate.service.setup.answers import MailServer
from headgate.testing.smtp.sink import SmtpSink

PROGRAM = Path("/usr/lib/headgate/headgate-mailprog")
CONFIG = """\
Configuration data as of 1790000000
AccountingStorageType   = accounting_storage/none
MailDomain              = example.org
MailProg                = /bin/mail
PrivateData             = jobs,usage
SlurmUser               = slurmrun(64030)
"""


def _scontrol(directory: Path, script: str) -> None:
    program = directory / "scontrol"
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)


async def test_slurm_is_asked_what_setup_needs_to_know(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG)
    _scontrol(tmp_path, f"cat {tmp_path}/config\n")
    found = await look.cluster(tmp_path, None)
    assert found == look.Cluster(
        user="slurmrun", accounts=False, mail_prog="/bin/mail", mail_domain="example.org", private=("jobs", "usage")
    )
    assert look.slurm_conf(found, PROGRAM) == [
        f"MailProg={PROGRAM}",
        "# and without MailDomain=example.org: Headgate completes names itself",
    ]


async def test_a_slurm_that_does_not_answer_is_told_of_and_the_usual_is_taken(tmp_path: Path) -> None:
    _scontrol(tmp_path, "echo Unable to contact slurm controller >&2; exit 1\n")
    found = await look.cluster(tmp_path, None)
    assert found.user == "slurm"
    assert "Unable to contact" in found.trouble


def test_nothing_is_left_for_slurm_conf_where_it_names_the_hand_off() -> None:
    assert look.slurm_conf(look.Cluster(mail_prog=str(PROGRAM)), PROGRAM) == []


async def test_a_mail_server_that_answers_is_greeted_and_gets_nothing() -> None:
    async with SmtpSink() as sink:
        found = await asyncio.to_thread(look.mail_server, MailServer("127.0.0.1", sink.port))
        assert (found.level, sink.mails) == (Level.WELL, [])


async def test_a_mail_server_without_tls_is_wrong_where_tls_was_asked_for() -> None:
    async with SmtpSink() as sink:
        server = MailServer("127.0.0.1", sink.port, Security.STARTTLS)
        found = await asyncio.to_thread(look.mail_server, server)
    assert found.level is Level.WRONG


def test_a_mail_server_that_is_not_there_is_wrong_with_what_to_do() -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        found = look.mail_server(MailServer("127.0.0.1", taken.getsockname()[1]))
    assert found.level is Level.WRONG
    assert "--mail-server" in found.advice
