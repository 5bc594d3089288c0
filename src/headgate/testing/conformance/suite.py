# ruff: noqa: S101, D102, PLR2004 - tests: they assert, their names are their sentences, literal expectations their point
"""The conformance suite.

A connector joins by a test module like this one::

    class TestSmokeSignals(ConnectorConformance):
        @pytest.fixture
        async def service(self):
            async with PlayedSmokeSignals() as service:
                yield service

Every test uses real sockets. None looks at how a message is rendered: that is the connector's own to test.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from headgate.connectors.registry import make_connector, settings_of
from headgate.errors import RecipientError
from headgate.model.delivery import Reason
from headgate.model.message import Message
from headgate.notify.connector import Connector, Delivered, Envelope, GiveUp, Outcome, Scope, TryAgain
from headgate.testing.conformance.expected import (
    EXPECTED,
    MAX_DETAIL,
    MAX_SIZE,
    MESSAGE,
    PATIENCE,
    SILENT,
    TIMEOUT,
)
from headgate.testing.conformance.hostile import HOSTILE, crowded_message, hostile_message
from headgate.testing.conformance.observers import Commits, Listener
from headgate.testing.conformance.service import RETRY_AFTER, ScriptedService, Trouble


class ConnectorConformance:
    """Subclass it, and give it a fixture ``service``."""

    @pytest.fixture
    async def service(self) -> ScriptedService:
        """Play the service: yield one that is running."""
        raise NotImplementedError

    @pytest.fixture
    def patience(self, request: pytest.FixtureRequest) -> float:
        """Return the seconds the connector waits for the service: few only where it is to give up."""
        given = getattr(request.node, "callspec", None)
        return TIMEOUT if given is not None and given.params.get("trouble") in SILENT else PATIENCE

    @pytest.fixture
    async def connector(self, service: ScriptedService, patience: float) -> AsyncIterator[Connector]:
        """Make a connector that talks to the played service, and close it at the end."""
        made = make_connector("under-test", service.kind, {**service.settings, "timeout": patience})
        yield made
        await made.aclose()

    @pytest.fixture
    def commit(self) -> Commits:
        """Return a commit to be awaited."""
        return Commits()

    @pytest.fixture(autouse=True)
    def nothing_secret_shown(self, service: ScriptedService, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
        """Listen to all logs and to both output streams, and fail any test in which a secret was shown."""
        listener = Listener()
        root = logging.getLogger()
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            with structlog.testing.capture_logs() as entries:
                yield
        finally:
            root.removeHandler(listener)
            root.setLevel(level)
        told = " ".join((*listener.told, *map(repr, entries), *capfd.readouterr()))
        assert not [secret for secret in service.secrets if secret in told]

    def envelope(self, service: ScriptedService, message: Message = MESSAGE, key: str = "key-1") -> Envelope:
        """Address a message to the service's target."""
        return Envelope(service.target, message, key)

    async def test_a_message_is_delivered_once_and_committed_once(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        service.prepare(None)
        assert isinstance(await connector.send(self.envelope(service), commit), Delivered)
        assert len(service.seen()) == commit.number == 1
        assert service.seen()[0].target == service.target

    async def test_messages_follow_each_other(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        for number in range(5):
            service.prepare(None)
            outcome = await connector.send(self.envelope(service, key=f"key-{number}"), commit)
            assert isinstance(outcome, Delivered)
        assert len({seen.key for seen in service.seen()}) == 5

    async def test_messages_may_be_sent_at_the_same_time(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        sends = (connector.send(self.envelope(service, key=f"key-{number}"), commit) for number in range(12))
        outcomes = await asyncio.gather(*sends)
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        assert len({seen.key for seen in service.seen()}) == 12

    @pytest.mark.parametrize("trouble", EXPECTED, ids=lambda trouble: trouble.name.lower())
    async def test_trouble_has_its_reason_and_the_next_message_gets_through(
        self, service: ScriptedService, connector: Connector, commit: Commits, trouble: Trouble
    ) -> None:
        kind, reasons = EXPECTED[trouble]
        service.prepare(trouble)
        outcome = await connector.send(self.envelope(service), commit)
        assert isinstance(outcome, kind), outcome
        assert outcome.reason in reasons, outcome
        check_detail(outcome, service)
        assert not service.seen()
        service.prepare(None)
        assert isinstance(await connector.send(self.envelope(service, key="key-2"), commit), Delivered)

    @pytest.mark.parametrize("trouble", EXPECTED, ids=lambda trouble: trouble.name.lower())
    async def test_trouble_after_a_good_message_is_no_different(
        self, service: ScriptedService, connector: Connector, commit: Commits, trouble: Trouble
    ) -> None:
        service.prepare(None)
        assert isinstance(await connector.send(self.envelope(service), commit), Delivered)
        kind, reasons = EXPECTED[trouble]
        service.prepare(trouble)
        outcome = await connector.send(self.envelope(service, key="key-2"), commit)
        assert isinstance(outcome, kind), outcome
        assert outcome.reason in reasons, outcome
        check_detail(outcome, service)

    async def test_the_wait_a_service_asks_for_is_passed_on(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        service.prepare(Trouble.SLOW_DOWN)
        outcome = await connector.send(self.envelope(service), commit)
        assert isinstance(outcome, TryAgain), outcome
        assert outcome.after == (RETRY_AFTER if service.says_when else None), outcome

    async def test_a_service_that_is_not_there_is_unreachable(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        await service.stop()
        outcome = await connector.send(self.envelope(service), commit)
        assert isinstance(outcome, TryAgain)
        assert outcome.reason is Reason.UNREACHABLE
        check_detail(outcome, service)

    async def test_a_refusal_for_now_concerns_one_target_only(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        service.prepare(Trouble.REFUSE_FOR_NOW)
        outcome = await connector.send(self.envelope(service), commit)
        assert isinstance(outcome, TryAgain)
        assert outcome.scope is Scope.RECIPIENT

    async def test_a_target_that_nobody_could_mean_is_refused_without_asking(
        self, connector: Connector, commit: Commits
    ) -> None:
        for target in ("", "-o", "a\r\nb", "\x00", "x" * 1024, "../../x", "http://127.0.0.1/"):
            with pytest.raises(RecipientError):
                connector.check_target(target)
            outcome = await connector.send(Envelope(target, MESSAGE, "key-1"), commit)
            assert isinstance(outcome, GiveUp)
            assert outcome.reason is Reason.TARGET_REFUSED
        assert commit.number == 0

    def test_checking_a_target_twice_changes_nothing(self, service: ScriptedService, connector: Connector) -> None:
        checked = connector.check_target(service.target)
        assert connector.check_target(checked) == checked

    async def test_every_attempt_carries_the_same_key(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        for trouble in (None, Trouble.REFUSE_FOR_NOW, None):
            service.prepare(trouble)
            await connector.send(self.envelope(service, key="key-of-one-delivery"), commit)
        first, second = service.seen()
        assert first.key == second.key
        service.prepare(None)
        await connector.send(self.envelope(service, key="key-of-another"), commit)
        assert service.seen()[-1].key != first.key

    @pytest.mark.parametrize("name", HOSTILE)
    async def test_hostile_text_is_delivered_and_bounded(
        self, service: ScriptedService, connector: Connector, commit: Commits, name: str
    ) -> None:
        service.prepare(None)
        outcome = await connector.send(self.envelope(service, hostile_message(HOSTILE[name])), commit)
        assert isinstance(outcome, Delivered), outcome
        assert [seen.target for seen in service.seen()] == [service.target]
        assert service.seen()[0].size < MAX_SIZE

    async def test_a_crowded_message_is_bounded(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        service.prepare(None)
        outcome = await connector.send(self.envelope(service, crowded_message()), commit)
        assert isinstance(outcome, Delivered), outcome
        assert service.seen()[0].size < MAX_SIZE

    @pytest.mark.parametrize("patience", [TIMEOUT])
    async def test_nothing_is_sent_before_commit_returns(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        commit.open.clear()
        sending = asyncio.create_task(connector.send(self.envelope(service), commit))
        await commit.reached.wait()
        await asyncio.sleep(TIMEOUT * 2)  # waiting for commit is not the service's time
        assert not service.seen()
        commit.open.set()
        assert isinstance(await sending, Delivered)

    async def test_a_send_cancelled_at_commit_sends_nothing_and_harms_nobody(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        commit.open.clear()
        sending = asyncio.create_task(connector.send(self.envelope(service), commit))
        await commit.reached.wait()
        sending.cancel()
        await asyncio.wait([sending])
        assert sending.cancelled()
        commit.open.set()
        assert isinstance(await connector.send(self.envelope(service, key="key-2"), commit), Delivered)
        assert len(service.seen()) == 1

    async def test_a_send_cancelled_while_the_service_is_silent_ends(
        self, service: ScriptedService, connector: Connector, commit: Commits
    ) -> None:
        service.prepare(Trouble.HANG)
        sending = asyncio.create_task(connector.send(self.envelope(service), commit))
        await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.wait([sending])
        assert sending.cancelled()
        service.prepare(None)
        assert isinstance(await connector.send(self.envelope(service, key="key-2"), commit), Delivered)

    async def test_closing_an_unused_connector_is_no_trouble(self, service: ScriptedService) -> None:
        await make_connector("unused", service.kind, service.settings).aclose()

    def test_settings_show_no_secret_and_describe_themselves(self, service: ScriptedService) -> None:
        model = settings_of(service.kind)
        settings = model.model_validate({**service.settings, "kind": service.kind})
        told = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
        assert not [secret for secret in service.secrets if secret in told]
        assert not [name for name, field in model.model_fields.items() if not field.description]
        json.dumps(model.model_json_schema())

    def test_a_mistake_in_the_settings_shows_no_secret(self, service: ScriptedService) -> None:
        for key, value in itertools.product(service.settings, ([], 5, {"x": "y"})):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - some values may even be right
                make_connector("x", service.kind, {**service.settings, "no_such_setting": 1, key: value})
            assert not [secret for secret in service.secrets if secret in str(caught.value)]


def check_detail(outcome: Outcome, service: ScriptedService) -> None:
    """Fail if an outcome's detail is empty, long, more than a line, or shows a secret."""
    assert isinstance(outcome, TryAgain | GiveUp)
    assert 0 < len(outcome.detail) <= MAX_DETAIL
    assert outcome.detail.isprintable()
    assert not [secret for secret in service.secrets if secret in repr(outcome)]
