from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from headgate.connectors import registry
from headgate.connectors.mailto.settings import MailtoSettings
from headgate.connectors.registry import kind_named, kinds, make_connector, settings_of
from headgate.errors import ConfigError, NotFoundError

MAILTO = {"from_address": "slurm@example.org"}


def test_built_in_kinds_are_known() -> None:
    assert {"mailto", "webhook"} <= set(kinds())
    assert settings_of("mailto") is MailtoSettings


def test_an_unknown_kind_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"'mailt'.*mailto, matrix, .*webhook"):
        settings_of("mailt")


async def test_a_connector_is_made_under_its_own_name() -> None:
    connector = make_connector("post", "mailto", MAILTO)
    assert connector.name == "post"
    assert not connector.repeat_safe
    await connector.aclose()


def test_settings_that_do_not_fit_are_named_by_key_and_without_their_values() -> None:
    with pytest.raises(ConfigError) as caught:
        make_connector("post", "mailto", {**MAILTO, "hots": "secret-value", "port": "secret-value"})
    assert "hots" in caught.value.message
    assert "port" in caught.value.message
    assert "secret-value" not in caught.value.message


def test_a_package_adds_a_kind_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "post", "headgate.connectors.mailto.kind:KIND")
    assert "post" in kinds()
    assert settings_of("post") is MailtoSettings


def test_a_package_cannot_take_the_name_of_a_built_in_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, "mailto", "headgate.connectors.webhook.kind:KIND")
    assert settings_of("mailto") is MailtoSettings


@pytest.mark.parametrize("value", ["no.such.module:KIND", "headgate.errors:nothing", "headgate.errors:HeadgateError"])
def test_a_package_that_offers_no_kind_is_a_clear_mistake(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    offer(monkeypatch, "broken", value)
    with pytest.raises(ConfigError, match="'broken'"):
        kind_named("broken")


def offer(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Play an installed package with one entry point."""
    point = importlib.metadata.EntryPoint(name, value, registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: (point,))
    registry._entry_points.cache_clear()
    monkeypatch.setattr(registry, "_entry_points", registry._entry_points.__wrapped__)


def test_every_kind_has_a_readme() -> None:
    for kind in ("mailto", "webhook"):
        folder = Path(registry.__file__).parent / kind
        assert (folder / "README.md").read_text().startswith("# ")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    registry._entry_points.cache_clear()
