"""The file to begin with sets nothing, and every line of it can be used."""

from __future__ import annotations

import re
from pathlib import Path

from headgate.config.load import read
from headgate.config.sample import sample
from headgate.config.settings import Settings
from headgate.connectors.registry import kinds, settings_of


def test_as_it_is_it_loads_and_sets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "headgate.toml"
    path.write_text(sample({kind: settings_of(kind) for kind in kinds()}))
    found = read(path, env={}, connector_settings=settings_of)
    assert found.settings == Settings()
    assert found.origins == {}


def test_with_every_default_uncommented_it_still_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "headgate.toml"
    text, lines = re.subn(r"(?m)^# (\w+ = +[^# ].*)$", r"\1", sample({}).partition("\n# [")[0])
    path.write_text(text)
    found = read(path, env={}, connector_settings=settings_of)
    assert [problem.text for problem in found.problems if problem.severity == "error"] == []
    assert found.settings == Settings()
    assert lines == len(found.origins) + text.count("= {}")


def test_the_tables_of_connectors_show_what_is_required() -> None:
    text = sample({kind: settings_of(kind) for kind in kinds()})
    assert "# [connectors.mailto]\n" in text
    assert "# from_address =    # required\n" in text
    assert "# [connectors.webhook.endpoints.NAME]\n" in text


def test_tables_of_several_models_and_lists_of_tables_are_there() -> None:
    text = sample({})
    assert text.count("# [builds.forges.NAME]\n") == 2
    assert "# [[builds.job_arguments]]\n" in text
