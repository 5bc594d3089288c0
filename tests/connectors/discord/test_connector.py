from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from headgate.connectors.discord.connector import DiscordConnector
from headgate.connectors.discord.kind import KIND
from headgate.connectors.discord.rendering import PICTURE
from headgate.connectors.discord.settings import DiscordSettings
from headgate.connectors.samples import DIGEST, FAILED
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome, Renders, Scope, TryAgain
from headgate.testing.discord.limits import Bucket, banned, too_many
from headgate.testing.discord.server import CHANNEL, PERSON, TOKEN, FakeDiscord
from headgate.testing.http.sink import Answer, AnswerRaw, HttpSink

BOT = {"enabled": True, "commands": ["output", "mute"]}


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord(clock=clock) as fake:
        yield fake


async def commit() -> None:
    """Nothing to wait for."""


def connector(fake: FakeDiscord, **changes: object) -> DiscordConnector:
    """Make a connector that talks to the fake."""
    given = {"token": TOKEN, "url": fake.url, "timeout": 2.0}
    return DiscordConnector("discord", DiscordSettings.model_validate(given | changes))


async def send(
    discord: DiscordConnector, target: str = CHANNEL, message: Message = FAILED, key: str = "key-1"
) -> Outcome:
    """Send once, and close."""
    outcome = await discord.send(Envelope(target, message, key), commit)
    await discord.aclose()
    return outcome


async def test_a_message_is_posted_as_the_bot(fake: FakeDiscord) -> None:
    outcome = await send(connector(fake))
    (taken,) = fake.messages
    assert outcome == Delivered(taken.id)
    (request,) = fake.sink.requests
    assert request.path == f"/api/v10/channels/{CHANNEL}/messages"
    assert request.headers["authorization"] == f"Bot {TOKEN}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("DiscordBot (")
    assert taken.payload["enforce_nonce"] is True


async def test_a_digest_is_posted(fake: FakeDiscord) -> None:
    assert isinstance(await send(connector(fake), message=DIGEST), Delivered)


async def test_the_same_delivery_sent_twice_is_shown_once(fake: FakeDiscord) -> None:
    first = await send(connector(fake))
    assert await send(connector(fake)) == first
    assert len(fake.messages) == 1


async def test_a_nonce_is_forgotten_after_some_minutes_so_repeating_is_not_safe(
    fake: FakeDiscord, clock: Clock
) -> None:
    await send(connector(fake))
    clock.now = 3600.0
    await send(connector(fake))
    assert len(fake.messages) == 2
    assert not DiscordConnector.repeat_safe


async def test_a_private_channel_is_opened_once(fake: FakeDiscord) -> None:
    discord = connector(fake)
    for number in range(3):
        outcome = await discord.send(Envelope(f"user/{PERSON}", FAILED, f"key-{number}"), commit)
        assert isinstance(outcome, Delivered)
    await discord.aclose()
    assert fake.opened == [PERSON]
    assert {taken.channel for taken in fake.messages} == {fake.private[PERSON]}


async def test_a_person_who_is_not_there_is_given_up(fake: FakeDiscord) -> None:
    outcome = await send(connector(fake), "user/1050000000000000999")
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "HTTP 400: Invalid Recipient(s) (50033)")


async def test_a_private_channel_that_is_refused_is_asked_for_again(fake: FakeDiscord) -> None:
    fake.refusals[PERSON] = (403, 50007, "Cannot send messages to this user")
    discord = connector(fake)
    for number in range(2):
        outcome = await discord.send(Envelope(f"user/{PERSON}", FAILED, f"key-{number}"), commit)
        assert isinstance(outcome, GiveUp)
    await discord.aclose()
    assert fake.opened == [PERSON, PERSON]


async def test_opening_a_private_channel_is_not_committed_to(fake: FakeDiscord) -> None:
    async def never() -> None:
        raise AssertionError("committed")

    discord = connector(fake)
    fake.people.clear()
    outcome = await discord.send(Envelope(f"user/{PERSON}", FAILED, "key-1"), never)
    await discord.aclose()
    assert isinstance(outcome, GiveUp)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"],
    ids=["broken off", "without id"],
)
async def test_a_private_channel_without_an_id_is_no_place_to_write(answer: bytes) -> None:
    async with HttpSink(default=AnswerRaw(answer)) as sink:
        settings = DiscordSettings.model_validate({"token": TOKEN, "url": sink.url})
        outcome = await send(DiscordConnector("discord", settings), f"user/{PERSON}")
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.BAD_ANSWER
        assert len(sink.requests) == 1


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ((403, 50001, "Missing Access"), "HTTP 403: Missing Access (50001)"),
        ((403, 50013, "Missing Permissions"), "HTTP 403: Missing Permissions (50013)"),
    ],
    ids=["access", "permissions"],
)
async def test_a_channel_that_the_bot_may_not_write_to_is_given_up(
    fake: FakeDiscord, refusal: tuple[int, int, str], words: str
) -> None:
    fake.refusals[CHANNEL] = refusal
    assert await send(connector(fake)) == GiveUp(Reason.TARGET_REFUSED, words)


async def test_a_channel_that_is_not_there_is_given_up(fake: FakeDiscord) -> None:
    outcome = await send(connector(fake), "1050000000000000999")
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "HTTP 404: Unknown Channel (10003)")


async def test_a_refused_token_concerns_all_and_kills_no_message(fake: FakeDiscord) -> None:
    outcome = await send(connector(fake, token="an-other-token-0123456789"))
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)


