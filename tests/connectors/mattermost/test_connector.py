from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from headgate.connectors.mattermost.connector import MattermostConnector
from headgate.connectors.mattermost.settings import MattermostSettings
from headgate.connectors.samples import DIGEST, FAILED, SAMPLES, SUCCEEDED
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, GiveUp, Renders, TryAgain
from headgate.testing.conformance.observers import Commits
from headgate.testing.http.sink import Answer
from headgate.testing.mattermost import FakeMattermost


@pytest.fixture
async def server() -> AsyncIterator[FakeMattermost]:
    async with FakeMattermost() as server:
        yield server


def connector_to(server: FakeMattermost, **settings: Any) -> MattermostConnector:
    return MattermostConnector(
        "chat", MattermostSettings.model_validate({"url": server.url, "token": server.token, "timeout": 5, **settings})
    )


async def send(connector: MattermostConnector, target: str, key: str = "key-1") -> object:
    try:
        return await connector.send(Envelope(target, FAILED, key), Commits())
    finally:
        await connector.aclose()


async def test_a_person_is_told_in_the_channel_they_share_with_the_bot(server: FakeMattermost) -> None:
    ada = server.world.add_user("ada")
    outcome = await send(connector_to(server), "@Ada")
    assert outcome == Delivered(server.posts[0]["id"])
    assert server.posts[0]["channel_id"] == server.world.direct_channel(ada, server.world.bot).id


async def test_an_execution_that_waits_says_what_can_be_said_to_the_bot(server: FakeMattermost) -> None:
    server.world.add_user("ada")
    connector = connector_to(server, bot={"enabled": True, "commands": ["approve", "refuse"]})
    asking = FAILED.model_copy(update={"execution": 12})
    await connector.send(Envelope("@ada", asking, "key-1"), Commits())
    await connector.aclose()
    assert "You can say to the bot: approve 12, or refuse 12" in json.dumps(server.posts[0])


async def test_a_channel_is_found_by_its_names(server: FakeMattermost) -> None:
    channel = server.world.add_channel("hpc", "jobs", server.world.bot)
    assert isinstance(await send(connector_to(server), "hpc/jobs"), Delivered)
    assert server.posts[0]["channel_id"] == channel.id


@pytest.mark.parametrize("target", ["@nobody", "hpc/nothing", "z" * 26])
async def test_whom_there_is_not_nobody_tries_again(server: FakeMattermost, target: str) -> None:
    outcome = await send(connector_to(server), target)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


async def test_a_deactivated_account_is_refused(server: FakeMattermost) -> None:
    server.world.add_user("ada").delete_at = 1
    outcome = await send(connector_to(server), "@ada")
    assert outcome == GiveUp(Reason.TARGET_REFUSED, "the account of @ada is deactivated")


async def test_a_channel_without_the_bot_refuses_it(server: FakeMattermost) -> None:
    channel = server.world.add_channel("hpc", "private", kind="P")
    outcome = await send(connector_to(server), channel.id)
    assert isinstance(outcome, GiveUp)
    assert "api.context.permissions.app_error" in outcome.detail


async def test_an_archived_channel_refuses_for_good(server: FakeMattermost) -> None:
    channel = server.world.add_channel("hpc", "old", server.world.bot)
    channel.delete_at = 1
    outcome = await send(connector_to(server), channel.id)
    assert isinstance(outcome, GiveUp)
    assert outcome.reason is Reason.TARGET_REFUSED


async def test_names_are_asked_for_once_and_again_after_a_refusal(server: FakeMattermost) -> None:
    old = server.world.add_channel("hpc", "jobs", server.world.bot)
    connector = connector_to(server)
    assert isinstance(await connector.send(Envelope("hpc/jobs", FAILED, "key-1"), Commits()), Delivered)
    del server.world.channels[old.id]
    new = server.world.add_channel("hpc", "jobs", server.world.bot)
    assert isinstance(await connector.send(Envelope("hpc/jobs", FAILED, "key-2"), Commits()), GiveUp)
    assert isinstance(await connector.send(Envelope("hpc/jobs", FAILED, "key-3"), Commits()), Delivered)
    assert server.posts[-1]["channel_id"] == new.id
    await connector.aclose()


