"""Mail through a played Gmail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from headgate.connectors import samples
from headgate.connectors.mailto.connector import MailtoConnector
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.errors import ConnectorError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, Outcome, Scope, TryAgain
from headgate.testing.gmail.google import PlayedGoogle
from headgate.testing.http.sink import Answer, Hang

USER = "slurm@example.org"
ENVELOPE = Envelope("ada@example.org", samples.FAILED, "key-1")


@pytest.fixture
async def google() -> AsyncIterator[PlayedGoogle]:
    async with PlayedGoogle((USER, "robot@example.org")) as google:
        yield google


def connector_for(google: PlayedGoogle, **settings: object) -> MailtoConnector:
    """Make a connector that talks to a played Google."""
    given = {
        "transport": "gmail",
        "gmail_key": google.key_file,
        "gmail_url": google.url,
        "from_address": USER,
        "timeout": 2,
    }
    return MailtoConnector("mailto", MailtoSettings.model_validate(given | settings))


@pytest.fixture
async def connector(google: PlayedGoogle) -> AsyncIterator[MailtoConnector]:
    connector = connector_for(google)
    yield connector
    await connector.aclose()


class Commits:
    """Counts how often something was about to be sent."""

    number = 0

    async def __call__(self) -> None:
        self.number += 1


async def send(connector: MailtoConnector, envelope: Envelope = ENVELOPE) -> Outcome:
    """Send a mail."""
    return await connector.send(envelope, Commits())


async def test_gmail_gets_the_very_mail_a_mail_server_would(google: PlayedGoogle, connector: MailtoConnector) -> None:
    outcome = await send(connector)
    assert isinstance(outcome, Delivered)
    assert outcome.reference
    (mail,) = google.mails
    assert mail.user == USER
    assert mail.raw == connector.compose(ENVELOPE, ENVELOPE.target).content
    assert mail.raw.decode() == connector.render(ENVELOPE).payload
    assert mail.message["Message-ID"] == "<key-1@example.org>"
    assert mail.message["Subject"] == samples.FAILED.title
    assert mail.message.get_body(("plain",)) is not None


async def test_one_token_serves_many_mails_at_once(google: PlayedGoogle, connector: MailtoConnector) -> None:
    outcomes = await asyncio.gather(*(send(connector) for _ in range(8)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert len(google.mails) == 8
    assert google.asked == 1


async def test_a_token_near_its_end_is_replaced(google: PlayedGoogle, connector: MailtoConnector) -> None:
    google.lifetime = 299
    for _ in range(3):
        assert isinstance(await send(connector), Delivered)
    assert google.asked == 3


async def test_a_token_that_google_has_withdrawn_is_replaced_at_the_next_attempt(
    google: PlayedGoogle, connector: MailtoConnector
) -> None:
    assert isinstance(await send(connector), Delivered)
    google.tokens.clear()
    outcome = await send(connector)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.NOT_AUTHORISED
    assert isinstance(await send(connector), Delivered)
    assert google.asked == 2


async def test_the_mailbox_may_be_another_than_the_sender_s_address(google: PlayedGoogle) -> None:
    connector = connector_for(google, gmail_user="robot@example.org")
    assert isinstance(await send(connector), Delivered)
    await connector.aclose()
    assert google.mails[0].user == "robot@example.org"
    assert google.mails[0].message["From"].addresses[0].addr_spec == USER


async def test_without_delegation_nothing_is_sent_and_all_mails_wait(google: PlayedGoogle) -> None:
    connector = connector_for(google, gmail_user="eve@example.org")
    commit = Commits()
    outcome = await connector.send(ENVELOPE, commit)
    await connector.aclose()
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)
    assert "Invalid email or User ID" in outcome.detail
    assert commit.number == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(503), Reason.SERVICE_ERROR),
        (Answer(200, body=b"<html>"), Reason.BAD_ANSWER),
        (Answer(200, body=b'{"access_token":"a b","expires_in":3599}'), Reason.BAD_ANSWER),
        (Answer(200, body=b'{"access_token":"a","expires_in":"x"}'), Reason.BAD_ANSWER),
        (Hang(), Reason.TIMEOUT),
    ],
    ids=["down", "no json", "no token", "no time", "silence"],
)
async def test_a_token_that_does_not_come_is_asked_for_again(
    google: PlayedGoogle, answer: Answer | Hang, reason: Reason
) -> None:
    google.script_tokens(answer)
    connector = connector_for(google, timeout=0.5)
    outcome = await send(connector)
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (reason, Scope.CONNECTOR)
    assert isinstance(await send(connector), Delivered)
    await connector.aclose()


def test_a_key_that_cannot_be_used_is_found_at_start_and_not_shown() -> None:
    key = {"type": "service_account", "client_email": "a@b", "token_uri": "https://x/", "private_key_id": "1"}
    for text in ("secret", "[]", json.dumps(key), json.dumps({**key, "private_key": "secret"})):
        given = {"transport": "gmail", "gmail_key": text, "from_address": USER}
        with pytest.raises(ConnectorError, match="gmail_key") as caught:
            MailtoConnector("mailto", MailtoSettings.model_validate(given))
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"transport": "gmail"},
        {"transport": "gmail", "gmail_key": "x", "host": "mail.example.org"},
        {"transport": "gmail", "gmail_key": "x", "command": ["/bin/true"]},
        {"gmail_key": "x"},
        {"transport": "command"},
        {"transport": "smtp", "command": ["/bin/true"]},
        {"transport": "smtp", "gmail_user": "a@example.org"},
        {"transport": "gmail", "gmail_key": "x", "gmail_user": "no address"},
    ],
    ids=[
        "no key",
        "a host",
        "a command",
        "no transport",
        "no command",
        "smtp and a command",
        "smtp and a user",
        "no user",
    ],
)
def test_settings_of_two_ways_do_not_mix(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        MailtoSettings.model_validate({"from_address": USER, **settings})


def test_mails_go_slowly_by_gmail_unless_the_site_says_otherwise() -> None:
    given: dict[str, object] = {"transport": "gmail", "gmail_key": "x", "from_address": USER}
    assert MailtoSettings.model_validate(given).rate == 2.0
    assert MailtoSettings.model_validate(given | {"rate": 5}).rate == 5.0
    assert MailtoSettings.model_validate({"from_address": USER}).rate == 20.0
