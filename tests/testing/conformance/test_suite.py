"""The suite itself: does it catch connectors that are wrong?"""

from __future__ import annotations

import pytest

# Imported here, so that the runs within this process, which forget what they imported, all wrong the same class.
import headgate.connectors.registry
import headgate.connectors.webhook.connector  # noqa: F401
from headgate.testing.conformance.expected import EXPECTED
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.conformance.service import Trouble

pytest_plugins = ["pytester"]

WRONG = """
import pytest
from headgate.connectors.webhook import connector as module
from headgate.notify.connector import Delivered, TryAgain
from headgate.testing.conformance.suite import ConnectorConformance
from headgate.testing.http.sink import HttpSink
from tests.connectors.webhook.test_conformance import PlayedReceiver

class TestWrong(ConnectorConformance):
    @pytest.fixture
    async def service(self, monkeypatch):
        send = module.WebhookConnector.send
        async def wrong(self, envelope, commit):
            outcome = await send(self, envelope, commit)
            {wrong}
        monkeypatch.setattr(module.WebhookConnector, "send", wrong)
        async with HttpSink() as sink:
            yield PlayedReceiver(sink)
"""


@pytest.mark.parametrize(
    ("wrong", "caught_by"),
    [
        ("return Delivered()", "test_trouble_has_its_reason"),
        ("print(self._endpoints['ops'].secret.get_secret_value()); return outcome", "once_and_committed_once"),
        (
            "import logging; logging.debug(self._endpoints['ops'].secret.get_secret_value()); return outcome",
            "once_and_committed_once",
        ),
        ("await send(self, envelope, commit); return outcome", "once_and_committed_once"),
        ("return TryAgain(outcome.reason, 'x' * 1000) if isinstance(outcome, TryAgain) else outcome", "unreachable"),
    ],
)
def test_a_wrong_connector_is_caught(pytester: pytest.Pytester, wrong: str, caught_by: str) -> None:
    pytester.makepyfile(WRONG.replace("{wrong}", wrong))
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    result = pytester.runpytest_inprocess("-k", caught_by, "-x", "-p", "no:cacheprovider")
    assert result.parseoutcomes().get("failed", 0) + result.parseoutcomes().get("errors", 0) >= 1


def test_every_trouble_has_an_expected_outcome() -> None:
    assert set(EXPECTED) == set(Trouble)


def test_hostile_text_stands_in_every_place_that_takes_text() -> None:
    message = hostile_message(HOSTILE["markup"])
    assert message.model_dump_json().count("onerror=alert(1)") >= 18
    assert len(crowded_message().digest) == 2000