async def test_the_same_key_soon_after_is_the_same_post(server: FakeMattermost) -> None:
    server.world.add_user("ada")
    connector = connector_to(server)
    first = await connector.send(Envelope("@ada", FAILED, "key-1"), Commits())
    second = await connector.send(Envelope("@ada", FAILED, "key-1"), Commits())
    await connector.aclose()
    assert first == second
    assert len(server.posts) == 1


async def test_every_sample_is_taken(server: FakeMattermost) -> None:
    server.world.add_user("ada")
    connector = connector_to(server)
    for name, message in SAMPLES.items():
        assert isinstance(await connector.send(Envelope("@ada", message, name), Commits()), Delivered)
    await connector.aclose()


async def test_a_rate_limit_of_the_server_is_passed_on() -> None:
    async with FakeMattermost(per_second=0) as server:
        outcome = await send(connector_to(server), "@ada")
    assert isinstance(outcome, TryAgain)
    assert (outcome.reason, outcome.after) == (Reason.RATE_LIMITED, 1.0)


async def test_a_wrong_token_is_not_shown(server: FakeMattermost) -> None:
    outcome = await send(connector_to(server, token="wrong-token-in-the-file"), "@ada")
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.NOT_AUTHORISED


async def test_the_picture_goes_along_if_asked_for(server: FakeMattermost) -> None:
    server.world.add_user("ada")
    assert isinstance(await send(connector_to(server, picture=True), "@ada"), Delivered)
    assert [server.world.files[file][:4] for file in server.posts[0]["file_ids"]] == [b"\x89PNG"]


async def test_a_refused_picture_does_not_stop_the_text(
    server: FakeMattermost, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = server.world.add_channel("hpc", "jobs", server.world.bot)
    monkeypatch.setattr(server.world, "new_id", lambda: 5)  # an upload that is answered with nonsense
    connector = connector_to(server, picture=True)
    outcome = await connector.send(Envelope(channel.id, FAILED, "key-1"), Commits())
    await connector.aclose()
    assert outcome == Delivered()
    assert server.posts[0]["file_ids"] == []


async def test_a_message_without_bars_has_no_picture(server: FakeMattermost) -> None:
    server.world.add_user("ada")
    connector = connector_to(server, picture=True)
    await connector.send(Envelope("@ada", DIGEST, "key-1"), Commits())
    await connector.aclose()
    assert not server.world.files


async def test_a_redirect_is_not_followed(server: FakeMattermost) -> None:
    channel = server.world.add_channel("hpc", "jobs", server.world.bot)
    server.script(Answer(308, {"Location": "https://example.org/"}))
    outcome = await send(connector_to(server), channel.id)
    assert isinstance(outcome, GiveUp)


async def test_rendering_shows_the_post_and_needs_no_server(server: FakeMattermost) -> None:
    await server.stop()
    connector = connector_to(server, picture=True)
    assert isinstance(connector, Renders)
    rendition = connector.render(Envelope("@ada", FAILED, "key-1"))
    post = json.loads(rendition.payload)
    assert post["channel_id"] == "@ada"
    assert rendition.suffix == ".json"
    assert "<!doctype html>" in rendition.html
    assert rendition.pictures["efficiency.png"].startswith(b"\x89PNG")
    assert server.token not in rendition.payload + rendition.html
    with pytest.raises(RecipientError):
        connector.render(Envelope("ada", FAILED, "key-1"))
    await connector.aclose()


async def test_the_sites_template_is_the_body(server: FakeMattermost, tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text("**{{ message.job.name }}** for {{ target }}")
    connector = connector_to(server, templates=tmp_path)
    failed = json.loads(connector.render(Envelope("@ada", FAILED, "k")).payload)["props"]["attachments"][0]
    other = json.loads(connector.render(Envelope("@ada", SUCCEEDED, "k")).payload)["props"]["attachments"][0]
    await connector.aclose()
    assert failed["text"] == "**train\\_model** for @\u200bada"
    assert other["text"].startswith("The job ended well")


def test_authorities_that_are_not_there_are_found_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="ca_file"):
        MattermostConnector(
            "chat",
            MattermostSettings.model_validate(
                {"url": "https://chat.example.org", "token": "some-token", "ca_file": tmp_path / "none.pem"}
            ),
        )
