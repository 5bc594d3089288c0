from __future__ import annotations

import logging

import pytest

from headgate.connectors.apprise.service import Form, Service, redaction_of, service_of


def test_a_service_says_what_it_takes() -> None:
    assert service_of("t", "json://localhost/x") == Service("JSON", Form.TEXT, 250, 32768)
    assert service_of("t", "json://localhost/x?format=html").form is Form.HTML
    assert service_of("t", "tgram://123456789:abcdefg_hijklmnop/12315544/").title == 0


@pytest.mark.parametrize("echo", ["pass%2Fword-1", "pass/word-1", "topic-name", "json://u:pass%2Fword-1@h/topic-name"])
def test_every_part_of_an_address_is_hidden(echo: str) -> None:
    hide = redaction_of("json://u:pass%2Fword-1@h/topic-name")
    assert "word-1" not in hide(f"no {echo} here")
    assert "topic-name" not in hide(f"no {echo} here")


def test_apprise_logs_nothing_in_this_process(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        service_of("t", "json://localhost/secret-path")
    assert "secret-path" not in caplog.text
