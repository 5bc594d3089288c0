from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiosmtplib
import pytest

from headgate.testing.smtp.behaviour import Hang, KeepThenReset, Reset, Say, SayRaw, Step
from headgate.testing.smtp.certificate import make_certificate
from headgate.testing.smtp.sink import SmtpSink

MAIL = b"Subject: \xc3\xa4\r\n\r\n.dot\r\nbody\r\n"


def client(sink: SmtpSink, **options: object) -> aiosmtplib.SMTP:
    """Return a client for the sink, not connected yet."""
    given = {"hostname": "localhost", "port": sink.port, "timeout": 5, "start_tls": False}
    return aiosmtplib.SMTP(**(given | options))  # type: ignore[arg-type]


async def send(sink: SmtpSink, **options: object) -> None:
    """Send one mail and say goodbye."""
    async with client(sink, **options) as smtp:
        await smtp.sendmail("a@example.org", ["b@example.org", "c@example.org"], MAIL)


async def test_a_mail_is_kept_with_its_envelope() -> None:
    async with SmtpSink() as sink:
        await send(sink)
        (mail,) = await sink.wait_for(1)
    assert (mail.sender, mail.recipients) == ("a@example.org", ("b@example.org", "c@example.org"))
    assert mail.raw == MAIL
    assert mail.message["Subject"] == "\u00e4"
    assert sink.steps == [
        Step.GREETING,
        Step.EHLO,
        Step.MAIL,
        Step.RCPT,
        Step.RCPT,
        Step.DATA,
        Step.BODY,
    ]


async def test_mails_are_kept_as_whole_files_in_order(tmp_path: Path) -> None:
    async with SmtpSink(directory=tmp_path / "new") as sink:
        for _ in range(3):
            await send(sink)
    files = sorted((tmp_path / "new").iterdir())
    assert [file.suffix for file in files] == [".eml"] * 3
    assert files[0].read_bytes().startswith(b"X-Envelope-From: a@example.org\r\nX-Envelope-To: b@example.org, c@")
    assert files[0].read_bytes().endswith(MAIL)


async def test_waiting_for_a_mail_ends_when_it_comes() -> None:
    async with SmtpSink() as sink:
        waiting = asyncio.create_task(sink.wait_for(2))
        await send(sink)
        assert not waiting.done()
        await send(sink)
        assert len(await waiting) == 2


@pytest.mark.parametrize("step", [Step.GREETING, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.BODY])
async def test_any_step_can_be_answered_otherwise(step: Step) -> None:
    async with SmtpSink() as sink:
        sink.script(step, Say("421 4.3.1 not this time"), "421 4.3.1 nor this")
        with pytest.raises(aiosmtplib.SMTPException):
            await send(sink)
        assert not sink.mails


async def test_a_script_is_followed_in_order_and_then_all_is_well() -> None:
    async with SmtpSink() as sink:
        sink.script(Step.MAIL, None, "450 once")
        await send(sink)
        with pytest.raises(aiosmtplib.SMTPSenderRefused):
            await send(sink)
        await send(sink)
        assert len(sink.mails) == 2


@pytest.mark.parametrize("behaviour", [Reset(), KeepThenReset()])
async def test_a_connection_can_be_broken(behaviour: Reset | KeepThenReset) -> None:
    async with SmtpSink() as sink:
        sink.script(Step.BODY, behaviour)
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(sink)
        assert len(sink.mails) == isinstance(behaviour, KeepThenReset)


async def test_it_can_say_nothing_at_all_or_nonsense() -> None:
    async with SmtpSink() as sink:
        sink.script(Step.EHLO, Hang())
        with pytest.raises(aiosmtplib.SMTPTimeoutError):
            await send(sink, timeout=0.2)
        sink.script(Step.EHLO, SayRaw(b"nonsense\r\n"))
        with pytest.raises(aiosmtplib.SMTPResponseException):
            await send(sink, timeout=0.2)


async def test_a_choice_comes_before_the_script() -> None:
    async with SmtpSink() as sink:
        sink.choose = lambda step, _: Say("550 chosen") if step is Step.RCPT else None
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await send(sink)


async def test_only_known_accounts_may_log_in() -> None:
    async with SmtpSink(accounts={"u": "p"}) as sink:
        await send(sink, username="u", password="p")
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await send(sink, username="u", password="x")
        assert len(sink.mails) == 1


@pytest.mark.parametrize("implicit", [False, True])
async def test_it_speaks_tls(tmp_path: Path, *, implicit: bool) -> None:
    certificate = await make_certificate(tmp_path)
    known = ssl.create_default_context(cafile=certificate.certificate)
    async with SmtpSink(tls=certificate.server_context(), implicit_tls=implicit) as sink:
        await send(sink, tls_context=known, use_tls=implicit, start_tls=not implicit)
        assert len(sink.mails) == 1


async def test_after_stopping_nobody_is_connected() -> None:
    sink = SmtpSink()
    async with sink:
        smtp = client(sink)
        await smtp.connect()
        assert sink.open_connections == 1
    assert sink.open_connections == 0
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await smtp.noop()
    with pytest.raises(aiosmtplib.SMTPConnectError):
        await client(sink).connect()
