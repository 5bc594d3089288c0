"""Mails as a real mail server takes them, and as a real mail program shows them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.connectors import samples
from headgate.connectors.mailto.connector import MailtoConnector
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome
from headgate.testing.conformance.hostile import HOSTILE, hostile_message
from headgate.testing.smtp.certificate import Certificate, make_certificate
from headgate.testing.smtp.postfix import PROGRAM, PrivatePostfix

pytestmark = [
    pytest.mark.skipif(not PROGRAM.exists(), reason="no Postfix: Debian's package postfix is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="Postfix only runs as root"),
]
MUTT = Path("/usr/bin/mutt")
UNICODE = samples.FAILED.model_copy(update={"title": 'Failed: job 17 "größe_模型"'})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return asyncio.run(make_certificate(tmp_path_factory.mktemp("certificate")))


@pytest.fixture(scope="module")
def postfix(certificate: Certificate) -> Iterator[PrivatePostfix]:
    with PrivatePostfix(("ada", "grace", "hostile", "many"), certificate=certificate) as postfix:
        yield postfix


@pytest.fixture
def settings(postfix: PrivatePostfix, certificate: Certificate) -> MailtoSettings:
    return MailtoSettings(
        host="localhost",
        port=postfix.port,
        security="starttls",
        ca_file=certificate.certificate,
        from_address="slurm@hpc.example.net",
        domain="example.org",
        timeout=10,
    )


async def commit() -> None:
    """Let everything pass."""


async def sent(settings: MailtoSettings, *envelopes: Envelope) -> list[Outcome]:
    """Send mails over the same connector, and return what became of them."""
    connector = MailtoConnector("mailto", settings)
    outcomes = [await connector.send(envelope, commit) for envelope in envelopes]
    await connector.aclose()
    return outcomes


async def test_a_mail_arrives_over_tls_as_it_was_made(postfix: PrivatePostfix, settings: MailtoSettings) -> None:
    (outcome,) = await sent(settings, Envelope("ada", UNICODE, "key-1"))
    assert isinstance(outcome, Delivered)
    (mail,) = postfix.wait_for("ada", 1)
    assert mail["Subject"] == UNICODE.title
    assert mail["From"] == "Slurm <slurm@hpc.example.net>"
    assert mail["To"] == "ada@example.org"
    assert mail["Return-Path"] == "<slurm@hpc.example.net>"
    assert mail["Message-ID"] == "<key-1@hpc.example.net>"
    assert "with ESMTPS" in mail["Received"]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert samples.FAILED.summary in plain.get_content()
    assert "ValueError: loss is nan" in html.get_content()
    assert not mail.defects


async def test_hostile_text_arrives_as_one_mail_each_and_nothing_else(
    postfix: PrivatePostfix, settings: MailtoSettings
) -> None:
    envelopes = [Envelope("hostile", hostile_message(text), f"key-{n:03}") for n, text in enumerate(HOSTILE.values())]
    assert all(isinstance(outcome, Delivered) for outcome in await sent(settings, *envelopes))
    mails = postfix.wait_for("hostile", len(envelopes))
    assert [mail["Message-ID"] for mail in mails] == [f"<{envelope.key}@hpc.example.net>" for envelope in envelopes]
    for mail in mails:
        assert mail["Bcc"] is None
        assert mail.get_content_type() == "multipart/alternative"
        assert not mail.defects


async def test_many_mails_at_once_arrive_once_each(postfix: PrivatePostfix, settings: MailtoSettings) -> None:
    connector = MailtoConnector("mailto", settings)
    envelopes = [Envelope("many", samples.SUCCEEDED, f"key-{n:03}") for n in range(30)]
    outcomes = await asyncio.gather(*(connector.send(envelope, commit) for envelope in envelopes))
    await connector.aclose()
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len({mail["Message-ID"] for mail in postfix.wait_for("many", 30)}) == 30


@pytest.mark.parametrize(
    ("target", "said"),
    [("nobody@example.org", "User unknown"), ("ada@example.com", "Relay access denied")],
    ids=["no mailbox", "another domain"],
)
async def test_who_is_not_served_is_given_up(settings: MailtoSettings, target: str, said: str) -> None:
    (outcome,) = await sent(settings, Envelope(target, samples.FAILED, "key-1"))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED
    assert said in outcome.detail


async def test_a_mail_that_is_too_large_is_given_up() -> None:
    with PrivatePostfix(("ada",), size=1000) as small:
        settings = MailtoSettings(host="localhost", port=small.port, from_address="slurm@hpc.example.net")
        (outcome,) = await sent(settings, Envelope("ada@example.org", samples.FAILED, "key-1"))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.MESSAGE_REFUSED


@pytest.mark.skipif(not MUTT.exists(), reason="no mutt: Debian's package mutt is not installed")
async def test_mutt_shows_subject_sender_and_text(
    postfix: PrivatePostfix, settings: MailtoSettings, tmp_path: Path
) -> None:
    await sent(settings, Envelope("grace", UNICODE, "key-1"))
    postfix.wait_for("grace", 1)
    shown = await asyncio.to_thread(shown_by_mutt, postfix.maildir("grace"), tmp_path)
    assert f"Subject: {UNICODE.title}" in shown
    assert "From: Slurm <slurm@hpc.example.net>" in shown
    assert samples.FAILED.summary in shown
    assert "Working directory" in shown
    assert "<td" not in shown


def shown_by_mutt(maildir: Path, directory: Path) -> str:
    """Return the first mail as mutt decodes it for reading, its text part chosen by mutt itself."""
    target = directory / "shown"
    (directory / "muttrc").write_text(
        "set pipe_decode=yes wait_key=no quit=yes beep=no mark_old=no\nset charset=utf-8\n"
        f"set folder='{directory}'\n"
        f"push \"<first-entry><pipe-message>cat > '{target}'<enter><exit>\"\n"
    )
    environment = {"HOME": str(directory), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LC_ALL": "C.UTF-8", "MAIL": ""}
    outer, inner = pty.openpty()
    mutt = subprocess.Popen(
        [MUTT, "-R", "-n", "-F", directory / "muttrc", "-f", maildir],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environment,
        start_new_session=True,
    )
    os.close(inner)
    try:
        drain(outer, mutt)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(mutt.pid, signal.SIGKILL)
        mutt.wait()
        os.close(outer)
    return target.read_text()


def drain(terminal: int, program: subprocess.Popen[bytes]) -> None:
    """Read what a program draws, until it ends; at most twenty seconds."""
    deadline = time.monotonic() + 20
    while program.poll() is None and time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            with contextlib.suppress(OSError):  # the program has closed it
                os.read(terminal, 65536)
