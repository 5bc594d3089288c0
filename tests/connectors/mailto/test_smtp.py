from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.connectors.mailto.mail import Mail
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.connectors.mailto.smtp import SmtpWay
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, GiveUp, Outcome, Scope, TryAgain
from headgate.testing.smtp.behaviour import Behaviour, Hang, KeepThenReset, Reset, Say, SayRaw, Step
from headgate.testing.smtp.certificate import Certificate, make_certificate
from headgate.testing.smtp.sink import SmtpSink


def settings(sink: SmtpSink, **changes: object) -> MailtoSettings:
    """Return settings for a connection to the sink."""
    given = {"host": "localhost", "port": sink.port, "from_address": "slurm@example.org", "timeout": 0.5}
    return MailtoSettings.model_validate(given | changes)


def mail(number: int = 1, target: str = "ada@example.org") -> Mail:
    """Make the smallest mail."""
    message_id = f"<m-{number}@example.org>"
    content = f"Message-ID: {message_id}\r\n\r\n.\r\n.dots\r\n".encode()
    return Mail("slurm@example.org", target, "s", message_id, content, utf8=not target.isascii())


async def commit() -> None:
    """Nothing to wait for."""


async def send(way: SmtpWay, *mails: Mail) -> list[Outcome]:
    """Send mails one after the other, and close."""
    outcomes = [await way.deliver(one, commit) for one in mails or (mail(),)]
    await way.aclose()
    return outcomes


@pytest.fixture
async def sink() -> AsyncIterator[SmtpSink]:
    async with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def certificate(tmp_path: Path) -> Certificate:
    return await make_certificate(tmp_path)


async def test_one_connection_serves_many_mails(sink: SmtpSink) -> None:
    outcomes = await send(SmtpWay("m", settings(sink)), *(mail(number) for number in range(20)))
    assert outcomes == [Delivered("2.0.0 kept")] * 20
    assert sink.connections == 1
    assert sink.mails[0].raw == mail(0).content


async def test_a_refused_mail_leaves_the_connection_good(sink: SmtpSink) -> None:
    sink.script(Step.RCPT, "550 no", "451 later")
    sink.script(Step.BODY, "554 spam")
    await send(SmtpWay("m", settings(sink)), *(mail(number) for number in range(4)))
    assert sink.connections == 1
    assert [kept.message["Message-ID"] for kept in sink.mails] == ["<m-3@example.org>"]
    assert sink.steps.count(Step.RSET) == 3


async def test_a_kept_connection_that_has_died_is_replaced_without_losing_the_attempt(sink: SmtpSink) -> None:
    for death in (Say("421 4.4.2 idle too long"), Reset(), Hang()):
        sink.script(Step.MAIL, None, death)
        assert await send(SmtpWay("m", settings(sink)), mail(1), mail(2)) == [Delivered("2.0.0 kept")] * 2
    assert sink.connections == 6


async def test_a_fresh_connection_that_dies_is_not_tried_twice(sink: SmtpSink) -> None:
    sink.script(Step.MAIL, Reset(), Reset())
    (outcome,) = await send(SmtpWay("m", settings(sink)))
    assert isinstance(outcome, TryAgain)
    assert sink.connections == 1


async def test_an_idle_connection_is_closed_politely(sink: SmtpSink) -> None:
    way = SmtpWay("m", settings(sink, idle_timeout=0.05))
    await way.deliver(mail(1), commit)
    while sink.open_connections:
        await asyncio.sleep(0.01)
    await send(way, mail(2))
    assert sink.connections == 2


async def test_connections_are_as_many_as_allowed(sink: SmtpSink) -> None:
    way = SmtpWay("m", settings(sink, concurrency=3))
    await asyncio.gather(*(way.deliver(mail(number), commit) for number in range(30)))
    await way.aclose()
    assert sink.connections == 3
    assert len({kept.message["Message-ID"] for kept in sink.mails}) == 30


@pytest.mark.parametrize("step", [Step.GREETING, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.BODY])
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (Hang(), Reason.TIMEOUT),
        (Reset(), Reason.UNREACHABLE),
        (SayRaw(b"?\r\n"), Reason.BAD_ANSWER),
        (SayRaw(b"\xff\xfe\x00 not even text\r\n"), Reason.BAD_ANSWER),
        (SayRaw(b"x" * 100_000), Reason.BAD_ANSWER),
        (SayRaw(b"250"), Reason.TIMEOUT),
    ],
)
async def test_trouble_at_any_step_leaves_the_mail_to_be_tried_again(
    sink: SmtpSink, step: Step, trouble: Behaviour, reason: Reason
) -> None:
    sink.script(step, trouble)
    (outcome,) = await send(SmtpWay("m", settings(sink)))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is reason
    assert outcome.scope is (Scope.RECIPIENT if step in (Step.RCPT, Step.DATA, Step.BODY) else Scope.CONNECTOR)
    assert not sink.mails


async def test_a_mail_that_was_taken_without_a_word_is_tried_again(sink: SmtpSink) -> None:
    sink.script(Step.BODY, KeepThenReset())
    (outcome,) = await send(SmtpWay("m", settings(sink)))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.UNREACHABLE
    assert len(sink.mails) == 1


async def test_commit_is_awaited_after_the_target_was_accepted_and_before_data(sink: SmtpSink) -> None:
    seen: list[list[Step]] = []

    async def look() -> None:
        seen.append(list(sink.steps))

    way = SmtpWay("m", settings(sink))
    sink.script(Step.RCPT, "450 later")
    await way.deliver(mail(1), look)
    assert not seen
    await way.deliver(mail(2), look)
    await way.aclose()
    assert seen[0][-1] is Step.RCPT
    assert Step.DATA not in seen[0]


