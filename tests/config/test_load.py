"""File, environment and secrets become settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from headgate.config.connector import ConnectorSettings
from headgate.config.load import Reading, load, read, shown
from headgate.errors import ConfigError, NotFoundError


class Pigeon(ConnectorSettings):
    """A kind of connector of these tests."""

    loft: str = Field(description="Where it starts.")
    ring: SecretStr | None = Field(None, description="Its secret.")


def kinds(kind: str) -> type[ConnectorSettings]:
    if kind != "pigeon":
        raise NotFoundError(f"there is no connector of kind {kind!r}; known: pigeon")
    return Pigeon


def reading(tmp_path: Path, text: str, **env: str) -> Reading:
    path = tmp_path / "headgate.toml"
    path.write_text(text)
    path.chmod(0o640)
    return read(path, env=env, connector_settings=kinds, known_kinds=["pigeon"])


def test_without_a_file_all_has_its_default() -> None:
    settings = load(env={}, connector_settings=kinds)
    assert settings.notify.lease == 60
    assert settings.store.url.get_secret_value() == "sqlite:////var/lib/headgate/headgate.db"
    assert settings.service.address == ("127.0.0.1", 8470)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        load(tmp_path / "missing.toml", env={}, connector_settings=kinds)
    with pytest.raises(ConfigError, match=r"missing\.toml: cannot be read"):
        load(env={"HEADGATE_CONFIG": str(tmp_path / "missing.toml")}, connector_settings=kinds)


def test_the_environment_wins_over_the_file_and_both_are_remembered(tmp_path: Path) -> None:
    text = "[notify]\nlease = 3\nattempts = 4\n[service]\nparts = ['mail']\n"
    found = reading(tmp_path, text, HEADGATE__NOTIFY__LEASE="5", HEADGATE__SERVICE__LISTEN="[::1]:80")
    assert found.settings is not None
    assert (found.settings.notify.lease, found.settings.notify.attempts) == (5, 4)
    assert found.settings.service.parts == ("mail",)
    assert found.settings.service.address == ("::1", 80)
    assert {shown(path): str(origin) for path, origin in found.origins.items()} == {
        "notify.lease": "HEADGATE__NOTIFY__LEASE",
        "notify.attempts": f"{tmp_path}/headgate.toml:3",
        "service.parts": f"{tmp_path}/headgate.toml:5",
        "service.listen": "HEADGATE__SERVICE__LISTEN",
    }


def test_a_connectors_kind_is_its_name_unless_given(tmp_path: Path) -> None:
    found = reading(tmp_path, "[connectors.pigeon]\nloft = 'a'\n[connectors.two]\nkind = 'pigeon'\nloft = 'b'\n")
    assert found.settings is not None
    connectors = found.settings.connectors
    assert {name: (type(one), one.kind) for name, one in connectors.items()} == {
        "pigeon": (Pigeon, "pigeon"),
        "two": (Pigeon, "pigeon"),
    }


def test_a_secret_of_a_connector_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text("s3cret")
    (tmp_path / "ring").chmod(0o600)
    found = reading(tmp_path, "[connectors.pigeon]\nloft = 'a'\nring_file = 'ring'\n")
    assert found.settings is not None
    pigeon = found.settings.connectors["pigeon"]
    assert isinstance(pigeon, Pigeon)
    assert pigeon.ring is not None
    assert pigeon.ring.get_secret_value() == "s3cret"
    assert str(found.origins["connectors", "pigeon", "ring"]) == f"{tmp_path}/headgate.toml:3 (file {tmp_path}/ring)"
    assert "s3cret" not in repr(found)


def test_a_connector_can_stand_in_the_environment_alone() -> None:
    env = {"HEADGATE__CONNECTORS__PIGEON__LOFT": "a", "HEADGATE__NOTIFY__DEFAULT_CONNECTOR": "pigeon"}
    found = read(env=env, connector_settings=kinds)
    assert found.problems == ()
    assert found.settings is not None
    assert found.settings.connectors["pigeon"].model_dump()["loft"] == "a"


def test_the_error_names_every_mistake_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text("[notify]\nleese = 3\nattempts = 0\n")
    with pytest.raises(ConfigError) as caught:
        load(path, env={}, connector_settings=kinds)
    assert caught.value.message == (
        f"{path}:2: notify.leese: unknown key; did you mean lease?\n"
        f"{path}:3: notify.attempts: should be greater than or equal to 1"
    )


def test_a_key_is_shown_as_one_writes_it() -> None:
    assert shown(("connectors", "a b", "rows", 2, "x")) == 'connectors."a b".rows[2].x'
