"""The settings as they are without any configuration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from headgate.config.schema import inner_model
from headgate.config.settings import ServiceSettings, Settings


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for info in model.model_fields.values():
        found = inner_model(info.annotation)
        if found:
            yield from models(found[1])


def test_every_default_passes_its_own_checks() -> None:
    settings = Settings()
    for name in Settings.model_fields:
        section = getattr(settings, name)
        if isinstance(section, BaseModel):
            assert type(section).model_validate(section.model_dump()) == section


def test_every_setting_says_what_it_means_and_every_duration_its_unit() -> None:
    for model in models(Settings):
        assert (model.__doc__ or "").strip()
        for name, info in model.model_fields.items():
            assert info.description, f"{model.__name__}.{name}"
            if info.annotation is float and not name.endswith("_fraction") and name not in ("jitter", "sample"):
                assert "econd" in info.description, f"{model.__name__}.{name}"


def test_settings_cannot_be_changed_and_take_no_unknown_keys() -> None:
    for model in models(Settings):
        assert model.model_config.get("frozen")
        assert model.model_config.get("extra") == "forbid"
        assert model.model_config.get("hide_input_in_errors")


@pytest.mark.parametrize(
    ("listen", "address"),
    [("127.0.0.1:8470", ("127.0.0.1", 8470)), ("[::1]:0", ("::1", 0)), ("head:80", ("head", 80)), ("off", None)],
)
def test_an_address_is_a_host_and_a_port(listen: str, address: tuple[str, int] | None) -> None:
    assert ServiceSettings(listen=listen).address == address


@pytest.mark.parametrize("listen", ["", "8470", "::1:80", "http://a:80", "a:", "a:70000", "a:80 ", "a/b:80"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(listen=listen)
