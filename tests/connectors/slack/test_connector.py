from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.connectors.samples import FAILED
from headgate.connectors.slack.connector import SlackConnector
from headgate.connectors.slack.settings import SlackSettings
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Renders, Scope, TryAgain
from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN
from tests.connectors.slack.mrkdwn import findings, markup


async def commit() -> None:
    return None


def settings(slack: FakeSlack | None = None, **more: object) -> SlackSettings:
    where = {"base_url": slack.base_url} if slack else {}
    return SlackSettings.model_validate({"token": BOT_TOKEN, **where, **more})


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


@pytest.fixture
async def connector(slack: FakeSlack) -> AsyncIterator[SlackConnector]:
    connector = SlackConnector("slack", settings(slack))
    yield connector
    await connector.aclose()


@pytest.mark.parametrize("target", ["U0ADA", "D0ADA", "C0GENERAL", "#general"])
async def test_people_conversations_and_channels_are_written_to(
    slack: FakeSlack, connector: SlackConnector, target: str
) -> None:
    outcome = await connector.send(Envelope(connector.check_target(target), FAILED, "key"), commit)
    assert isinstance(outcome, Delivered)
    post = slack.workspace.posts[0]
    assert post.channel == ("D0ADA" if target.endswith("ADA") else "C0GENERAL")
    assert outcome.reference == f"{post.channel}:{post.ts}"


@pytest.mark.parametrize(
    "target", ["c0general", "X012345", "general", "#", "#A", "# a", "U0", "@ada", "<!channel>", "C0GENERAL\n"]
)
def test_what_slack_calls_nothing_is_refused(target: str) -> None:
    with pytest.raises(RecipientError):
        SlackConnector("slack", settings()).check_target(target)


@pytest.mark.parametrize(
    ("target", "code"), [("C0SECRET", "not_in_channel"), ("C0OLD", "is_archived"), ("U0EVE", "channel_not_found")]
)
async def test_a_channel_the_bot_cannot_write_to_is_given_up_with_slacks_word(
    connector: SlackConnector, target: str, code: str
) -> None:
    assert await connector.send(Envelope(target, FAILED, "key"), commit) == GiveUp(Reason.TARGET_REFUSED, code)


async def test_a_token_without_the_scope_waits_for_the_administrator(
    slack: FakeSlack, connector: SlackConnector
) -> None:
    slack.workspace.scopes.clear()
    outcome = await connector.send(Envelope("C0GENERAL", FAILED, "key"), commit)
    assert outcome == TryAgain(Reason.NOT_AUTHORISED, "missing_scope (needs chat:write)", scope=Scope.CONNECTOR)


async def test_a_wrong_token_is_not_authorised(slack: FakeSlack) -> None:
    connector = SlackConnector("slack", settings(slack, token="xoxb-9-9-somebodyelse"))
    outcome = await connector.send(Envelope("C0GENERAL", FAILED, "key"), commit)
    await connector.aclose()
    assert outcome == TryAgain(Reason.NOT_AUTHORISED, "invalid_auth", scope=Scope.CONNECTOR)


async def test_the_second_message_within_a_channels_second_is_asked_to_wait(
    slack: FakeSlack, connector: SlackConnector
) -> None:
    slack.workspace.spacing = 60.0
    assert isinstance(await connector.send(Envelope("C0GENERAL", FAILED, "a"), commit), Delivered)
    outcome = await connector.send(Envelope("C0GENERAL", FAILED, "b"), commit)
    assert outcome == TryAgain(Reason.RATE_LIMITED, "HTTP 429: ratelimited", 60.0, Scope.CONNECTOR)
    assert isinstance(await connector.send(Envelope("U0ADA", FAILED, "c"), commit), Delivered)


async def test_an_answer_too_long_to_read_is_no_answer(slack: FakeSlack, connector: SlackConnector) -> None:
    slack.workspace.refuse("x" * 600_000)
    outcome = await connector.send(Envelope("C0GENERAL", FAILED, "key"), commit)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.BAD_ANSWER


def test_what_is_rendered_is_what_is_sent_and_a_page_shows_it() -> None:
    connector = SlackConnector("slack", settings())
    assert isinstance(connector, Renders)
    rendition = connector.render(Envelope("C0GENERAL", FAILED, "key"))
    payload = json.loads(rendition.payload)
    assert payload["channel"] == "C0GENERAL"
    assert rendition.suffix == ".json"
    for words in ("Failed (exit code 2)", "physics", "55.9 GiB", "Job page", "border-color: #b4232c"):
        assert words in rendition.html
    assert BOT_TOKEN not in rendition.payload + rendition.html


def test_the_page_shows_hostile_text_as_text() -> None:
    evil = FAILED.model_copy(update={"summary": "<script>alert(1)</script>", "title": "<img src=x> *b*"})
    page = SlackConnector("slack", settings()).render(Envelope("C0GENERAL", evil, "key")).html
    assert "<script>" not in page
    assert "<img" not in page


def test_buttons_are_there_only_where_a_bot_listens() -> None:
    envelope = Envelope("C0GENERAL", FAILED, "key")
    assert '"actions"' not in SlackConnector("slack", settings()).render(envelope).payload
    listening = settings(bot={"enabled": True, "app_token": APP_TOKEN})
    assert '"output 1051492"' in SlackConnector("slack", listening).render(envelope).payload


def test_a_sites_template_is_used_with_every_value_escaped(tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text("*Sorry* {{ message.job.user }}, {{ message.job.name }}: <https://x.org/|help>")
    connector = SlackConnector("slack", settings(templates=str(tmp_path)))
    assert FAILED.job
    evil = FAILED.model_copy(
        update={"job": FAILED.job.model_copy(update={"name": "*<!channel>* :x: https://evil.example"})}
    )
    payload = json.loads(connector.render(Envelope("C0GENERAL", evil, "key")).payload)
    body = payload["attachments"][0]["blocks"][0]["text"]["text"]
    assert body.startswith("*Sorry* ada, ")
    assert body.endswith("<https://x.org/|help>")
    assert findings(body.removeprefix("*Sorry*").removesuffix("<https://x.org/|help>")) == []
    assert findings(markup({"text": payload["text"]})) == []


def test_authorities_that_are_not_there_are_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="ca_file"):
        SlackConnector("slack", settings(ca_file=str(tmp_path / "none.pem")))
