from __future__ import annotations

import sys

import pytest

from headgate.config.settings import Settings
from headgate.errors import ConfigError
from headgate.service.telemetry import reported
from headgate.telemetry import spans


def settings(**own: object) -> Settings:
    return Settings.model_validate({"telemetry": own})


def test_without_an_endpoint_nobody_takes_spans() -> None:
    with reported(settings()):
        assert spans._tracer is None


def test_spans_are_taken_while_the_service_runs_and_not_longer() -> None:
    with reported(settings(endpoint="http://127.0.0.1:9")):
        assert spans._tracer is not None
    assert spans._tracer is None


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "headgate.telemetry.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with (
        pytest.raises(ConfigError, match=r"install headgate\[otel\]"),
        reported(settings(endpoint="http://127.0.0.1:9")),
    ):
        pass


@pytest.mark.parametrize("wrong", ["127.0.0.1:4318", "http://user:word@host", "http://host/?token=x", "grpc://host"])
def test_an_endpoint_is_an_address_and_holds_no_secret(wrong: str) -> None:
    with pytest.raises(ValueError, match="should be http://HOST:PORT"):
        settings(endpoint=wrong)
