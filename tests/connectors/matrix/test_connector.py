"""The connector against a real homeserver."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from headgate.connectors.matrix.connector import MatrixConnector
from headgate.connectors.matrix.settings import MatrixSettings
from headgate.connectors.samples import FAILED, SUCCEEDED
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Outcome, Scope, TryAgain
from headgate.testing.conformance.expected import MESSAGE
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.conformance.observers import Commits
from headgate.testing.http.sink import Answer, Behaviour, Hang, HttpSink
from headgate.testing.matrix.fake import FakeHomeserver, refusal
from headgate.testing.matrix.person import Person
from headgate.testing.matrix.synapse import PROGRAM, SERVER_NAME, SynapseServer

LIMIT = refusal(429, "M_LIMIT_EXCEEDED", "slow", retry_after_ms=1500)


def connector_of(url: str, token: str, **settings: Any) -> MatrixConnector:
    """Make a connector."""
    return MatrixConnector("matrix", MatrixSettings(homeserver=url, token=token, **settings))


@pytest.fixture
async def connector(synapse: SynapseServer, bot: Person) -> AsyncIterator[MatrixConnector]:
    made = connector_of(synapse.url, bot.token)
    yield made
    await made.aclose()


@pytest.fixture
async def cautious(synapse: SynapseServer, bot: Person) -> AsyncIterator[MatrixConnector]:
    """A connector that follows no invitation."""
    made = connector_of(synapse.url, bot.token, join="nobody")
    yield made
    await made.aclose()


async def send(connector: MatrixConnector, target: str, key: str = "key-1", **message: Any) -> Outcome:
    return await connector.send(Envelope(target, message.get("message", MESSAGE), key), Commits())


def refusal_of(outcome: Outcome) -> str:
    assert isinstance(outcome, GiveUp), outcome
    assert outcome.reason is Reason.TARGET_REFUSED
    return outcome.detail


async def test_a_message_is_read_in_the_room(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    outcome = await send(connector, room, message=FAILED)
    (event,) = await ada.events(room, of=bot.user)
    assert outcome == Delivered(event["event_id"])
    assert event["content"]["msgtype"] == "m.notice"
    assert event["content"]["m.mentions"] == {}
    assert event["content"]["body"].startswith("\u2716 Failed (exit code 2): job 1051492")


async def test_the_same_delivery_sent_again_is_shown_once(
    synapse: SynapseServer, connector: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    first = await send(connector, room)
    again = connector_of(synapse.url, bot.token)
    second = await send(again, room)
    await again.aclose()
    assert first == second
    assert len(await ada.events(room, of=bot.user)) == 1
    await send(connector, room, "key-2")
    assert len(await ada.events(room, of=bot.user)) == 2


async def test_an_alias_is_followed(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    alias = ada.user.removeprefix("@").partition(":")[0]
    room = await ada.make_room(bot.user, alias=alias)
    await bot.join(room)
    assert isinstance(await send(connector, f"#{alias}:{SERVER_NAME}"), Delivered)
    assert len(await ada.events(room, of=bot.user)) == 1


async def test_an_alias_that_is_not_there_is_refused(connector: MatrixConnector) -> None:
    assert "M_NOT_FOUND" in refusal_of(await send(connector, f"#nowhere:{SERVER_NAME}"))


async def test_a_room_without_invitation_is_refused(connector: MatrixConnector, ada: Person) -> None:
    assert "was never invited" in refusal_of(await send(connector, await ada.make_room()))


@pytest.mark.parametrize("room", ["!nothing:test.local", "!nothing", "!nothing:elsewhere.example"])
async def test_a_room_that_is_not_there_is_refused(connector: MatrixConnector, room: str) -> None:
    assert "no such room" in refusal_of(await send(connector, room))


async def test_an_invitation_of_the_same_server_is_followed(
    connector: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user)
    assert isinstance(await send(connector, room), Delivered)
    assert len(await ada.events(room, of=bot.user)) == 1


async def test_an_invitation_is_not_followed_where_that_is_not_allowed(
    cautious: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user)
    assert f"invited by {ada.user} and may not join" in refusal_of(await send(cautious, room))
    assert (await ada.membership(room, bot.user))["membership"] == "invite"


async def test_who_removed_the_bot_is_told(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    assert isinstance(await send(connector, room), Delivered)
    await ada.kick(room, bot.user, reason="too loud")
    detail = refusal_of(await send(connector, room, "key-2"))
    assert f"removed from the room by {ada.user}: too loud" in detail


async def test_a_ban_is_told(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    await ada.kick(room, bot.user, ban=True)
    assert f"banned from the room by {ada.user}" in refusal_of(await send(connector, room))


async def test_a_room_that_the_bot_left_is_told(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    await bot.leave(room)
    assert "has left the room" in refusal_of(await send(connector, room))


async def test_a_room_in_which_the_bot_may_not_speak_is_refused(
    connector: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    await ada.ask("PUT", f"/rooms/{room}/state/m.room.power_levels/", {"events_default": 50})
    assert "not allowed to speak" in refusal_of(await send(connector, room))


async def test_where_a_replaced_room_went_is_told(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    await bot.join(room)
    new = (await ada.ask("POST", f"/rooms/{room}/upgrade", {"new_version": "12"}))["replacement_room"]
    assert f"replaced by {new}" in refusal_of(await send(connector, room))


async def test_an_encrypted_room_is_refused_and_nothing_is_written_there(
    connector: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user, encrypted=True)
    await bot.join(room)
    assert "encrypt" in refusal_of(await send(connector, room))
    assert not await ada.events(room, of=bot.user)


async def test_an_invitation_to_an_encrypted_room_is_not_followed(
    connector: MatrixConnector, ada: Person, bot: Person
) -> None:
    room = await ada.make_room(bot.user, encrypted=True)
    assert "encrypt" in refusal_of(await send(connector, room))
    assert (await ada.membership(room, bot.user))["membership"] == "invite"


async def test_a_token_that_is_not_known_concerns_the_whole_connector(synapse: SynapseServer) -> None:
    stranger = connector_of(synapse.url, "syt_unknown_token")
    outcome = await send(stranger, "!room:test.local")
    await stranger.aclose()
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (Reason.NOT_AUTHORISED, Scope.CONNECTOR)


async def test_hostile_texts_are_taken(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    for number, (name, text) in enumerate(HOSTILE.items()):
        assert isinstance(await send(connector, room, f"key-{number}", message=hostile_message(text)), Delivered), name


async def test_a_crowded_message_is_taken(connector: MatrixConnector, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    assert isinstance(await send(connector, room, message=crowded_message()), Delivered)


async def test_a_picture_follows_once(synapse: SynapseServer, ada: Person, bot: Person) -> None:
    room = await ada.make_room(bot.user)
    connector = connector_of(synapse.url, bot.token, picture=True, notify=True)
    for _ in range(2):
        assert isinstance(await send(connector, room, message=SUCCEEDED), Delivered)
    await connector.aclose()
    text, image = await ada.events(room, of=bot.user)
    assert text["content"]["msgtype"] == "m.text"
    assert image["content"]["msgtype"] == "m.image"
    assert image["content"]["url"].startswith(f"mxc://{SERVER_NAME}/")
    assert (image["content"]["info"]["w"], image["content"]["info"]["h"]) == (720, 208)


async def test_synapse_says_how_long_to_wait() -> None:
    if not PROGRAM.exists():
        pytest.skip("Synapse is not installed in .counterparts")
    with SynapseServer(slow=True) as server:
        async with Person(server.url, f"@ada:{SERVER_NAME}", server.register("ada")) as ada:
            room = await ada.make_room()
            connector = connector_of(server.url, ada.token)
            outcomes = [await send(connector, room, f"key-{number}") for number in range(15)]
            await connector.aclose()
    refused = [outcome for outcome in outcomes if not isinstance(outcome, Delivered)]
    assert refused
    for outcome in refused:
        assert isinstance(outcome, TryAgain)
        assert (outcome.reason, outcome.scope) == (Reason.RATE_LIMITED, Scope.CONNECTOR)
        assert outcome.after is not None
        assert 0 < outcome.after <= 6


@pytest.mark.parametrize(
    "target", ["@ada:test.local", "room", "#room", "!", "!a b:c", "!room:", "#a:b:c:d", "!x:y/../z"]
)
async def test_what_is_no_room_is_no_target(target: str) -> None:
    connector = connector_of("http://localhost", "token")
    with pytest.raises(RecipientError):
        connector.check_target(target)
    await connector.aclose()


@pytest.mark.parametrize(
    ("answer", "reason", "scope"),
    [
        pytest.param(Hang(), Reason.TIMEOUT, Scope.RECIPIENT, id="silence"),
        pytest.param(Answer(200, {}, b"<html>"), Reason.BAD_ANSWER, Scope.RECIPIENT, id="no answer of Matrix"),
        pytest.param(Answer(404, {}, b"nginx"), Reason.SERVICE_ERROR, Scope.CONNECTOR, id="no homeserver"),
        pytest.param(Answer(302, {"Location": "/x"}), Reason.SERVICE_ERROR, Scope.CONNECTOR, id="redirect"),
        pytest.param(refusal(404, "M_UNRECOGNIZED", "no"), Reason.SERVICE_ERROR, Scope.CONNECTOR, id="no such call"),
        pytest.param(Answer(502, {}, b"bad"), Reason.SERVICE_ERROR, Scope.RECIPIENT, id="gateway"),
        pytest.param(
            refusal(429, "M_LIMIT_EXCEEDED", "slow", retry_after_ms=1500),
            Reason.RATE_LIMITED,
            Scope.CONNECTOR,
            id="limit",
        ),
    ],
)
async def test_trouble_before_the_sending_is_told_and_nothing_is_committed(
    answer: Behaviour, reason: Reason, scope: Scope
) -> None:
    async with HttpSink(default=answer) as sink:
        connector = connector_of(sink.url, "token", timeout=0.5)
        commits = Commits()
        outcome = await connector.send(Envelope("!room:test.local", MESSAGE, "key"), commits)
        await connector.aclose()
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.scope) == (reason, scope)
    assert commits.number == 0


async def test_encryption_is_asked_for_once_in_some_minutes() -> None:
    async with FakeHomeserver("token") as fake:
        connector = connector_of(fake.url, "token")
        for number in range(3):
            assert isinstance(await send(connector, fake.room, f"key-{number}"), Delivered)
        await connector.aclose()
        asked = [request.path for request in fake.sink.requests if "encryption" in request.path]
    assert len(asked) == 1


async def test_a_site_s_template_is_the_body(tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text("<p>Ours: {{ message.summary }} for {{ message.job.user }}</p>\n")
    async with FakeHomeserver("token") as fake:
        connector = connector_of(fake.url, "token", templates=tmp_path)
        await send(connector, fake.room, message=hostile_message(HOSTILE["markup"]).model_copy(update={"digest": ()}))
        await connector.aclose()
    (event,) = fake.taken
    assert "<p>Ours: &lt;script&gt;" in event.content["formatted_body"]


async def test_a_picture_that_fails_does_not_fail_the_message() -> None:
    async with FakeHomeserver("token") as fake:
        connector = connector_of(fake.url, "token", picture=True)
        with structlog.testing.capture_logs() as entries:
            outcome = await send(connector, fake.room, message=SUCCEEDED)
        await connector.aclose()
    assert isinstance(outcome, Delivered)
    assert [entry["event"] for entry in entries] == ["matrix.picture_failed"]
    assert len(fake.taken) == 1
