from __future__ import annotations

import pytest
from pydantic import ValidationError

from headgate.connectors.webhook.settings import WebhookSettings

URL = "https://hooks.example.org/in/token"


def settings(**endpoint: object) -> WebhookSettings:
    """Return settings with one endpoint."""
    return WebhookSettings.model_validate({"endpoints": {"ops": {"url": URL, **endpoint}}})


def test_an_endpoint_needs_an_address_only() -> None:
    assert settings().endpoints["ops"].secret is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org/"},
        {"url": "example.org/x"},
        {"url": "https://"},
        {"url": "https://user:pass@example.org/"},
        {"url": "https://example.org/#x"},
        {"url": "https://example.org/a b"},
        {"url": "https://example.org/\r\nX: y"},
        {"url": "https://example.org:99999/"},
        {"url": "https://[::1/"},
        {"secret": "short"},
        {"headers": {"X-Y": "a\r\nb"}},
        {"headers": {"X Y": "a"}},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"headgate-signature": "v1=x"}},
        {"headers": {"Content-Length": "5"}},
        {"secrte": "0123456789abcdef"},
    ],
)
def test_a_mistake_is_refused_and_what_was_written_is_not_repeated(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)
    assert "evil.example" not in str(caught.value)
    assert "user:pass" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "../x", "a b", "a/b", "-a"])
def test_an_endpoints_name_is_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate({"endpoints": {name: {"url": URL}}})


def test_there_has_to_be_an_endpoint() -> None:
    with pytest.raises(ValidationError):
        WebhookSettings.model_validate({"endpoints": {}})


def test_address_key_and_headers_are_never_shown() -> None:
    made = settings(secret="0123456789abcdef", headers={"Authorization": "Bearer b-token"})
    told = f"{made!r} {made.model_dump()} {made.model_dump_json()}"
    assert "token" not in told
    assert "0123456789abcdef" not in told
