"""The played flows refuse what must be refused: were one of these taken, nothing shown by them would count."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from headgate.connectors import samples
from headgate.connectors.msteams.rendering import payload_of
from headgate.testing.msteams.card import faults_of
from headgate.testing.msteams.flows import PlayedFlows
from tests.connectors.msteams.cards import card_of

Spoil = Callable[[dict[str, Any]], object]
SPOILT: dict[str, Spoil] = {
    "an element that is none": lambda card: card["body"].append({"type": "TextBlok", "text": "x"}),
    "text missing": lambda card: card["body"].append({"type": "TextBlock"}),
    "a weight that is none": lambda card: card["body"].append({"type": "TextBlock", "text": "x", "weight": "heavy"}),
    "a field nobody knows": lambda card: card["body"][0].update(colour="red"),
    "a table, which is of 1.5": lambda card: card["body"].append({"type": "Table", "rows": []}),
    "a version that is not shown": lambda card: card.update(version="1.5"),
    "no card": lambda card: card.update(type="MessageCard"),
    "a link without address": lambda card: card["actions"].append({"type": "Action.OpenUrl", "title": "x"}),
    "visible as text, as goslmailer had it": lambda card: card["body"][-1].update(isVisible="false"),
    "a mention of nobody": lambda card: card["msteams"].update(
        entities=[{"type": "mention", "text": "<at>eve</at>", "mentioned": {"id": "e@example.org", "name": "eve"}}]
    ),
    "a mention without a name": lambda card: card["msteams"]["entities"][0]["mentioned"].pop("name"),
    "an extension nobody knows": lambda card: card["msteams"].update(height=3),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_card_is_refused(name: str) -> None:
    card = card_of(samples.FAILED, principal="ada@example.org")
    assert faults_of(card) == []
    SPOILT[name](card)
    assert faults_of(card)


@pytest.fixture
async def flows() -> AsyncIterator[PlayedFlows]:
    async with PlayedFlows() as flows:
        flows.add("0a", "the-key")
        yield flows


async def post(url: str, payload: object, **headers: str) -> httpx2.Response:
    """Post as a stranger would."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        given = {"Content-Type": "application/json", **headers}
        return await client.post(url, content=json.dumps(payload), headers=given)


async def test_a_request_that_does_not_get_to_its_flow_is_answered_so(flows: PlayedFlows) -> None:
    url = flows.url("0a")
    asked = {
        url.replace("the-key", "a-key"): 401,
        url.replace("api-version=1&", ""): 400,
        url.replace("/0a/", "/0b/"): 404,
    }
    for address, status in asked.items():
        assert (await post(address, {})).status_code == status
    assert (await post(url, {}, **{"Content-Type": "text/plain"})).status_code == 415
    assert not flows.runs


async def test_a_message_without_a_card_is_accepted_and_not_shown(flows: PlayedFlows) -> None:
    for payload in ({"text": "hello"}, {"type": "message", "attachments": []}):
        assert (await post(flows.url("0a"), payload)).status_code == 202
    assert len(flows.runs) == 2
    assert not flows.posted


async def test_a_card_that_teams_finds_too_large_is_accepted_and_not_shown(flows: PlayedFlows) -> None:
    payload = json.loads(json.dumps(payload_of(samples.FAILED)))
    large = copy.deepcopy(payload)
    large["attachments"][0]["content"]["body"] *= 5
    for given in (payload, large):
        assert (await post(flows.url("0a"), given)).status_code == 202
    assert [bool(run.faults) for run in flows.runs] == [False, True]
    assert "MessageSizeExceeded" in flows.runs[1].faults[0]
