"""The conformance suite over Teams: for a channel, and for persons through a flow."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from headgate.testing.conformance.service import RETRY_AFTER, Seen, Trouble
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.sink import Answer, AnswerForEver, AnswerRaw, Behaviour, Hang, Reset
from headgate.testing.msteams.flows import PlayedFlows

FLOW = "4f1c0d2e3b5a69788796a5b4c3d2e1f0"
SIG = "kXn3-wU9cQ0vY_Lr2sTz7aBdEfGhIjKlMnOpQrStUvW"
TROUBLES: dict[Trouble, Behaviour] = {
    Trouble.REFUSE_TARGET: Answer(404, body=b'{"error":{"code":"WorkflowNotFound","message":"gone"}}'),
    Trouble.REFUSE_MESSAGE: Answer(400, body=b'{"error":{"code":"TriggerInputSchemaMismatch","message":"no"}}'),
    Trouble.REFUSE_FOR_NOW: Answer(503),
    Trouble.BREAK_DOWN: Answer(502, body=b'{"error":{"code":"BadGateway","message":"later"}}'),
    Trouble.REFUSE_CREDENTIALS: Answer(401, body=b'{"error":{"code":"DirectApiAuthorizationRequired"}}'),
    Trouble.SLOW_DOWN: Answer(429, {"Retry-After": str(RETRY_AFTER)}),
    Trouble.HANG: Hang(),
    Trouble.RESET: Reset(),
    Trouble.GIBBERISH: AnswerRaw(b"220 this is a mail server\r\n\r\n"),
    Trouble.ENDLESS: AnswerForEver(500),
    Trouble.ECHO_SECRETS: Answer(500, body=f"{SIG} workflows/{FLOW}/triggers sig={SIG}&x".encode()),
}


class PlayedTeams:
    """Power Automate with one flow."""

    kind = "msteams"
    secrets = (SIG, FLOW)
    says_when = True

    def __init__(self, flows: PlayedFlows, target: str) -> None:
        self._flows = flows
        self.target = target
        url = flows.url(FLOW)
        self.settings: dict[str, object] = {"flow_url": url} if "@" in target else {"urls": {target: url}}

    def prepare(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self._flows.script(TROUBLES[trouble])

    def seen(self) -> list[Seen]:
        assert not [run.faults for run in self._flows.runs if run.faults]
        return [Seen(self._target_of(run.card), run.tracking_id, run.size) for run in self._flows.posted]

    def _target_of(self, card: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> str:
        if "@" not in self.target:
            return self.target
        return card["msteams"]["entities"][0]["mentioned"]["id"]

    async def stop(self) -> None:
        await self._flows.stop()


@pytest.fixture
async def flows() -> AsyncIterator[PlayedFlows]:
    async with PlayedFlows() as flows:
        flows.add(FLOW, SIG)
        yield flows


class TestChannel(ConnectorConformance):
    @pytest.fixture
    async def service(self, flows: PlayedFlows) -> PlayedTeams:
        return PlayedTeams(flows, "ops")


class TestPersons(ConnectorConformance):
    @pytest.fixture
    async def service(self, flows: PlayedFlows) -> PlayedTeams:
        return PlayedTeams(flows, "ada@example.org")