async def test_a_hang_before_the_target_is_accepted_never_reaches_commit(sink: SmtpSink) -> None:
    async def never() -> None:
        raise AssertionError

    for step in (Step.GREETING, Step.EHLO, Step.MAIL, Step.RCPT):
        sink.script(step, Hang())
        way = SmtpWay("m", settings(sink))
        assert isinstance(await way.deliver(mail(), never), TryAgain)
        await way.aclose()


async def test_an_old_server_without_ehlo_is_spoken_to(sink: SmtpSink) -> None:
    sink.script(Step.EHLO, "502 5.5.1 what?")
    assert await send(SmtpWay("m", settings(sink))) == [Delivered("2.0.0 kept")]


async def test_any_mix_of_answers_loses_nothing_and_kills_only_what_is_refused_for_good(sink: SmtpSink) -> None:
    chance = random.Random(4711)
    refused: set[str] = set()

    mix: list[Behaviour | None] = [*[None] * 12, Say("421 bye"), Say("451 later"), Say("550 never"), Reset()]
    steps = (Step.MAIL, Step.RCPT, Step.DATA, Step.BODY)
    sink.choose = lambda step, _: chance.choice(mix) if step in steps else None
    way = SmtpWay("m", settings(sink, concurrency=4))

    async def until_settled(number: int) -> Outcome:
        while isinstance(outcome := await way.deliver(mail(number), commit), TryAgain):
            pass
        if isinstance(outcome, GiveUp):
            refused.add(mail(number).message_id)
        return outcome

    outcomes = await asyncio.gather(*(until_settled(number) for number in range(200)))
    await way.aclose()
    arrived = [str(kept.message["Message-ID"]) for kept in sink.mails]
    assert len(arrived) == len(set(arrived)) == sum(isinstance(outcome, Delivered) for outcome in outcomes)
    assert not refused & set(arrived)
    assert len(refused) + len(arrived) == 200
    assert refused


async def test_starttls_with_a_certificate_that_is_known(certificate: Certificate) -> None:
    async with SmtpSink(tls=certificate.server_context()) as sink:
        good = settings(sink, security="starttls", ca_file=certificate.certificate)
        assert await send(SmtpWay("m", good)) == [Delivered("2.0.0 kept")]
        assert Step.STARTTLS in sink.steps


async def test_tls_from_the_start_with_login(certificate: Certificate) -> None:
    async with SmtpSink(tls=certificate.server_context(), implicit_tls=True, accounts={"u": "password"}) as sink:
        good = settings(sink, security="tls", ca_file=certificate.certificate, username="u", password="password")
        assert await send(SmtpWay("m", good), mail(1), mail(2)) == [Delivered("2.0.0 kept")] * 2
        assert sink.steps.count(Step.AUTH) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_is_not_known_gets_no_mail(certificate: Certificate, security: str) -> None:
    async with SmtpSink(tls=certificate.server_context(), implicit_tls=security == "tls") as sink:
        (outcome,) = await send(SmtpWay("m", settings(sink, security=security)))
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.UNREACHABLE
        assert outcome.scope is Scope.CONNECTOR
        assert "certificate" in outcome.detail.lower()
        unchecked = settings(sink, security=security, verify=False)
        assert await send(SmtpWay("m", unchecked)) == [Delivered("2.0.0 kept")]


async def test_a_server_without_starttls_gets_no_mail(sink: SmtpSink) -> None:
    (outcome,) = await send(SmtpWay("m", settings(sink, security="starttls", verify=False)))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.SERVICE_ERROR
    assert not sink.mails


async def test_a_wrong_password_is_the_sites_mistake_and_kills_no_mail() -> None:
    async with SmtpSink(accounts={"u": "right-password"}) as sink:
        (outcome,) = await send(SmtpWay("m", settings(sink, username="u", password="wrong-password")))
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)
        assert "password" not in repr(outcome)


async def test_a_server_without_login_is_the_sites_mistake_too(sink: SmtpSink) -> None:
    (outcome,) = await send(SmtpWay("m", settings(sink, username="u", password="password")))
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.NOT_AUTHORISED


async def test_an_address_beyond_ascii_needs_smtputf8(sink: SmtpSink) -> None:
    (outcome,) = await send(SmtpWay("m", settings(sink)), mail(target="j\u00f6rg@example.org"))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED
    async with SmtpSink(smtputf8=True) as modern:
        assert await send(SmtpWay("m", settings(modern)), mail(target="j\u00f6rg@example.org")) == [
            Delivered("2.0.0 kept")
        ]
        assert modern.mails[0].recipients == ("j\u00f6rg@example.org",)


async def test_a_refused_address_beyond_ascii_leaves_the_connection_good(sink: SmtpSink) -> None:
    outcomes = await send(SmtpWay("m", settings(sink)), mail(1), mail(2, "j\u00f6rg@example.org"), mail(3))
    assert [type(outcome) for outcome in outcomes] == [Delivered, GiveUp, Delivered]
    assert sink.connections == 1


async def test_authorities_that_cannot_be_read_are_found_at_start(sink: SmtpSink, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in ("missing.pem", "empty.pem"):
        with pytest.raises(ConnectorError, match="ca_file"):
            SmtpWay("m", settings(sink, security="tls", ca_file=tmp_path / file))


async def test_nobody_listening_concerns_the_whole_service(sink: SmtpSink) -> None:
    await sink.stop()
    (outcome,) = await send(SmtpWay("m", settings(sink)))
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.UNREACHABLE, Scope.CONNECTOR)
