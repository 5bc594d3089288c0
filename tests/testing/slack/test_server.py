"""The played Slack, spoken to by Slack's own library: what it takes and pushes is what that library means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from headgate.testing.slack.server import FakeSlack
from headgate.testing.slack.workspace import APP_TOKEN, BOT_TOKEN, BOT_USER


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack() as slack:
        yield slack


def client(slack: FakeSlack, token: str = BOT_TOKEN) -> AsyncWebClient:
    return AsyncWebClient(token, base_url=f"{slack.base_url}/", retry_handlers=[])


async def test_slacks_own_library_posts_to_it(slack: FakeSlack) -> None:
    own = await client(slack).auth_test()
    assert own["user_id"] == BOT_USER
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}]
    answer = await client(slack).chat_postMessage(channel="#general", text="Hello", blocks=blocks)
    assert answer["channel"] == "C0GENERAL"
    assert slack.workspace.posts[0].arguments["blocks"] == blocks


async def test_slacks_own_library_listens_to_it(slack: FakeSlack) -> None:
    heard: list[SocketModeRequest] = []

    async def take(listening: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        await listening.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    listening = SocketModeClient(APP_TOKEN, web_client=client(slack))
    listening.socket_mode_request_listeners.append(take)
    await listening.connect()  # type: ignore[no-untyped-call]
    try:
        envelope = await slack.say("U0ADA", "hello")
        pressed = await slack.press("U0ADA", "jobs", channel="D0ADA")
    finally:
        await listening.close()  # type: ignore[no-untyped-call]
        await asyncio.sleep(0)
    assert [each.envelope_id for each in heard] == [envelope, pressed] == slack.acknowledged
    assert heard[0].payload["event"]["text"] == "hello"
    assert heard[1].payload["actions"][0]["value"] == "jobs"
    assert slack.mistakes == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"channel": "C0GENERAL"}, "no_text"),
        ({"channel": "C0GENERAL", "text": "x", "colour": "red"}, "invalid_arguments"),
        ({"channel": "C0GENERAL", "text": 5}, "invalid_arguments"),
        ({"channel": "C0GENERAL", "text": "x" * 4001}, "msg_too_long"),
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "C0SECRET", "text": "x"}, "not_in_channel"),
        ({"channel": "C0OLD", "text": "x"}, "is_archived"),
        ({"channel": "C0GENERAL", "text": "x", "attachments": [{"text": "x"}]}, "invalid_attachments"),
        (
            {"channel": "C0GENERAL", "text": "x", "attachments": [{"color": "#12", "blocks": [{}]}]},
            "invalid_attachments",
        ),
        ({"channel": "C0GENERAL", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_format"),
    ],
    ids=str,
)
async def test_a_wrong_message_is_refused_with_slacks_word(
    slack: FakeSlack, arguments: dict[str, object], code: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client(slack).api_call("chat.postMessage", json=arguments)
    assert caught.value.response["error"] == code
    assert slack.workspace.posts == []


PLAIN = {"type": "plain_text", "text": "x"}
BUTTON = {"type": "button", "action_id": "a", "text": PLAIN}
WRONG_BLOCKS: dict[str, list[dict[str, object]]] = {
    "unknown": [{"type": "sektion"}],
    "51 blocks": [{"type": "divider"}] * 51,
    "long header": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "markup in a header": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "long section": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
    "empty section": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}],
    "11 fields": [{"type": "section", "fields": [PLAIN] * 11}],
    "long field": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
    "unknown key": [{"type": "divider", "colour": "red"}],
    "two buttons of one name": [{"type": "actions", "elements": [BUTTON, BUTTON]}],
    "no button": [{"type": "actions", "elements": []}],
    "button's style": [{"type": "actions", "elements": [{**BUTTON, "style": "red"}]}],
    "empty rich text": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}],
    "empty words": [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]}
    ],
    "script": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "javascript:x"}]}],
        }
    ],
}


@pytest.mark.parametrize("name", WRONG_BLOCKS)
async def test_blocks_that_are_wrong_are_refused(slack: FakeSlack, name: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client(slack).chat_postMessage(channel="C0GENERAL", text="x", blocks=WRONG_BLOCKS[name])
    assert caught.value.response["error"] == "invalid_blocks"


async def test_blocks_that_are_too_long_together_are_refused(slack: FakeSlack) -> None:
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": "x" * 3000}}] * 5
    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        await client(slack).chat_postMessage(channel="C0GENERAL", text="x", blocks=blocks)


@pytest.mark.parametrize(
    ("token", "code"), [("", "not_authed"), ("xoxb-9", "invalid_auth"), (APP_TOKEN, "not_allowed_token_type")]
)
async def test_a_wrong_token_is_refused(slack: FakeSlack, token: str, code: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client(slack, token).chat_postMessage(channel="C0GENERAL", text="x")
    assert caught.value.response["error"] == code


async def test_a_rate_limit_has_its_status_and_header(slack: FakeSlack) -> None:
    slack.workspace.slow_down(7)
    with pytest.raises(SlackApiError) as caught:
        await client(slack).chat_postMessage(channel="C0GENERAL", text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "7"


async def test_an_ephemeral_message_is_for_somebody_in_the_channel(slack: FakeSlack) -> None:
    await client(slack).chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="x")
    with pytest.raises(SlackApiError, match="user_not_in_channel"):
        await client(slack).chat_postEphemeral(channel="C0GENERAL", user="U0EVE", text="x")
    assert [post.seen_by for post in slack.workspace.posts] == ["U0ADA"]


async def test_a_sockets_address_is_good_once(slack: FakeSlack) -> None:
    answer = await client(slack, APP_TOKEN).apps_connections_open(app_token=APP_TOKEN)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(answer["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await socket.send_str('{"envelope_id": "never-sent"}')
            await slack.until(lambda: bool(slack.mistakes))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(answer["url"])
