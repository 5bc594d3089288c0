"""The connector against played flows."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from headgate.connectors import samples
from headgate.connectors.msteams.connector import TeamsConnector
from headgate.connectors.msteams.settings import TeamsSettings
from headgate.errors import ConnectorError, RecipientError
from headgate.model.delivery import Reason
from headgate.notify.connector import Delivered, Envelope, TryAgain
from headgate.testing.msteams.flows import PlayedFlows

OPS, PERSONS = "0a", "0b"


@pytest.fixture
async def flows() -> AsyncIterator[PlayedFlows]:
    async with PlayedFlows() as flows:
        flows.add(OPS, "key-of-the-channel")
        flows.add(PERSONS, "key-of-the-persons")
        yield flows


@pytest.fixture
async def connector(flows: PlayedFlows) -> AsyncIterator[TeamsConnector]:
    settings = TeamsSettings(
        urls={"ops": flows.url(OPS)},
        flow_url=flows.url(PERSONS),
        domain="example.org",
        allow=("*@example.org",),
        timeout=2,
    )
    connector = TeamsConnector("msteams", settings)
    yield connector
    await connector.aclose()


async def commit() -> None:
    """Let everything pass."""


async def test_a_channel_and_a_person_get_theirs(flows: PlayedFlows, connector: TeamsConnector) -> None:
    for target in ("ops", "ada", "grace@example.org"):
        outcome = await connector.send(Envelope(connector.check_target(target), samples.FAILED, "key-1"), commit)
        assert isinstance(outcome, Delivered)
        assert outcome.reference.startswith("0858")
    assert [(run.flow, run.faults) for run in flows.runs] == [(OPS, ()), (PERSONS, ()), (PERSONS, ())]
    mentioned = [run.card["msteams"]["entities"][0]["mentioned"]["id"] for run in flows.runs[1:]]
    assert mentioned == ["ada@example.org", "grace@example.org"]


def test_a_person_outside_what_is_allowed_is_refused(connector: TeamsConnector) -> None:
    with pytest.raises(RecipientError):
        connector.check_target("eve@example.com")


async def test_what_is_rendered_is_what_is_sent(flows: PlayedFlows, connector: TeamsConnector) -> None:
    envelope = Envelope("ops", samples.FAILED, "key-1")
    await connector.send(envelope, commit)
    rendition = connector.render(envelope)
    assert json.loads(rendition.payload) == flows.requests[0].json
    assert rendition.suffix == ".json"
    assert "Failed (exit code 2)" in rendition.html


async def test_a_flow_that_is_switched_off_is_tried_again(flows: PlayedFlows, connector: TeamsConnector) -> None:
    flows.flows[OPS].enabled = False
    outcome = await connector.send(Envelope("ops", samples.FAILED, "key-1"), commit)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.SERVICE_ERROR
    assert "WorkflowTriggerIsNotEnabled" in outcome.detail


async def test_a_wrong_key_is_not_authorised(flows: PlayedFlows, connector: TeamsConnector) -> None:
    flows.flows[OPS].sig = "another"
    outcome = await connector.send(Envelope("ops", samples.FAILED, "key-1"), commit)
    assert isinstance(outcome, TryAgain)
    assert outcome.reason is Reason.NOT_AUTHORISED


async def test_a_fifth_request_within_a_second_is_asked_to_wait() -> None:
    async with PlayedFlows(per_second=4, clock=lambda: 0.0) as flows:
        flows.add(OPS, "key-of-the-channel")
        connector = TeamsConnector("msteams", TeamsSettings(urls={"ops": flows.url(OPS)}))
        outcomes = [await connector.send(Envelope("ops", samples.FAILED, f"key-{n}"), commit) for n in range(5)]
        await connector.aclose()
    assert [type(outcome) for outcome in outcomes] == [Delivered] * 4 + [TryAgain]
    assert isinstance(outcomes[4], TryAgain)
    assert (outcomes[4].reason, outcomes[4].after) == (Reason.RATE_LIMITED, 2.0)


async def test_a_site_s_template_is_the_body(flows: PlayedFlows, tmp_path: Path) -> None:
    (tmp_path / "failed.j2").write_text(
        "**{{ message.job.name }}** failed for {{ target }}: see [help](https://example.org/)"
    )
    connector = TeamsConnector("msteams", TeamsSettings(urls={"ops": flows.url(OPS)}, templates=tmp_path))
    await connector.send(Envelope("ops", samples.FAILED, "key-1"), commit)
    await connector.send(Envelope("ops", samples.SUCCEEDED, "key-2"), commit)
    await connector.aclose()
    (body,) = [element["text"] for element in flows.posted[0].card["body"] if element["type"] == "TextBlock"]
    assert body == "**train\\_model** failed for ops: see [help](https://example.org/)"
    assert not [element for element in flows.posted[1].card["body"] if element["type"] == "TextBlock"]


def test_a_template_with_a_mistake_is_found_at_start(tmp_path: Path) -> None:
    (tmp_path / "message.j2").write_text("{{ message.job. }}")
    with pytest.raises(ConnectorError):
        TeamsConnector("msteams", TeamsSettings(urls={"ops": "http://localhost/"}, templates=tmp_path))


def test_authorities_that_are_not_there_are_found_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError):
        TeamsConnector("msteams", TeamsSettings(urls={"ops": "http://localhost/"}, ca_file=tmp_path / "none.pem"))


def test_an_address_that_may_have_stopped_is_told_at_start() -> None:
    old = "https://prod-05.westeurope.logic.azure.com/workflows/1?sig=abcdefgh"
    with structlog.testing.capture_logs() as entries:
        TeamsConnector("msteams", TeamsSettings(urls={"ops": old}))
    assert [(entry["event"], entry["settings"]) for entry in entries] == [("msteams.old_address", ["urls.ops"])]
    assert "abcdefgh" not in repr(entries)
