from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.mailto.settings import MailtoSettings

GOOD = {"from_address": "slurm@example.org"}


def test_the_least_that_is_needed_is_an_address_to_send_from() -> None:
    settings = MailtoSettings.model_validate(GOOD)
    assert (settings.host, settings.smtp_port, settings.kind) == ("localhost", 25, "mailto")
    with pytest.raises(ValidationError, match="from_address"):
        MailtoSettings.model_validate({})


@pytest.mark.parametrize(("security", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_port_follows_the_security(security: str, port: int) -> None:
    assert MailtoSettings.model_validate({**GOOD, "security": security}).smtp_port == port
    assert MailtoSettings.model_validate({**GOOD, "security": security, "port": 2525}).smtp_port == 2525


@pytest.mark.parametrize(
    "wrong",
    [
        {"from_address": "slurm"},
        {"from_address": "a@example.org\r\nBcc: x@example.org"},
        {"from_name": "a\nb"},
        {"subject_prefix": "a\r\nBcc: x@example.org"},
        {"reply_to": "-x@example.org"},
        {"domain": "exam ple.org"},
        {"domain": "a@b"},
        {"list_id": "a>\n"},
        {"list_id": "a b"},
        {"helo": "a b"},
        {"port": 0},
        {"port": True},
        {"security": "ssl"},
        {"rate": 0},
        {"rate": float("nan")},
        {"timeout": 0},
        {"concurrency": 0},
        {"username": "u"},
        {"password": "p"},
        {"username": "u", "password": "p", "host": "mail.example.org"},
        {"username": "u", "password": "p", "host": "127.0.0.1.example.org"},
        {"ca_file": "relative.pem"},
        {"allow": [""]},
        {"allow": ["x" * 300]},
        {"command": []},
        {"command": ["sendmail"]},
        {"command": ["/usr/sbin/sendmail", "-f{target}"]},
        {"command": ["/usr/sbin/sendmail", "{targt}"]},
        {"command": ["/usr/sbin/sendmail"], "host": "mail.example.org"},
        {"command": ["/usr/sbin/sendmail"], "security": "tls"},
        {"comand": ["/usr/sbin/sendmail"]},
    ],
)
def test_a_mistake_is_refused_and_what_was_written_is_not_repeated(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        MailtoSettings.model_validate({**GOOD, **wrong})
    assert "input_value" not in str(caught.value)


def test_the_password_is_never_shown() -> None:
    settings = MailtoSettings.model_validate({**GOOD, "username": "u", "password": "pass-word"})
    assert "pass-word" not in f"{settings!r} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "place", [{"host": "mail.example.org", "security": "tls"}, {"host": "localhost"}, {"host": "::1"}]
)
def test_a_password_may_go_through_tls_or_stay_on_the_host(place: dict[str, object]) -> None:
    assert MailtoSettings.model_validate({**GOOD, **place, "username": "u", "password": "p"}).username == "u"


def test_empty_list_id_turns_the_header_off() -> None:
    assert MailtoSettings.model_validate({**GOOD, "list_id": ""}).list_id == ""