async def test_an_address_that_is_not_discords_kills_no_message(fake: FakeDiscord) -> None:
    outcome = await send(connector(fake, url=f"{fake.url}/elsewhere"))
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.BAD_ANSWER, Scope.CONNECTOR)


async def test_a_limit_of_one_channel_is_passed_on_with_its_wait(fake: FakeDiscord, clock: Clock) -> None:
    fake.limits = Bucket(1, 5.0)
    fake.channels.add("1050000000000000101")
    discord = connector(fake)
    assert isinstance(await discord.send(Envelope(CHANNEL, FAILED, "key-1"), commit), Delivered)
    clock.now = 1.25
    refused = await discord.send(Envelope(CHANNEL, FAILED, "key-2"), commit)
    assert isinstance(refused, TryAgain)
    assert (refused.reason, refused.after, refused.scope) == (Reason.RATE_LIMITED, 3.75, Scope.RECIPIENT)
    other = await discord.send(Envelope("1050000000000000101", FAILED, "key-3"), commit)
    assert isinstance(other, Delivered)
    clock.now = 5.0
    assert isinstance(await discord.send(Envelope(CHANNEL, FAILED, "key-2"), commit), Delivered)
    await discord.aclose()


@pytest.mark.parametrize("answer", [too_many(2.5, "global"), banned(600)], ids=["global", "cloudflare"])
async def test_a_limit_of_the_whole_bot_stops_all(fake: FakeDiscord, answer: object) -> None:
    fake.script(answer)  # type: ignore[arg-type]
    outcome = await send(connector(fake))
    assert isinstance(outcome, TryAgain)
    assert outcome.scope is Scope.CONNECTOR
    assert outcome.after in (2.5, 600.0)


async def test_buttons_are_there_where_the_bot_listens(fake: FakeDiscord) -> None:
    await send(connector(fake))
    await send(connector(fake, bot=BOT), key="key-2")
    without, with_bot = fake.messages
    assert "components" not in without.payload
    (row,) = with_bot.payload["components"]
    assert [button["custom_id"] for button in row["components"]] == ["output 1051492", "mute 2h"]


async def test_a_picture_comes_in_the_same_request(fake: FakeDiscord) -> None:
    assert isinstance(await send(connector(fake, picture=True)), Delivered)
    (taken,) = fake.messages
    assert len(fake.sink.requests) == 1
    assert taken.files[PICTURE].startswith(b"\x89PNG")
    assert taken.payload["embeds"][0]["image"] == {"url": f"attachment://{PICTURE}"}


async def test_a_message_is_sent_without_its_picture_rather_than_not_at_all(fake: FakeDiscord) -> None:
    body = json.dumps({"message": "Missing Permissions", "code": 50013}).encode()
    fake.script(Answer(403, body=body))
    assert isinstance(await send(connector(fake, picture=True)), Delivered)
    (taken,) = fake.messages
    assert not taken.files
    assert "CPU" in json.dumps(taken.payload["embeds"])


async def test_a_picture_is_not_sent_twice_where_the_service_is_only_down(fake: FakeDiscord) -> None:
    fake.script(AnswerRaw(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"))
    assert isinstance(await send(connector(fake, picture=True)), TryAgain)
    assert not fake.messages


async def test_a_sites_template_stands_in_the_embed_escaped(fake: FakeDiscord, tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text("**Oh no**: {{ message.job.name }} for {{ target }}\n")
    await send(connector(fake, templates=tmp_path))
    (embed,) = fake.messages[0].payload["embeds"]
    assert embed["description"] == f"**Oh no**: train\\_model for {CHANNEL}"


def test_a_template_that_fails_is_found_at_start(tmp_path: Path) -> None:
    (tmp_path / "message.j2").write_text("{{ message.title | no_such_filter }}")
    with pytest.raises(ConnectorError, match=r"message\.j2"):
        DiscordConnector("discord", DiscordSettings.model_validate({"token": TOKEN, "templates": tmp_path}))


async def test_a_rendition_is_what_would_be_sent(fake: FakeDiscord) -> None:
    discord = connector(fake, picture=True)
    assert isinstance(discord, Renders)
    rendition = discord.render(Envelope(CHANNEL, FAILED, "key-1"))
    await send(discord)
    assert json.loads(rendition.payload) == fake.messages[0].payload
    assert rendition.suffix == ".json"
    assert rendition.pictures == fake.messages[0].files
    assert TOKEN not in rendition.payload + rendition.html
    with pytest.raises(RecipientError):
        discord.render(Envelope("general", FAILED, "key-1"))


async def test_proxies_of_the_environment_are_not_used(fake: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(await send(connector(fake)), Delivered)


async def test_a_proxy_that_is_set_is_used(fake: FakeDiscord) -> None:
    discord = connector(fake, url="http://discord.invalid/api", proxy=fake.sink.url)
    await send(discord)
    assert fake.sink.requests[0].path == f"http://discord.invalid/api/v10/channels/{CHANNEL}/messages"


async def test_many_people_are_written_to_over_few_connections(fake: FakeDiscord) -> None:
    discord = connector(fake, concurrency=4)
    envelopes = [Envelope(CHANNEL, FAILED, f"key-{number}") for number in range(30)]
    outcomes = await asyncio.gather(*(discord.send(envelope, commit) for envelope in envelopes))
    await discord.aclose()
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert fake.sink.connections <= 6


def test_the_kind_has_a_bot() -> None:
    assert KIND.settings is DiscordSettings
    assert KIND.listen is not None
