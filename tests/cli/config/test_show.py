"""``headgate config show``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.cli.main import headgate
from headgate.errors import ConfigError


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "f.toml"
    path.write_text("[connectors.mailto]\nfrom_address = 'slurm@example.org'\nusername = 'ada'\npassword = 'hunter2'\n")
    return path


def show(path: Path, *options: str) -> str:
    done = CliRunner().invoke(headgate, ["-c", str(path), "config", "show", *options], catch_exceptions=False)
    assert done.exit_code == 0
    assert "hunter2" not in done.output
    return done.output


def test_what_was_set_is_shown_with_its_line_and_secrets_are_masked(configuration: Path) -> None:
    lines = [line.split() for line in show(configuration, "--set").splitlines()]
    assert lines == [
        ["SETTING", "VALUE", "FROM"],
        ["connectors.mailto.from_address", '"slurm@example.org"', f"{configuration}:2"],
        ["connectors.mailto.username", '"ada"', f"{configuration}:3"],
        ["connectors.mailto.password", '"********"', f"{configuration}:4"],
    ]


def test_programs_get_every_setting_as_json(configuration: Path) -> None:
    settings = {setting["key"]: setting for setting in json.loads(show(configuration, "--json"))}
    assert settings["notify.attempts"] == {
        "key": "notify.attempts",
        "value": 12,
        "source": "default",
        "place": "",
        "via": "",
    }
    assert settings["connectors.mailto.username"]["place"] == f"{configuration}:3"


def test_a_configuration_that_cannot_be_used_is_an_error_that_names_why(configuration: Path) -> None:
    configuration.write_text("[notify]\nleese = 1\n")
    with pytest.raises(ConfigError, match="leese: unknown key; did you mean lease"):
        show(configuration)
